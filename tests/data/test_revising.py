"""A data set with changed labels is a new one: the old one stays, and so do splits and groups."""

from pathlib import Path

import pytest

from maskcls.data.datasets import Dataset, Shelf
from maskcls.data.importing import Plan, import_pictures
from maskcls.data.revising import revise
from maskcls.errors import DatasetError
from tests.data.test_importing import folder


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "datasets")


@pytest.fixture
def mine(tmp_path: Path, shelf: Shelf) -> Dataset:
    there = folder(tmp_path / "set", train__a=3, train__b=3, test__a=2, test__b=2)
    return import_pictures(there, shelf, Plan("mine", expires="2999-01-01T00:00:00+00:00"))


def test_nothing_changed(mine: Dataset, shelf: Shelf):
    with pytest.raises(DatasetError, match="Nothing has been changed"):
        revise(mine, shelf, relabelled={0: mine.rows[0].label})
    assert shelf.names() == ["mine-1"]


def test_relabelled_and_dropped(mine: Dataset, shelf: Shelf):
    was = mine.rows[0]
    other = "b" if was.label == "a" else "a"
    made = revise(mine, shelf, relabelled={0: other}, dropped={1})
    assert (made.name, len(made.rows)) == ("mine-2", len(mine.rows) - 1)
    assert (made.rows[0].label, made.rows[0].split, made.rows[0].group) == (other, was.split, was.group)
    assert made.about.expires == mine.about.expires
    again = shelf.open("mine-2")
    assert again.rows == made.rows
    assert all((again.path / row.file).is_file() for row in again.rows)
    assert shelf.open("mine-1").rows == mine.rows


def test_a_class_of_ones_own(mine: Dataset, shelf: Shelf):
    assert revise(mine, shelf, relabelled={0: "helmet"}).about.classes == ("a", "b", "helmet")


def test_one_class_is_not_enough(mine: Dataset, shelf: Shelf):
    with pytest.raises(DatasetError, match="Only one class"):
        revise(mine, shelf, relabelled={}, dropped={i for i, row in enumerate(mine.rows) if row.label == "a"})
    assert shelf.names() == ["mine-1"]


def test_without_links_files_are_copied(mine: Dataset, shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("maskcls.data.revising.os.link", refuse)
    made = revise(mine, shelf, relabelled={}, dropped={0})
    assert (made.path / made.rows[0].file).read_bytes() == (mine.path / made.rows[0].file).read_bytes()
