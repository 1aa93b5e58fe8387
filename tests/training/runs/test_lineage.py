"""What a version has seen: through its own data sets and those of the versions before it."""

from pathlib import Path

import pytest

from maskcls.cards import Card, write_card
from maskcls.data.datasets import Shelf
from maskcls.data.importing import Plan, import_pictures
from maskcls.registry import Registry
from maskcls.training.runs.lineage import pictures_behind
from tests.data.test_importing import folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shelf = Shelf(tmp_path / "datasets")
    import_pictures(folder(tmp_path / "a", train__x=2, train__y=2, test__x=1, test__y=1), shelf, Plan("a"))
    import_pictures(folder(tmp_path / "b", train__x=3, val__y=3, test__x=1), shelf, Plan("b"))
    for name, dataset, parent in (("first", "a-1", "gone"), ("second", "b-1", "first"), ("round", "a-1", "round")):
        path = tmp_path / "models" / name
        path.mkdir(parents=True)
        write_card(
            Card(name, "classifier", classes=("x", "y"), input_px=32, parent=parent, data=[{"dataset": dataset}]), path
        )
    return tmp_path


def behind(home: Path, name: str) -> set[str]:
    return pictures_behind(name, Registry(home), Shelf(home / "datasets"))


def learnt(home: Path, *names: str) -> set[str]:
    shelf = Shelf(home / "datasets")
    return {row.sha256 for name in names for row in shelf.open(name).rows if row.split != "test"}


def test_nothing_is_known_of_what_was_trained_elsewhere(home: Path):
    assert behind(home, "") == behind(home, "nobody") == behind(home, "maskcls-1") == set()


def test_all_the_way_back(home: Path):
    assert behind(home, "first") == behind(home, "round") == learnt(home, "a-1")
    assert behind(home, "second") == learnt(home, "a-1", "b-1")


def test_a_data_set_that_is_gone(home: Path):
    Shelf(home / "datasets").remove("a-1")
    assert behind(home, "second") == learnt(home, "b-1")
