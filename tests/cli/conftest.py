"""All commands meet fake models, in a folder of their own."""

from pathlib import Path

import pytest

from maskcls.cli import classify, measure, models
from maskcls.video import files
from tests.cli.fakes import FakeRegistry, fake_analyse


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    for module in (classify, measure, models):
        monkeypatch.setattr(module, "Registry", FakeRegistry)
    monkeypatch.setattr(classify, "analyse", fake_analyse)
    monkeypatch.setattr(files, "analyse", fake_analyse)
    FakeRegistry.promoted.clear()
    monkeypatch.chdir(tmp_path)
