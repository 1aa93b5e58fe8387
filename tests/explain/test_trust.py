"""A map that names what the network uses fares well, one turned over fares badly, and the words say so."""

import numpy as np
import pytest

from maskcls.explain import trust

PX = 32


def upper_half(crops: np.ndarray) -> np.ndarray:
    """Return how much of the upper half is white: the probability of a network that looks there alone."""
    return crops[:, : PX // 2].mean(axis=(1, 2, 3)) / 255


def whiteness(crops: np.ndarray) -> np.ndarray:
    return crops.mean(axis=(1, 2, 3)) / 255


@pytest.fixture
def crop() -> np.ndarray:
    picture = np.zeros((PX, PX, 3), np.uint8)
    picture[: PX // 2] = 255
    return picture


@pytest.fixture
def right() -> np.ndarray:
    return np.repeat(np.repeat([[1.0], [0.0]], 4, axis=0), 8, axis=1)


def test_an_empty_map_keeps_nothing(crop: np.ndarray):
    seen = trust.ask(upper_half, crop, np.zeros((8, 8)))
    assert seen.deletion[0] == pytest.approx(1)
    # The mean colour alone is half of white.
    assert seen.average_drop == pytest.approx(0.5, abs=0.01)


def test_curves_of_a_map_that_is_right(crop: np.ndarray, right: np.ndarray):
    seen = trust.ask(upper_half, crop, right)
    assert len(seen.deletion) == len(seen.insertion) == trust.STEPS + 1
    # Half way, all of the upper half is gone, or there.
    half = trust.STEPS // 2
    assert seen.deletion[half] == pytest.approx(0.5, abs=0.01)
    assert seen.deletion[-1] == pytest.approx(0.5, abs=0.01)
    assert seen.insertion[half] == pytest.approx(1, abs=0.01)
    assert seen.deletion_area == pytest.approx(0.75 * 0.5 + 0.5 * 0.5, abs=0.02)
    assert seen.average_drop == pytest.approx(0.0, abs=0.05)


def test_a_map_that_is_wrong_fares_worse(crop: np.ndarray, right: np.ndarray):
    good, bad = trust.ask(upper_half, crop, right), trust.ask(upper_half, crop, 1 - right)
    assert good.insertion_area > bad.insertion_area
    assert good.deletion_area < bad.deletion_area
    assert good.average_drop < bad.average_drop


def test_equal_places_come_in_a_fixed_order(crop: np.ndarray):
    flat = np.ones((8, 8))
    first, again = trust.ask(whiteness, crop, flat), trust.ask(whiteness, crop, flat)
    assert (first.deletion == again.deletion).all()


def test_sentences():
    curve = np.linspace(0, 1, trust.STEPS + 1)
    good = trust.Trust(curve**0.1, (1 - curve) ** 8, 0.1, 0.1)
    assert good.sentence.startswith("Covering the hottest fifth takes the class from 100% to ")
    assert "points at what the model uses" in good.sentence
    assert "another map, as it should" in good.sentence
    bad = trust.Trust(curve, 1 - curve**4, 0.1, 0.9)
    assert bad.sentence.startswith("With the hottest fifth covered the model still gives the class 100% (100% before)")
    assert "says little" in bad.sentence
    assert "shows the picture, not the model" in bad.sentence
    hardly = trust.Trust(curve, np.full_like(curve, 0.02), 0.1)
    assert hardly.sentence == "The model hardly gives this class, so covering cannot test the map."
    # Areas alone do not make it right.
    late = trust.Trust(np.ones_like(curve), np.where(curve < 0.5, 1.0, 0.0), 0.1)
    assert "says little" in late.sentence
    assert "knows nothing" not in trust.Trust(curve, curve, 0.1).sentence


def test_alike(rng: np.random.Generator):
    one = rng.random((8, 8))
    assert trust.alike(one, 3 * one + 1) == pytest.approx(1)
    assert trust.alike(one, -one) == pytest.approx(-1)
    assert abs(trust.alike(one, rng.random((8, 8)))) < 0.4
    assert trust.alike(one, np.zeros((8, 8))) == 0


def test_random_orders_differ_and_stay():
    assert trust.random_order(8).shape == (8, 8)
    assert (trust.random_order(8, seed=1) == trust.random_order(8, seed=1)).all()
    assert (trust.random_order(8, seed=1) != trust.random_order(8, seed=2)).any()
