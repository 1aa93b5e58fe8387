"""The shape of the face finder's network; what it has learnt is measured by `evaluate`."""

import numpy as np
import pytest

from maskcls.backbone import MOBILENET_V2
from maskcls.finder import network


@pytest.fixture(scope="module")
def finder():
    import keras

    keras.utils.set_random_seed(0)
    return network.build()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (192, 128)])
def test_grids_of_any_size(finder, rng: np.random.Generator, height: int, width: int):
    images = rng.integers(0, 256, (2, height, width, 3), np.uint8)
    grids = finder(images, training=False)
    for grid, stride in zip(grids, network.STRIDES, strict=True):
        assert tuple(grid.shape) == (2, height // stride, width // stride, network.CHANNELS)
        assert np.isfinite(np.asarray(grid)).all()


def test_an_untrained_finder_sees_hardly_any_face(finder, rng: np.random.Generator):
    grids = finder(rng.integers(0, 256, (1, 64, 64, 3), np.uint8), training=False)
    assert max(float(np.asarray(grid)[..., 0].max()) for grid in grids) < 0


def test_the_slim_backbone(finder):
    slim = network.slim()
    assert len(slim) == len(MOBILENET_V2)
    for ours, full in zip(slim, MOBILENET_V2, strict=True):
        assert (ours.outer, ours.stride) == (full.outer, full.stride)
        assert ours.inner <= full.inner
    assert finder.count_params() < 700_000


def test_a_fixed_size():
    small = network.build(size_px=(64, 96), width=8)
    assert small.input_shape == (None, 64, 96, 3)
    assert small.output_shape[0] == (None, 8, 12, 15)
