"""All commands meet fake models, in a folder of their own."""

import functools
from pathlib import Path

import pytest

from maskcls.cli import classify, data, explain, measure, models
from maskcls.explain import network
from maskcls.explain.network import Network
from maskcls.video import files
from tests.cli.fakes import FakeRegistry, fake_analyse
from tests.conftest import tiny_network


@functools.cache
def tiny() -> Network:
    """Return a small network of the fake classifier's classes."""
    return Network(tiny_network(2), ("with_mask", "without_mask"))


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for module in (classify, data, explain, measure, models):
        monkeypatch.setattr(module, "Registry", FakeRegistry)
    monkeypatch.setattr(classify, "analyse", fake_analyse)
    monkeypatch.setattr(explain, "analyse", fake_analyse)
    monkeypatch.setattr(explain, "open_version", lambda _: tiny())
    monkeypatch.setattr(network, "open_version", lambda _: tiny())
    monkeypatch.setattr(files, "analyse", fake_analyse)
    FakeRegistry.promoted.clear()
    monkeypatch.chdir(tmp_path)
