"""Cutting is what training and use share: where a pixel goes is checked to a fraction of it."""

import cv2
import numpy as np
import pytest

from maskcls.finder.cut import crop_squares, cut


@pytest.mark.parametrize(
    ("boxes", "scale", "expected"),
    [
        ([], 1.3, []),
        ([[10, 20, 30, 40]], 1.0, [[10, 20, 30, 40]]),
        ([[10, 20, 30, 40]], 2.0, [[0, 10, 40, 50]]),
        ([[10, 20, 30, 60]], 1.0, [[0, 20, 40, 60]]),
        ([[0, 0, 8, 2]], 1.5, [[-2, -5, 10, 7]]),
        ([[5, 5, 5, 5]], 2.0, [[4, 4, 6, 6]]),
    ],
)
def test_crop_squares(boxes: list, scale: float, expected: list):
    squares = crop_squares(np.array(boxes), scale=scale)
    assert squares.shape == (len(boxes), 4)
    assert squares.tolist() == expected


def test_no_square_gives_no_crop():
    assert cut(np.zeros((5, 5, 3), np.uint8), np.zeros((0, 4)), size_px=16).shape == (0, 16, 16, 3)


def picture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    coarse = rng.integers(0, 256, (6, 6, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def test_random_boxes_in_random_pictures(rng: np.random.Generator):
    for _ in range(400):
        height, width = rng.integers(1, 90, 2)
        image_rgb = rng.integers(0, 256, (height, width, 3), np.uint8)
        boxes = rng.normal(0, 10 ** rng.uniform(0, 4), (int(rng.integers(1, 3)), 4)) + rng.uniform(0, 90)
        size_px = int(rng.integers(1, 64))
        crops = cut(image_rgb, crop_squares(boxes, scale=rng.uniform(0.2, 3)), size_px=size_px)
        assert crops.shape == (len(boxes), size_px, size_px, 3)
        assert crops.dtype == np.uint8
        # Nothing comes up that is not in the picture.
        assert crops.min() >= image_rgb.min()
        assert crops.max() <= image_rgb.max()


@pytest.mark.parametrize("side", [24, 64, 96, 333])
def test_the_whole_of_a_square_picture_is_a_plain_resize(rng: np.random.Generator, side: int):
    image_rgb = picture(rng, side, side)
    crop = cut(image_rgb, crop_squares(np.array([[0, 0, side, side]]), scale=1.0), size_px=64)[0]
    method = cv2.INTER_AREA if side > 64 else cv2.INTER_LINEAR
    plain = cv2.resize(image_rgb, (64, 64), interpolation=method)
    difference = np.abs(crop.astype(int) - plain)
    assert difference.mean() < 1.5
    assert difference.max() < 16


def test_a_square_of_the_same_size_is_copied(rng: np.random.Generator):
    image_rgb = rng.integers(0, 256, (80, 90, 3), np.uint8)
    assert np.array_equal(cut(image_rgb, np.array([[10, 20, 42, 52]]), size_px=32)[0], image_rgb[20:52, 10:42])


@pytest.mark.parametrize("face_px", [20, 60, 150, 500])
def test_the_middle_stays_in_the_middle(face_px: int):
    """A white disc about the box comes back centred and as large as it should, enlarged or reduced."""
    image_rgb = np.zeros((1000, 1000, 3), np.uint8)
    x, y = 431.5, 560.5
    cv2.circle(image_rgb, (431, 560), face_px // 2, (255, 255, 255), -1)
    half = face_px / 2
    box = np.array([[x - half, y - half, x + half, y + half]])
    crop = cut(image_rgb, crop_squares(box, scale=1.6), size_px=128)[0, ..., 0] / 255
    rows, columns = np.mgrid[:128, :128] + 0.5
    assert (crop * columns).sum() / crop.sum() == pytest.approx(64, abs=0.5)
    assert (crop * rows).sum() / crop.sum() == pytest.approx(64, abs=0.5)
    assert 2 * np.sqrt(crop.sum() / np.pi) == pytest.approx(128 / 1.6, rel=0.07)


@pytest.mark.parametrize("box", [[-40, 0, -20, 20], [900, 900, 990, 990], [-1e5, 0, -9e4, 1e4]])
def test_far_outside_the_border_goes_on(box: list):
    image_rgb = np.zeros((40, 60, 3), np.uint8)
    image_rgb[:, :30], image_rgb[:, 30:] = (10, 20, 30), (200, 100, 50)
    expected = [200, 100, 50] if box[0] > 0 else [10, 20, 30]
    crop = cut(image_rgb, np.array([box], np.float32), size_px=24)[0]
    assert (crop == expected).all()


@pytest.mark.parametrize("side", [20, 400])
def test_borders_are_replicated(side: int):
    """The right half of the square hangs over the right border."""
    image_rgb = np.zeros((500, 500, 3), np.uint8)
    image_rgb[:, -20:] = (9, 180, 90)
    square = np.array([[500 - side / 2, 50, 500 + side / 2, 50 + side]])
    crop = cut(image_rgb, square, size_px=64)[0]
    assert np.abs(crop[:, 36:].astype(int) - (9, 180, 90)).max() <= 1
    assert side == 20 or (crop[:, :16] == 0).all()


@pytest.mark.parametrize("turned", [False, True])
def test_a_strip_of_few_pixels_is_not_distorted(turned: bool):
    image_rgb = np.zeros((500, 12, 3), np.uint8)
    image_rgb[100:200] = 255
    square = crop_squares(np.array([[0, 0, 12, 500]]), scale=1.3)
    if turned:
        image_rgb, square = image_rgb.transpose(1, 0, 2), square[:, [1, 0, 3, 2]]
    crop = cut(np.ascontiguousarray(image_rgb), square, size_px=128)[0, ..., 0]
    line = crop[64] if turned else crop[:, 64]
    white = np.flatnonzero(line > 127)
    assert white.min() == pytest.approx((75 + 100) / 650 * 128, abs=1.5)
    assert white.max() == pytest.approx((75 + 200) / 650 * 128, abs=1.5)


def test_a_picture_wider_than_a_short_integer():
    image_rgb = np.zeros((8, 40_000, 3), np.uint8)
    image_rgb[:, 39_000:] = 255
    crops = cut(image_rgb, crop_squares(np.array([[39_990, 0, 39_998, 8], [100, 0, 108, 8]]), scale=1.3), size_px=32)
    assert crops[0].min() == 255
    assert crops[1].max() == 0
