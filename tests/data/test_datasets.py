"""Data sets on disk: whole ones are listed, damaged ones say so, and nothing leads outside."""

import json
import os
from pathlib import Path

import pytest

from maskcls.data.datasets import Shelf
from maskcls.data.importing import Plan, import_pictures
from maskcls.errors import DatasetError
from tests.data.test_importing import folder


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    there = Shelf(tmp_path / "datasets")
    import_pictures(folder(tmp_path / "set", a=2, b=2), there, Plan("mine"))
    return there


def test_nothing_there(tmp_path: Path):
    assert Shelf(tmp_path / "nowhere").names() == []
    with pytest.raises(DatasetError, match="There are: none"):
        Shelf(tmp_path / "nowhere").open("mine-1")


def test_drafts_and_strangers_are_not_listed(shelf: Shelf, tmp_path: Path):
    (tmp_path / "datasets" / ".half.draft").mkdir()
    (tmp_path / "datasets" / "stranger").mkdir()
    assert shelf.names() == ["mine-1"]


def test_a_folder_that_was_renamed_has_its_new_name(shelf: Shelf, tmp_path: Path):
    (tmp_path / "datasets" / "mine-1").rename(tmp_path / "datasets" / "other")
    assert shelf.open("other").name == "other"


@pytest.mark.parametrize("damage", ["about", "manifest", "escape"])
def test_damage(shelf: Shelf, tmp_path: Path, damage: str):
    place = tmp_path / "datasets" / "mine-1"
    manifest = place / "manifest.csv"
    if damage == "about":
        (place / "dataset.json").write_text(json.dumps({"schema": 1}))
    elif damage == "manifest":
        manifest.write_text("file,label\nx,y\n")
    else:
        manifest.write_text(manifest.read_text().replace("pictures/", "../pictures/", 1))
    with pytest.raises(DatasetError, match="Import it again"):
        shelf.open("mine-1")


def test_removed_for_good(shelf: Shelf, tmp_path: Path):
    shelf.remove("mine-1")
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == [".mine-1.gone"]
    with pytest.raises(DatasetError, match="no data set mine-1"):
        shelf.remove("mine-1")
    with pytest.raises(DatasetError, match="cannot name"):
        shelf.remove("../set")
    # Whoever knew the old one by its name does not get another one.
    assert import_pictures(tmp_path / "set", shelf, Plan("mine")).name == "mine-2"


def test_drafts_of_killed_processes_are_swept(shelf: Shelf, tmp_path: Path):
    old, new = tmp_path / "datasets" / ".old.draft", tmp_path / "datasets" / ".new.draft"
    for path in (old, new):
        path.mkdir()
    os.utime(old, (0, 0))
    import_pictures(tmp_path / "set", shelf, Plan("mine"))
    assert (old.exists(), new.exists()) == (False, True)


def test_whoever_takes_a_picture_back_ends_the_data_set(shelf: Shelf, tmp_path: Path):
    import_pictures(folder(tmp_path / "more", c=2, d=2), shelf, Plan("other"))
    assert shelf.forget(set()) == []
    assert shelf.forget({"nobody/knows.png"}) == []
    assert shelf.forget({shelf.open("mine-1").rows[0].source}) == ["mine-1"]
    assert shelf.names() == ["other-1"]


@pytest.mark.parametrize(
    ("expires", "there"), [("", True), ("2999-01-01T00:00:00+00:00", True), ("2020-01-01T00:00:00+00:00", False)]
)
def test_what_has_expired_is_gone(tmp_path: Path, expires: str, there: bool):
    shelf = Shelf(tmp_path / "datasets")
    import_pictures(folder(tmp_path / "set", a=2, b=2), shelf, Plan("mine", expires=expires))
    if there:
        assert shelf.open("mine-1").about.expires == expires
        return
    with pytest.raises(DatasetError, match="no data set mine-1"):
        shelf.open("mine-1")
    assert shelf.names() == []
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == [".mine-1.gone"]


def test_splits_come_in_their_order(tmp_path: Path):
    shelf = Shelf(tmp_path / "datasets")
    made = import_pictures(
        folder(tmp_path / "set", test__a=1, test__b=1, val__a=1, val__b=1, train__a=1, train__b=1), shelf, Plan("mine")
    )
    assert list(made.counts()) == ["train", "validation", "test"]
