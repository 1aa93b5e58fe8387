"""The methods that weigh a layer's features: by hand on colours, against a tape on our own network."""

import numpy as np
import pytest

from maskcls.explain import eigen_cam, grad_cam, grad_cam_plus_plus, hires_cam, layer_cam, score_cam
from maskcls.explain.network import Network, open_version
from maskcls.explain.question import Question
from maskcls.registry import Registry
from tests.explain.conftest import GREEN, PX, RED

ALL = (grad_cam, grad_cam_plus_plus, hires_cam, layer_cam, score_cam, eigen_cam)


@pytest.mark.parametrize("method", ALL)
def test_no_pictures(method, pooled: Network, ask):
    maps = method.explain(ask(pooled))
    assert maps.shape == (0, PX, PX)


@pytest.mark.parametrize("method", ALL)
def test_each_map_is_its_own(method, pooled: Network, ask):
    both = method.explain(ask(pooled, RED, GREEN))
    assert both.dtype == np.float32
    assert both.min() >= 0
    for label in (RED, GREEN):
        assert both[label] == pytest.approx(method.explain(ask(pooled, label))[0])


@pytest.mark.parametrize("method", [grad_cam, hires_cam, layer_cam])
def test_colours_by_hand(method, pooled: Network, ask):
    red, green = method.explain(ask(pooled, RED, GREEN))
    expected = np.zeros((2, PX, PX))
    expected[0, :2, :2] = expected[1, 6:, 6:] = 1 / PX**2
    # Red speaks against green, which none of these shows.
    assert np.stack([red, green]) == pytest.approx(expected)


def test_grad_cam_plus_plus_by_hand(pooled: Network, ask):
    (red,) = grad_cam_plus_plus.explain(ask(pooled, RED))
    gradient, total = 1 / PX**2, 4.0
    weight = PX**2 * gradient * gradient**2 / (2 * gradient**2 + total * gradient**3)
    assert red[0, 0] == pytest.approx(weight)
    assert red[5, 5] == 0


def test_places_with_weights_of_their_own(flat: Network, ask):
    """Grad-CAM takes the mean weight of a channel; HiResCAM and LayerCAM that of the very place."""
    assert grad_cam.explain(ask(flat, RED))[0, 0, 0] == pytest.approx(1.5 / PX**2)
    assert hires_cam.explain(ask(flat, RED))[0, 0, 0] == pytest.approx(2 / PX**2)
    assert layer_cam.explain(ask(flat, GREEN))[0, 7, 7] == pytest.approx(1 / PX**2)
    # All of HiResCAM's places together are the logit.
    assert hires_cam.explain(ask(flat, RED))[0].sum() == pytest.approx(flat.logits(ask(flat, RED).crops_rgb)[0, 0])


def test_grad_cam_equals_a_tape(rng: np.random.Generator):
    import tensorflow as tf

    network = open_version(Registry().at_work())
    crops = rng.integers(0, 256, (1, network.input_px, network.input_px, 3), np.uint8)
    layer = "block_6_expand"
    import keras

    part = keras.Model(
        network.model.input, [network.model.get_layer(layer).output, network.model.get_layer("logits").output]
    )
    with tf.GradientTape() as tape:
        features, logits = part(crops)
        chosen = logits[0, 2]
    weights = tape.gradient(chosen, features).numpy().mean(axis=(1, 2))[0]
    expected = np.maximum(features.numpy()[0] @ weights, 0)
    found = grad_cam.explain(Question(network, crops, np.array([2]), layer))[0]
    assert expected.max() > 0
    assert found == pytest.approx(expected, abs=1e-4 * float(expected.max()))


def test_grad_cam_is_our_evidence(rng: np.random.Generator):
    network = open_version(Registry().at_work())
    crops = rng.integers(0, 256, (4, network.input_px, network.input_px, 3), np.uint8)
    labels = np.array([0, 1, 2, 0])
    evidence = np.maximum(np.take_along_axis(network.evidence(crops), labels[:, None, None, None], axis=3)[..., 0], 0)
    found = grad_cam.explain(Question(network, crops, labels, network.default_layer))
    assert evidence.max() > 0
    assert found * found[0].size == pytest.approx(evidence, abs=1e-4)


def test_score_cam_asks_the_network(pooled: Network, ask):
    """A veil of red leaves the red corner, which the network calls red; a veil of green leaves what it does not."""
    question = ask(pooled, RED)
    red, green = 4 / PX**2, 0.0
    weights = np.exp([red, green]) / np.exp([red, green]).sum()
    (found,) = score_cam.explain(question)
    # Blue, which is nowhere, veils nothing and has no say.
    assert found[0, 0] == pytest.approx(weights[0])
    assert found[7, 7] == pytest.approx(weights[1])


def test_score_cam_tells_and_can_be_stopped(pooled: Network, crop: np.ndarray):
    told = []
    score_cam.explain(Question(pooled, crop[None], np.array([RED]), "features", told.append))
    assert told[-1] == pytest.approx(1)

    def stop(_: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        score_cam.explain(Question(pooled, crop[None], np.array([RED]), "features", stop))


def test_eigen_cam_asks_about_no_class(pooled: Network, ask):
    red, green = eigen_cam.explain(ask(pooled, RED, GREEN))
    assert red == pytest.approx(green)
    assert red.max() > 0


def test_black_has_no_map(pooled: Network):
    black = np.zeros((1, PX, PX, 3), np.uint8)
    for method in ALL:
        maps = method.explain(Question(pooled, black, np.array([RED]), "features"))
        assert not maps.any()
        assert np.isfinite(maps).all()
