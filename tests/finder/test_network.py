"""The shape of the face finder's network; what it has learnt is measured by `evaluate`."""

import numpy as np
import pytest

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


def test_the_residuals_add_nothing_at_first(finder):
    projections = [layer for layer in finder.layers if layer.name.endswith("_project")]
    assert {layer.name.split("_")[1] for layer in projections} == {"8", "16", "32"}
    for layer in projections:
        assert not any(weight.any() for weight in layer.get_weights())


def test_it_is_small(finder):
    assert finder.count_params() < 400_000
