"""Shipping one kind leaves the other version as it is, but for its figures."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from maskcls.cards import Card, read_card, write_card
from maskcls.registry import Registry
from maskcls.training import ship

ARCHIVES = ("faces.zip", "scenes.zip", "kaggle12k.zip", "chandrikadeb7.zip", "impropermask.zip")
NAMES = {"finder": "finder-2", "classifier": "maskcls-1"}


def write_version(models: Path, kind: str, title: str) -> None:
    folder = models / NAMES[kind]
    folder.mkdir(parents=True, exist_ok=True)
    classes = ("a", "b") if kind == "classifier" else ()
    write_card(Card(NAMES[kind], kind, title, classes, input_px=8), folder)


@pytest.mark.parametrize(
    ("options", "shipped"),
    [([], ["finder", "classifier"]), (["--only", "classifier"], ["classifier"]), (["--only", "figures"], [])],
)
def test_what_is_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], shipped: list[str]):
    models = tmp_path / "models"
    for name in ARCHIVES:
        (tmp_path / name).mkdir()
    for kind in NAMES:
        write_version(models, kind, "before")
        monkeypatch.setattr(
            ship,
            f"ship_{kind}",
            lambda trained, models, _data: write_version(models, trained.parent.name, "new"),
        )
    settled: list[str] = []
    monkeypatch.setattr(ship, "settle_threshold", lambda name, *_: settled.append(name))
    monkeypatch.setattr(ship, "measure", lambda *_: {kind: {"of": kind} for kind in NAMES})
    folders = ["--data", str(tmp_path), "--weights", str(tmp_path), "--runs", str(tmp_path), "--models", str(models)]
    result = CliRunner().invoke(ship.main, [*folders, *options])
    assert result.exit_code == 0, result.output
    assert json.loads((models / "shipped.json").read_text()) == NAMES
    assert settled == (["maskcls-1"] if "figures" in options else [])
    for kind, name in NAMES.items():
        card = read_card(models / name)
        assert card.figures == {"of": kind}
        assert card.title == ("new" if kind in shipped else "before")


def test_a_kind_that_there_is_not(tmp_path: Path):
    result = CliRunner().invoke(ship.main, ["--only", "painter", "--models", str(tmp_path)])
    assert result.exit_code == 2
    assert "painter" in result.output


def test_without_all_data_nothing_is_replaced(tmp_path: Path):
    models = tmp_path / "models"
    write_version(models, "finder", "before")
    (tmp_path / "faces.zip").mkdir()
    folders = ["--data", str(tmp_path), "--weights", str(tmp_path), "--runs", str(tmp_path), "--models", str(models)]
    result = CliRunner().invoke(ship.main, folders)
    assert result.exit_code == 2
    assert "lacks scenes.zip, kaggle12k.zip" in result.output
    assert read_card(models / "finder-2").title == "before"


def test_the_threshold_is_settled_by_the_answers_as_they_are_given(
    tmp_path: Path, models_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """Of a network of some classes: the card gets the threshold that its own answers ask for, and nothing else."""
    shutil.copytree(models_folder, models := tmp_path / "models")
    classifier = Registry(shipped_folder=models).classifier("tiny-3")
    crops = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), np.uint8)
    answers = classifier.classify(crops)[0]
    labels = answers.argmax(axis=1)
    monkeypatch.setattr(ship, "validation_crops", lambda *_, **__: (crops, labels))
    ship.settle_threshold("tiny-3", models, tmp_path)
    after = read_card(models / "tiny-3")
    # All are right: the least sure of them may be sure.
    assert after.threshold == pytest.approx(float(answers.max(axis=1).min()), abs=1e-4)
    assert replace(after, threshold=classifier.card.threshold) == classifier.card
