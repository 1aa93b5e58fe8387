"""Covering a part takes away just what it said: of a score that is the brightness."""

import numpy as np
import pytest

from maskcls.explain import occlusion
from maskcls.explain.network import Network
from maskcls.explain.occlusion import occlusion_map


def brightness(crops: np.ndarray) -> np.ndarray:
    """Return the mean brightness of each crop."""
    return crops.mean(axis=(1, 2, 3))


def test_nothing_to_lose_on_a_plain_picture():
    lost = occlusion_map(brightness, np.full((64, 64, 3), 90, np.uint8), cells=8)
    assert (lost.shape, lost.dtype) == ((8, 8), np.float32)
    assert (lost == 0).all()


@pytest.mark.parametrize("size", [64, 128])
def test_it_is_lost_where_it_was(size: int):
    crop = np.zeros((size, size, 3), np.uint8)
    cell = size // 8
    crop[2 * cell : 3 * cell, 5 * cell : 6 * cell] = 250
    lost = occlusion_map(brightness, crop, cells=8)
    assert np.unravel_index(lost.argmax(), lost.shape) == (2, 5)
    # Covered with the mean colour, 250 / 64: the whole cell, and a little is brought in by the dark ones around it.
    assert lost[2, 5] == pytest.approx((250 - 4 - 3 * 4) / 64, abs=0.1)
    assert lost[1, 5] == pytest.approx(lost[2, 5] / 2, rel=0.1)
    assert lost[6, 1] < 0
    assert occlusion_map(lambda crops: -brightness(crops), crop, cells=8) == pytest.approx(-lost)
    assert crop.max() == 250


def test_one_map_for_each_crop(pooled: Network, ask):
    assert occlusion.explain(ask(pooled)).shape == (0, 8, 8)
    red, green = occlusion.explain(ask(pooled, 0, 1))
    assert np.unravel_index(red.argmax(), red.shape) in [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert np.unravel_index(green.argmax(), green.shape) in [(6, 6), (6, 7), (7, 6), (7, 7)]
