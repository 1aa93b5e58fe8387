"""Each fault of a camera does what its name says, and a draw says all there is to say about the picture."""

import cv2
import numpy as np
import pytest

from maskcls.data.photometric import Photometric, apply_photometric, draw_photometric


@pytest.fixture
def picture(rng: np.random.Generator) -> np.ndarray:
    return cv2.resize(rng.integers(30, 226, (8, 8, 3), np.uint8), (48, 40), interpolation=cv2.INTER_CUBIC)


def edges(image_rgb: np.ndarray) -> float:
    return float(cv2.Laplacian(image_rgb, cv2.CV_32F).var())


def colour(image_rgb: np.ndarray) -> float:
    return float(np.ptp(image_rgb.astype(int), axis=2).mean())


def test_the_defaults_change_nothing(picture: np.ndarray):
    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    for image_rgb in (picture, levels):
        assert np.array_equal(apply_photometric(Photometric(), image_rgb), image_rgb)


def test_the_same_draw_gives_the_same_picture(picture: np.ndarray):
    for seed in range(40):
        change = draw_photometric(np.random.default_rng(seed))
        assert change == draw_photometric(np.random.default_rng(seed))
        before = picture.copy()
        once = apply_photometric(change, picture)
        assert np.array_equal(once, apply_photometric(change, picture))
        assert np.array_equal(picture, before)
        assert once.shape == picture.shape
        assert once.dtype == np.uint8


def test_draws_differ_and_hold_every_fault_now_and_then(rng: np.random.Generator):
    draws = [draw_photometric(rng, smallest=0.2) for _ in range(400)]
    assert len({draw.gain for draw in draws}) == 400
    for name in ("blur_px", "motion_px", "noise"):
        assert 0 < sum(getattr(draw, name) > 0 for draw in draws) < 200
    assert 0 < sum(draw.saturation == 0 for draw in draws) < 100
    assert 0 < sum(draw.jpeg_quality < 100 for draw in draws) < 200
    assert 0 < sum(draw.hue_degrees != 0 for draw in draws) < 120
    assert 40 < sum(draw.blocky for draw in draws) < 200
    small = [draw.small for draw in draws if draw.small < 1]
    assert small
    assert 0.2 <= min(small) <= max(small) <= 0.8


def test_without_strength_hardly_anything_happens(rng: np.random.Generator, picture: np.ndarray):
    for _ in range(50):
        change = draw_photometric(rng, strength=0)
        assert (change.blur_px, change.motion_px, change.small, change.noise, change.jpeg_quality) == (0, 0, 1, 0, 100)
        assert (change.gain, change.shift, change.saturation, change.tint) == (1, 0, 1, (1, 1, 1))
        assert np.abs(apply_photometric(change, picture).astype(int) - picture).max() < 40


def test_light(picture: np.ndarray):
    mean = picture.mean()
    assert apply_photometric(Photometric(shift=20), picture).mean() == pytest.approx(mean + 20, abs=2)
    assert apply_photometric(Photometric(gamma=2), picture).mean() < mean - 10
    assert apply_photometric(Photometric(gain=0.5), picture).std() == pytest.approx(picture.std() / 2, rel=0.05)
    reddish = apply_photometric(Photometric(tint=(1.2, 1, 1)), picture).mean(axis=(0, 1)) - picture.mean(axis=(0, 1))
    assert reddish[0] > 10
    assert np.abs(reddish[1:]).max() < 1


def test_saturation(picture: np.ndarray):
    assert colour(apply_photometric(Photometric(saturation=0), picture)) <= 1
    assert colour(apply_photometric(Photometric(saturation=0.5), picture)) < 0.6 * colour(picture)
    assert colour(apply_photometric(Photometric(saturation=1.4), picture)) > colour(picture)


@pytest.mark.parametrize("change", [Photometric(blur_px=1.5), Photometric(motion_px=7), Photometric(small=0.25)])
def test_what_blurs(rng: np.random.Generator, change: Photometric):
    noise = rng.integers(0, 256, (64, 64, 3), np.uint8)
    blurred = apply_photometric(change, noise)
    assert edges(blurred) < 0.5 * edges(noise)
    assert blurred.mean() == pytest.approx(noise.mean(), abs=3)


def test_motion_has_a_direction(rng: np.random.Generator):
    noise = rng.integers(0, 256, (64, 64, 3), np.uint8)

    def steps(image_rgb: np.ndarray, axis: int) -> float:
        return float(np.abs(np.diff(image_rgb.astype(int), axis=axis)).mean())

    across = apply_photometric(Photometric(motion_px=7), noise)
    upwards = apply_photometric(Photometric(motion_px=7, motion_degrees=90), noise)
    assert steps(across, 1) < 0.6 * steps(across, 0)
    assert steps(upwards, 0) < 0.6 * steps(upwards, 1)


def test_noise_has_a_seed(picture: np.ndarray):
    one = apply_photometric(Photometric(noise=10, noise_seed=1), picture)
    another = apply_photometric(Photometric(noise=10, noise_seed=2), picture)
    assert not np.array_equal(one, another)
    assert (one.astype(int) - picture).std() == pytest.approx(10, rel=0.15)


def test_compression_keeps_the_colours_in_their_place(picture: np.ndarray):
    packed = apply_photometric(Photometric(jpeg_quality=60), picture)
    assert not np.array_equal(packed, picture)
    assert np.abs(packed.mean(axis=(0, 1)) - picture.mean(axis=(0, 1))).max() < 4


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 3)])
def test_tiny_pictures(shape: tuple[int, ...]):
    image_rgb = np.full(shape, 100, np.uint8)
    everything = Photometric(1.1, 5, 1.1, 0.5, 70, (1, 1, 1.1), 1.0, 5, 30, 0.3, 5, 1, 50)
    assert apply_photometric(everything, image_rgb).shape == shape


def test_hues_turn_and_greys_stay():
    red = np.full((4, 4, 3), (200, 20, 20), np.uint8)
    green = apply_photometric(Photometric(hue_degrees=120), red)
    assert np.abs(green.astype(int) - (20, 200, 20)).max() <= 2
    assert np.array_equal(apply_photometric(Photometric(hue_degrees=-240), red), green)
    grey = np.full((4, 4, 3), 90, np.uint8)
    assert np.array_equal(apply_photometric(Photometric(hue_degrees=77), grey), grey)


def test_a_blocky_picture_is_made_of_blocks(picture: np.ndarray):
    smooth, blocky = (apply_photometric(Photometric(small=0.25, blocky=b), picture) for b in (False, True))
    steps = [(np.diff(image_rgb.astype(int), axis=1) != 0).any(axis=2).mean() for image_rgb in (smooth, blocky)]
    assert steps[1] < 0.3 < steps[0]
    assert blocky.shape == picture.shape
