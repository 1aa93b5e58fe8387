"""Networks so small that their maps are known by hand."""

import numpy as np
import pytest

from maskcls.explain.network import Network
from maskcls.explain.question import Question

RED, GREEN, PX = 0, 1, 8


def red_and_green(*, flatten: bool = False) -> Network:
    """Return a network whose first logit is the mean of red, and whose second is that of green, less some of red.

    Its features, `(8, 8, 3)`, are the colours from 0 to 1; with `flatten` each place has a weight of its own, twice as
    large in the upper half.
    """
    import keras
    from keras import layers

    crops = keras.Input((PX, PX, 3), dtype="uint8")
    colours = layers.Rescaling(1 / 255)(crops)
    features = layers.Conv2D(3, 1, use_bias=False, activation="relu", name="features")(colours)
    heads = np.array([[1.0, -0.5], [0.0, 1.0], [0.0, 0.0]], np.float32)
    if flatten:
        logits = layers.Dense(2, name="logits")(layers.Flatten()(features))
        rows = np.where(np.arange(PX) < PX // 2, 2.0, 1.0)
        kernel = (rows[:, None, None, None] * heads / PX**2).repeat(PX, axis=1).reshape(-1, 2)
    else:
        logits = layers.Dense(2, name="logits")(layers.GlobalAveragePooling2D()(features))
        kernel = heads
    model = keras.Model(crops, layers.Softmax()(logits))
    model.get_layer("features").set_weights([np.eye(3, dtype=np.float32)[None, None]])
    model.get_layer("logits").set_weights([kernel.astype(np.float32), np.zeros(2, np.float32)])
    return Network(model, ("red", "green"))


@pytest.fixture(scope="session")
def pooled() -> Network:
    return red_and_green()


@pytest.fixture(scope="session")
def flat() -> Network:
    return red_and_green(flatten=True)


@pytest.fixture
def crop() -> np.ndarray:
    """A picture that is black but for a red corner, above on the left, and a green one, below on the right."""
    picture = np.zeros((PX, PX, 3), np.uint8)
    picture[:2, :2, RED] = 255
    picture[6:, 6:, GREEN] = 255
    return picture


@pytest.fixture
def ask(crop: np.ndarray):
    """Return a question about the picture, as many times as there are labels."""

    def asked(network: Network, *labels: int, layer: str = "features") -> Question:
        return Question(network, np.repeat(crop[None], len(labels), axis=0), np.array(labels, int), layer)

    return asked
