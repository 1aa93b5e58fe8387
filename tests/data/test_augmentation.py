"""Each change does what it says, none changes nothing, and what was drawn is what is shown."""

from dataclasses import replace

import numpy as np
import pytest

from maskcls.data import augmentation
from maskcls.data.augmentation import LIMITS, NONE, Augmentation, Change, apply_change, draw_change
from maskcls.data.photometric import Photometric
from maskcls.errors import SettingsError

PX = 64


@pytest.fixture
def picture() -> np.ndarray:
    """Grey, with a red spot above on the left."""
    image = np.full((PX, PX, 3), 100, np.uint8)
    image[12:20, 12:20] = (250, 20, 20)
    return image


def spot(image: np.ndarray) -> tuple[float, float]:
    """Return where the red lies, x and y."""
    rows, columns = np.nonzero(image[..., 0].astype(int) - image[..., 1] > 60)
    return float(columns.mean()), float(rows.mean())


def test_no_change(picture: np.ndarray, rng: np.random.Generator):
    change = draw_change(rng, NONE)
    assert replace(change, erased_seed=0, photometric=Photometric()) == Change()
    assert (apply_change(change, picture, size_px=PX) == picture).all()


def test_the_same_draw_shows_the_same(picture: np.ndarray):
    wild = Augmentation(**{name: most / 3 for name, most in LIMITS.items()})
    first, second, other = (draw_change(np.random.default_rng(seed), wild) for seed in (1, 1, 2))
    assert first == second != other
    assert (apply_change(first, picture, size_px=PX) == apply_change(second, picture, size_px=PX)).all()
    assert (picture[0, 0] == 100).all()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (Change(flip=True), (47.5, 15.5)),
        (Change(rotation_degrees=90), (15.5, 47.5)),
        (Change(rotation_degrees=180), (47.5, 47.5)),
        (Change(shift=(0.25, 0.125)), (31.5, 23.5)),
        (Change(zoom=0.5), (23.5, 23.5)),
        (Change(shear_degrees=45), (-0.5, 15.5)),
    ],
)
def test_geometry(picture: np.ndarray, change: Change, place: tuple[float, float]):
    if place[0] < 0:  # mostly out of the picture by now
        assert spot(apply_change(change, picture, size_px=PX))[0] < 8
        return
    assert spot(apply_change(change, picture, size_px=PX)) == pytest.approx(place, abs=0.6)


def test_erasing(picture: np.ndarray):
    seen = apply_change(Change(erased=(0.5, 0.5, 1, 1), erased_seed=3), picture, size_px=PX)
    assert (seen[:32] == picture[:32]).all()
    assert seen[32:, 32:].std() > 50


def test_light(picture: np.ndarray):
    lighter = apply_change(Change(photometric=Photometric(shift=50)), picture, size_px=PX)
    assert lighter[60, 60, 0] == 150


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (1000, 400)])
def test_any_shape_becomes_a_square(shape: tuple[int, int], rng: np.random.Generator):
    image = rng.integers(0, 256, (*shape, 3), np.uint8)
    assert apply_change(draw_change(rng, Augmentation()), image, size_px=32).shape == (32, 32, 3)


def test_how_often(rng: np.random.Generator):
    draws = [draw_change(rng, replace(NONE, flip=0.5, erasing=0.25, rotation_degrees=10)) for _ in range(2000)]
    assert np.mean([one.flip for one in draws]) == pytest.approx(0.5, abs=0.04)
    assert np.mean([bool(one.erased) for one in draws]) == pytest.approx(0.25, abs=0.04)
    angles = [one.rotation_degrees for one in draws]
    assert -10 <= min(angles) < -9
    assert 9 < max(angles) <= 10
    patches = np.array([one.erased for one in draws if one.erased])
    assert (patches >= 0).all()
    assert (patches <= 1).all()


def test_settings():
    assert set(LIMITS) == {one.name for one in augmentation.fields(Augmentation)}
    with pytest.raises(SettingsError, match=r"zoom goes from 0 to 0\.5"):
        Augmentation(zoom=0.9)
    with pytest.raises(SettingsError, match="rotation degrees goes from"):
        Augmentation(rotation_degrees=float("nan"))
