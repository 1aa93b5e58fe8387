"""The network's own map, of the class that is asked about."""

import numpy as np
import pytest

from maskcls.errors import ModelError
from maskcls.explain import evidence
from maskcls.explain.network import Network
from maskcls.explain.question import Question
from tests.conftest import TINY_PX, tiny_network


def test_no_pictures_and_some(rng: np.random.Generator):
    network = Network(tiny_network(3), ("a", "b", "c"))
    assert evidence.explain(Question(network, np.zeros((0, TINY_PX, TINY_PX, 3)), np.zeros(0, int), "")).shape[0] == 0
    crops = rng.integers(0, 256, (2, TINY_PX, TINY_PX, 3), np.uint8)
    maps = evidence.explain(Question(network, crops, np.array([2, 0]), ""))
    whole = network.model.predict(crops, verbose=0)[1]
    assert maps == pytest.approx(np.stack([whole[0, ..., 2], whole[1, ..., 0]]), abs=1e-5)
    assert maps.min() < 0


def test_a_network_without(pooled: Network, ask):
    with pytest.raises(ModelError, match="Grad-CAM"):
        evidence.explain(ask(pooled, 0))
