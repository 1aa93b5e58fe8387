"""The methods that go back to the pixels: integrated gradients add up, SmoothGrad finds what the logit hangs on."""

import numpy as np
import pytest

from maskcls import samples
from maskcls.analysis import analyse, crop_of
from maskcls.explain import integrated_gradients, smooth_grad
from maskcls.explain.network import Network, open_version
from maskcls.explain.question import Question
from maskcls.registry import Registry
from tests.conftest import TINY_PX, tiny_network
from tests.explain.conftest import GREEN, PX, RED

BOTH = (integrated_gradients, smooth_grad)


@pytest.mark.parametrize("method", BOTH)
def test_no_pictures(method, pooled: Network, ask):
    assert method.explain(ask(pooled)).shape == (0, PX, PX)


def gain(network: Network, crop: np.ndarray, label: int) -> float:
    empty = np.broadcast_to(crop.mean(axis=(0, 1)), crop.shape)
    after, before = network.logits(np.stack([crop, empty]).astype(np.float32))[:, label]
    return float(after - before)


def test_colours_by_hand(pooled: Network, ask, crop: np.ndarray):
    """All is linear here: red gains where it is more than the mean, and green loses where red is."""
    mean = 4 / PX**2
    red, green = integrated_gradients.explain(ask(pooled, RED, GREEN))
    assert red[0, 0] == pytest.approx((1 - mean) / PX**2)
    # Less half a step: at black itself, the way's end, the ReLU has no slope.
    assert red[4, 4] == pytest.approx(-mean / PX**2, rel=0.01)
    assert green[0, 0] == pytest.approx((-0.5 * (1 - mean) - mean) / PX**2, rel=0.01)
    assert float(red.sum()) == pytest.approx(gain(pooled, crop, RED), rel=0.01, abs=1e-3)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_the_sum_is_what_the_logit_gained(label: int, rng: np.random.Generator):
    network = Network(tiny_network(3), ("a", "b", "c"))
    crop = rng.integers(0, 256, (TINY_PX, TINY_PX, 3), np.uint8)
    (found,) = integrated_gradients.explain(Question(network, crop[None], np.array([label]), ""))
    assert float(found.sum()) == pytest.approx(gain(network, crop, label), rel=0.01)


def test_the_sum_on_our_own_network():
    registry = Registry()
    network, image_rgb = open_version(registry.at_work()), samples.load("mask_below_nose")
    face = analyse(image_rgb, registry.finder(), registry.classifier())[0]
    crop = crop_of(face, image_rgb, size_px=network.input_px)
    label = network.classes.index(face.label)
    (found,) = integrated_gradients.explain(Question(network, crop[None], np.array([label]), ""))
    assert float(found.sum()) == pytest.approx(gain(network, crop, label), rel=0.01)


def test_smooth_grad_finds_what_counts(pooled: Network):
    # Grey everywhere, so that no ReLU is off.
    grey = np.full((1, PX, PX, 3), 128, np.uint8)
    grey[0, 0, 0] = 250
    (found,) = smooth_grad.explain(Question(pooled, grey, np.array([GREEN]), ""))
    assert found == pytest.approx(np.full((PX, PX), 1.5 / PX**2 / 255), rel=0.1)
    assert found == pytest.approx(smooth_grad.explain(Question(pooled, grey, np.array([GREEN]), ""))[0])


@pytest.mark.parametrize("method", BOTH)
def test_it_tells(method, pooled: Network, crop: np.ndarray):
    told = []
    method.explain(Question(pooled, np.stack([crop, crop]), np.array([RED, GREEN]), "", told.append))
    assert told == [0.5, 1.0]
