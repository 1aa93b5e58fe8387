import json
from pathlib import Path

import pytest

from maskcls.cards import Card, read_card, write_card
from maskcls.errors import ModelError

GOOD = {
    "schema": 1,
    "name": "version-1",
    "kind": "classifier",
    "classes": ["hat", "no_hat"],
    "input_px": 32,
    "cut_scale": 1.3,
}
FINDER = {"schema": 1, "name": "version-1", "kind": "finder"}


def card_from(tmp_path: Path, content: object) -> Card:
    folder = tmp_path / "version-1"
    folder.mkdir()
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "card.json").write_text(text, encoding="utf-8")
    return read_card(folder)


def test_a_folder_without_card(tmp_path: Path):
    with pytest.raises(ModelError, match="missing or damaged"):
        read_card(tmp_path)
    with pytest.raises(ModelError, match="missing or damaged"):
        read_card(tmp_path / "nothing")


def test_two_classes_are_enough(tmp_path: Path):
    card = card_from(tmp_path, GOOD)
    assert card.classes == ("hat", "no_hat")
    assert (card.temperature, card.threshold, card.parent) == (1.0, 0.0, None)


def test_a_finder_needs_no_classes(tmp_path: Path):
    assert card_from(tmp_path, FINDER).classes == ()


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path):
    assert card_from(tmp_path, GOOD | {"mood": "good"}).kind == "classifier"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"card"', "{}", '{"schema": 2}', '{"schema": "1"}', "\x00"])
def test_what_is_no_card(tmp_path: Path, content: str):
    with pytest.raises(ModelError, match=r"card\.json"):
        card_from(tmp_path, content)


def test_bytes_that_are_no_text(tmp_path: Path):
    (tmp_path / "card.json").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ModelError, match="missing or damaged"):
        read_card(tmp_path)


def test_what_a_card_must_say(tmp_path: Path):
    with pytest.raises(ModelError, match="kind"):
        card_from(tmp_path, {key: value for key, value in GOOD.items() if key != "kind"})


@pytest.mark.parametrize(
    "change",
    [
        {"kind": ""},
        {"kind": "poet"},
        {"kind": None},
        {"classes": []},
        {"classes": None},
        {"classes": ["hat"]},
        {"classes": ["hat", "hat"]},
        {"classes": "hat"},
        {"classes": [1, 2]},
        {"classes": [["hat"], ["no_hat"]]},
        {"classes": ["", "hat"]},
        {"input_px": 0},
        {"input_px": -1},
        {"input_px": 32.5},
        {"input_px": True},
        {"input_px": "32"},
        {"cut_scale": 0},
        {"cut_scale": float("nan")},
        {"cut_scale": float("inf")},
        {"temperature": 0},
        {"temperature": None},
        {"threshold": 1.2},
        {"threshold": -0.1},
        {"threshold": float("nan")},
        {"threshold": "half"},
        {"settings": []},
        {"figures": None},
        {"data": {}},
        {"parent": 3},
    ],
)
def test_impossible_values(tmp_path: Path, change: dict):
    with pytest.raises(ModelError, match=r"card\.json"):
        card_from(tmp_path, GOOD | change)


def test_the_folder_gives_the_name(tmp_path: Path):
    """A version that was copied must not be taken for the one it was copied from."""
    assert card_from(tmp_path, GOOD | {"name": "elsewhere"}).name == "version-1"


def test_what_is_written_is_read_again(tmp_path: Path):
    folder = tmp_path / "grün"
    folder.mkdir()
    card = Card(
        name="grün",
        kind="classifier",
        title="Größe ✓",
        classes=("a", "b", "c"),
        input_px=128,
        threshold=0.6,
        settings={"strides": [8]},
        data=[{"archive": "faces.zip"}],
        figures={"test": {"accuracy": 0.9}},
        packages={"keras": "3"},
        parent="another",
        created="2026-11-20",
    )
    write_card(card, folder)
    assert read_card(folder) == card
    assert [path.name for path in folder.iterdir()] == ["card.json"]
    assert "Größe ✓" in (folder / "card.json").read_text(encoding="utf-8")
