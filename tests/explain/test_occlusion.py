"""Covering a part takes away just what it said: on a classifier whose evidence is the brightness of each cell."""

import numpy as np
import pytest

from maskcls.explain.occlusion import occlusion_map


class Brightness:
    """Class 0's evidence is how bright each of 8 × 8 cells is, class 1's how dark."""

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n, size = crops.shape[:2]
        cells = crops.reshape(n, 8, size // 8, 8, size // 8, 3).mean(axis=(2, 4, 5))
        return np.zeros((n, 2), np.float32), np.stack([cells, 255 - cells], axis=-1).astype(np.float32)


def test_nothing_to_lose_on_a_plain_picture():
    lost = occlusion_map(Brightness(), np.full((64, 64, 3), 90, np.uint8), label=0)
    assert (lost.shape, lost.dtype) == ((8, 8), np.float32)
    assert (lost == 0).all()


@pytest.mark.parametrize("size", [64, 128])
def test_it_is_lost_where_it_was(size: int):
    crop = np.zeros((size, size, 3), np.uint8)
    cell = size // 8
    crop[2 * cell : 3 * cell, 5 * cell : 6 * cell] = 250
    lost = occlusion_map(Brightness(), crop, label=0)
    assert np.unravel_index(lost.argmax(), lost.shape) == (2, 5)
    # Covered with the mean colour, 250 / 64: the whole cell, and a little is brought in by the dark ones around it.
    assert lost[2, 5] == pytest.approx((250 - 4 - 3 * 4) / 64, abs=0.1)
    assert lost[1, 5] == pytest.approx(lost[2, 5] / 2, rel=0.1)
    assert lost[6, 1] < 0
    assert occlusion_map(Brightness(), crop, label=1) == pytest.approx(-lost)
    assert crop.max() == 250
