"""Layers by hand: maps sorted by activity, dead channels counted, filters as they are, faces where they belong."""

import numpy as np
import pytest

from maskcls.errors import SettingsError
from maskcls.explain import layers
from maskcls.explain.network import Network
from tests.explain.conftest import GREEN, PX, RED


def test_feature_maps(pooled: Network):
    picture = np.zeros((PX, PX, 3), np.uint8)
    picture[0, 0, RED] = 255
    picture[4:, :, GREEN] = 255
    found = layers.feature_maps(pooled, picture, "features")
    assert found.channels.tolist() == [GREEN, RED, 2]
    assert found.dead == 1
    assert found.maps.shape == (3, PX, PX)
    assert found.maps[1, 0, 0] == pytest.approx(1)
    with pytest.raises(SettingsError, match="no layer"):
        layers.feature_maps(pooled, picture, "nowhere")


def test_first_filters(pooled: Network):
    filters = layers.first_filters(pooled)
    assert (filters.shape, filters.dtype) == ((3, 1, 1, 3), np.uint8)
    # The first one passes red on, and nothing else.
    assert filters[0, 0, 0].tolist() == [255, 128, 128]


def test_what_was_given_is_no_filter():
    from maskcls.architectures import grey_cnn, vgg16

    assert layers.first_filters(Network(grey_cnn.build(classes=2, input_px=32, dropout=0.5), ("a", "b"))) is None
    vgg = Network(vgg16.build(classes=2, input_px=32, dropout=0.5), ("a", "b"))
    assert layers.first_filters(vgg).shape == (64, 3, 3, 3)


def test_no_filters_of_colours():
    import keras
    from keras import layers as kl

    crops = keras.Input((PX, PX, 3))
    grey = kl.Dense(1)(crops)
    means = kl.GlobalAveragePooling2D()(kl.Conv2D(4, 3)(grey))
    network = Network(keras.Model(crops, kl.Dense(2, activation="softmax")(means)), ("a", "b"))
    assert layers.first_filters(network) is None


def test_a_channel_gets_what_it_looks_for(pooled: Network):
    told = []
    picture = layers.looked_for(pooled, "features", GREEN, tell=told.append)
    assert (picture.shape, picture.dtype) == ((PX, PX, 3), np.uint8)
    assert picture[..., GREEN].mean() > 220
    assert abs(picture[..., RED].mean() - 127) < 20
    assert told[-1] == 1


def test_a_dead_channel_gets_nothing():
    from tests.explain.conftest import red_and_green

    network = red_and_green()
    network.layer("features").set_weights([np.zeros((1, 1, 3, 3), np.float32)])
    assert abs(layers.looked_for(network, "features", RED).mean() - 127) < 20


def test_most_exciting(pooled: Network):
    nothing = layers.mean_answers(pooled, np.zeros((0, PX, PX, 3), np.uint8), "features")
    assert layers.most_exciting(nothing, RED) == []
    crops = np.zeros((3, PX, PX, 3), np.uint8)
    crops[1, ..., RED], crops[2, ..., RED] = 255, 51
    assert layers.most_exciting(layers.mean_answers(pooled, crops, "features"), RED, most=2) == [
        (1, pytest.approx(1)),
        (2, pytest.approx(0.2)),
    ]


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_places(pooled: Network, count: int, rng: np.random.Generator):
    crops = rng.integers(0, 256, (count, PX, PX, 3), np.uint8)
    places = layers.places(layers.mean_answers(pooled, crops, "features"))
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()


def test_alike_lie_close(pooled: Network):
    crops = np.zeros((4, PX, PX, 3), np.uint8)
    crops[:2, ..., RED] = 255
    crops[2:, ..., GREEN] = 255
    crops[1, 0, 0] = 0
    a, b, c, _ = layers.places(layers.mean_answers(pooled, crops, "features"))
    assert np.linalg.norm(a - b) < 0.2 * np.linalg.norm(a - c)


def test_grid():
    tiles = np.stack([np.full((2, 2, 3), shade, np.uint8) for shade in (0, 50, 100)])
    sheet = layers.grid(tiles, across=2, tile_px=10)
    assert sheet.shape == (22, 22, 3)
    assert sheet[5, 5, 0] == 0
    assert sheet[5, 17, 0] == 50
    assert sheet[17, 5, 0] == 100
