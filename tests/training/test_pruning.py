"""A slim start answers like the full network: just so with all channels, and with fewer when these say everything."""

import keras
import numpy as np
import pytest

from maskcls.backbone import Block, backbone
from maskcls.training.pruning import start_slim

FULL = (Block(32, 16, 1), Block(48, 24, 2), Block(72, 24, 1))
HALF = (Block(16, 16, 1), Block(24, 24, 2), Block(36, 24, 1))


def network(blocks: tuple[Block, ...]) -> keras.Model:
    image = keras.Input((None, None, 3))
    return keras.Model(image, backbone(image, blocks))


@pytest.fixture
def full() -> keras.Model:
    keras.utils.set_random_seed(0)
    model, rng = network(FULL), np.random.default_rng(0)
    for layer in model.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            inputs = 9 if layer.name.endswith("depthwise") else np.prod(kernel.shape[:3])
            layer.set_weights([rng.normal(0, np.sqrt(2 / inputs), kernel.shape), rng.normal(0, 0.1, bias.shape)])
    return model


@pytest.fixture
def pictures(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (10, 48, 48, 3)).astype(np.float32)


def distance(ours: keras.Model, theirs: keras.Model, pictures: np.ndarray) -> float:
    """Return how far the outputs are apart, as a share of how much they vary."""
    a, b = (np.asarray(model(pictures)["block_2"]) for model in (ours, theirs))
    return float(np.sqrt(((a - b) ** 2).mean()) / b.std())


def test_with_all_channels_it_is_the_full_one(full: keras.Model, pictures: np.ndarray):
    slim = network(FULL)
    assert distance(slim, full, pictures) > 0.5
    start_slim(slim, full, FULL, pictures)
    assert distance(slim, full, pictures) < 0.02


def test_channels_without_a_say_are_the_first_to_go(full: keras.Model, pictures: np.ndarray):
    for i in range(3):
        layer = full.get_layer(f"block_{i}_project")
        kernel, bias = layer.get_weights()
        kernel[:, :, ::2] = 0
        layer.set_weights([kernel, bias])
    slim = network(HALF)
    start_slim(slim, full, HALF, pictures)
    assert distance(slim, full, pictures) < 0.02


def test_fewer_channels_answer_as_nearly_as_they_can(full: keras.Model, pictures: np.ndarray):
    slim = network(HALF)
    start_slim(slim, full, HALF, pictures)
    assert distance(slim, full, pictures) < 0.6


def test_kept_channels_are_taken_as_they_are(full: keras.Model, pictures: np.ndarray):
    slim = network(HALF)
    start_slim(slim, full, HALF, pictures)
    for name in ("stem", "block_1_expand"):
        ours, theirs = (one.get_layer(name).get_weights()[1] for one in (slim, full))
        assert len(ours) < len(theirs)
        assert np.isin(ours, theirs).all()
