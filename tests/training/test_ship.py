"""Shipping one kind leaves the other version as it is, but for its figures."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from maskcls import images
from maskcls.cards import Card, read_card, write_card
from maskcls.training import ship

ARCHIVES = ("faces.zip", "scenes.zip", "kaggle12k.zip", "chandrikadeb7.zip", "impropermask.zip")
NAMES = {"finder": "finder-1", "classifier": "maskcls-1"}


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
            ship, f"_ship_{kind}", lambda trained, models, _data: write_version(models, trained.parent.name, "new")
        )
    monkeypatch.setattr(ship, "measure", lambda *_: {kind: {"of": kind} for kind in NAMES})
    folders = ["--data", str(tmp_path), "--weights", str(tmp_path), "--runs", str(tmp_path), "--models", str(models)]
    result = CliRunner().invoke(ship.main, [*folders, *options])
    assert result.exit_code == 0, result.output
    assert json.loads((models / "shipped.json").read_text()) == NAMES
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
    assert read_card(models / "finder-1").title == "before"


def test_what_the_finder_is_calibrated_on(tmp_path: Path):
    for i in range(15):
        for kind, suffix, content in (
            ("images", "png", images.encode(np.full((300, 800, 3), 10 * i, np.uint8))),
            ("annotations", "xml", b"<annotation></annotation>"),
        ):
            path = tmp_path / "scenes.zip" / "train" / kind / f"{i:02}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    looks = ship._finder_looks(tmp_path)
    # Every fourteenth picture, at each of the two usual sizes.
    assert [look.shape for look in looks] == [(1, 448, 640, 3)] * 4
    assert [int((look.max(axis=(0, 1, 3)) > 0).sum()) for look in looks] == [0, 0, 192, 640]
    assert [int((look.max(axis=(0, 2, 3)) > 0).sum()) for look in looks] == [0, 0, 72, 240]
