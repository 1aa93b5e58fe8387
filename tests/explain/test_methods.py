"""The table of methods: which there are, and what a map takes."""

import pytest

from maskcls.errors import SettingsError
from maskcls.explain import methods
from maskcls.explain.network import Network
from tests.conftest import tiny_network


def test_names():
    assert list(methods.METHODS) == [
        "evidence",
        "grad-cam",
        "grad-cam++",
        "hires-cam",
        "layer-cam",
        "score-cam",
        "eigen-cam",
        "occlusion",
        "integrated-gradients",
        "smooth-grad",
    ]
    with pytest.raises(SettingsError, match="There are: evidence, grad-cam"):
        methods.method("")


def test_which_work(pooled: Network):
    assert "evidence" not in methods.names_for(pooled)
    assert methods.names_for(Network(tiny_network(2), ("a", "b"))) == list(methods.METHODS)


def test_compiling_does_not_count(ask):
    from tests.explain.conftest import red_and_green

    network = red_and_green()
    _, took_ms = methods.timed_map("grad-cam", ask(network, 0))
    assert network.compilations == 1
    _, again_ms = methods.timed_map("grad-cam", ask(network, 0))
    assert took_ms < 20 * max(again_ms, 1)
