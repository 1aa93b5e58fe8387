"""Two versions side by side, played by classifiers that answer by colour."""

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from maskcls.cards import Card
from maskcls.data.datasets import Dataset
from maskcls.training.runs import comparison as module
from maskcls.training.runs.comparison import compare
from tests.training.runs.conftest import COLOURS, PX, make_dataset


@dataclass
class ByColour:
    """Knows the colours of some classes; a few faces, counted from the first that it sees, it gets wrong."""

    classes: tuple[str, ...]
    wrong: tuple[int, ...] = ()
    input_px: int = PX
    sizes: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def card(self) -> Card:
        return Card("by-colour", "classifier", classes=self.classes, input_px=self.input_px, threshold=0.5)

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen = sum(size[0] for size in self.sizes)
        self.sizes.append(crops.shape)
        colours = np.array([COLOURS[name] for name in self.classes], float)
        distances = np.linalg.norm(crops.mean(axis=(1, 2))[:, None] - colours, axis=2)
        shares = np.where(distances == distances.min(axis=1, keepdims=True), 0.9, 0.1)
        for i in range(len(crops)):
            if seen + i in self.wrong:
                shares[i] = shares[i][::-1]
        shares /= shares.sum(axis=1, keepdims=True)
        return shares.astype(np.float32), np.zeros((len(crops), 2, 2, len(self.classes)), np.float32)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Four test faces each of hat, with_mask and without_mask."""
    return make_dataset(tmp_path_factory.mktemp("three"), *COLOURS, counts={"train": 2, "validation": 2, "test": 4})


def test_no_test_faces(dataset: Dataset):
    rows = tuple(row for row in dataset.rows if row.split != "test")
    masks = ("with_mask", "without_mask")
    found = compare(ByColour(masks), ByColour(masks), replace(dataset, rows=rows))  # type: ignore[arg-type]
    assert found == {
        "left_out": 0,
        "classes": [*masks],
        "alone": {},
        "new": {},
        "at_work": {},
        "better": [],
        "worse": [],
    }


def test_what_one_of_them_has_seen_is_left_out(dataset: Dataset):
    masks = ("with_mask", "without_mask")
    test = [row for row in dataset.rows if row.split == "test"]
    new, old = ByColour(masks), ByColour(masks)
    found = compare(new, old, dataset, seen={test[0].sha256, "of another"})  # type: ignore[arg-type]
    there = sum(row.sha256 == test[0].sha256 for row in test)
    assert (found["left_out"], found["new"]["n"], found["at_work"]["n"]) == (there, *[len(test) - there] * 2)


def test_better_and_worse(dataset: Dataset):
    masks = ("with_mask", "without_mask")
    new, old = ByColour(masks, wrong=(1,)), ByColour(masks, wrong=(0, 1, 6))
    found = compare(new, old, dataset)  # type: ignore[arg-type]
    test = [row for row in dataset.rows if row.split == "test"]
    assert found["classes"] == [*masks]
    assert [found[name]["accuracy"] for name in ("new", "at_work")] == [7 / 8, 5 / 8]
    assert found["worse"] == []
    assert [(one["file"], one["source"], one["label"]) for one in found["better"]] == [
        (test[i].file, test[i].source, test[i].label) for i in (0, 6)
    ]
    for one in found["better"]:
        assert (one["is"], one["was"]) == (one["label"], next(name for name in masks if name != one["label"]))
    back = compare(ByColour(masks, wrong=(0, 1, 6)), ByColour(masks, wrong=(1,)), dataset)  # type: ignore[arg-type]
    assert (back["better"], [one["file"] for one in back["worse"]]) == ([], [one["file"] for one in found["better"]])
    assert json.loads(json.dumps(found)) == found


def test_intervals_and_time(dataset: Dataset):
    masks = ("with_mask", "without_mask")
    one = compare(ByColour(masks, wrong=(1,)), ByColour(masks), dataset)["new"]  # type: ignore[arg-type]
    low, high = one["interval95"]["accuracy"]
    assert low <= one["accuracy"] <= high
    assert 0 <= one["ms"] < 1000
    assert (one["n"], one["sure"]["share"]) == (8, 1)
    assert list(one["per_class"]) == [*masks]


def test_only_classes_that_both_know(three: Dataset):
    """The old one never heard of hats: it is not asked about them, and the new one may not answer with them."""
    new, old = ByColour(tuple(COLOURS)), ByColour(("without_mask", "with_mask"))
    found = compare(new, old, three)  # type: ignore[arg-type]
    assert found["classes"] == ["with_mask", "without_mask"]
    assert found["alone"]["n"] == 12
    assert found["alone"]["accuracy"] == 1
    for name in ("new", "at_work"):
        assert found[name]["n"] == 8
        assert list(found[name]["per_class"]) == found["classes"]
        assert found[name]["accuracy"] == 1
        assert np.sum(found[name]["confusion"]) == 8


def test_the_new_one_chooses_among_shared_classes(three: Dataset):
    """Its first answer for these faces is a class that the other does not know: the next one counts."""
    hats = ByColour(("with_mask", "without_mask", "hat"))

    class Hats(ByColour):
        def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            shares, evidence = super().classify(crops)
            shares[:, 2] = 0.97
            shares[:, :2] *= 0.03
            return shares, evidence

    found = compare(Hats(hats.classes), ByColour(("with_mask", "without_mask")), three)  # type: ignore[arg-type]
    assert found["new"]["accuracy"] == 1
    assert found["alone"]["accuracy"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(("known", "shared"), [(("visor", "cap"), []), (("hat", "visor"), ["hat"])])
def test_too_little_in_common(three: Dataset, known: tuple[str, ...], shared: list[str]):
    class Stranger(ByColour):
        def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.full((len(crops), 2), 0.5, np.float32), np.zeros((len(crops), 2, 2, 2), np.float32)

    found = compare(ByColour(tuple(COLOURS)), Stranger(known), three)  # type: ignore[arg-type]
    assert (found["classes"], found["new"], found["at_work"]) == (shared, {}, {})
    assert (found["better"], found["worse"]) == ([], [])
    assert found["alone"]["n"] == 12


def test_test_faces_of_one_class(dataset: Dataset):
    rows = tuple(row for row in dataset.rows if row.split == "test" and row.label == "with_mask")
    masks = ("with_mask", "without_mask")
    found = compare(ByColour(masks, wrong=(0,)), ByColour(masks), replace(dataset, rows=rows))  # type: ignore[arg-type]
    assert (found["alone"], found["new"], found["at_work"]) == ({}, {}, {})
    assert len(found["worse"]) == 1


def test_each_sees_crops_as_it_wants_them(dataset: Dataset, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_CHUNK", 5)
    masks = ("with_mask", "without_mask")
    new, old = ByColour(masks, input_px=48), ByColour(masks)
    compare(new, old, dataset)  # type: ignore[arg-type]
    assert {size[1:] for size in new.sizes} == {(48, 48, 3)}
    assert {size[1:] for size in old.sizes} == {(PX, PX, 3)}
    assert [size[0] for size in old.sizes[:3]] == [5, 3, 1]


def test_answers_that_are_all_nothing(dataset: Dataset):
    class Silent(ByColour):
        def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.zeros((len(crops), 2), np.float32), np.zeros((len(crops), 2, 2, 2), np.float32)

    masks = ("with_mask", "without_mask")
    found = compare(Silent(masks), ByColour(masks), dataset)  # type: ignore[arg-type]
    assert found["new"]["accuracy"] == 0.5
    assert not math.isnan(found["new"]["ece"])


def test_a_data_set_of_ones_own(tmp_path: Path):
    made = make_dataset(tmp_path, "hat", "with_mask", counts={"train": 2, "validation": 2, "test": 3})
    found = compare(ByColour(("with_mask", "hat")), ByColour(("hat", "with_mask")), made)  # type: ignore[arg-type]
    assert found["new"]["accuracy"] == found["at_work"]["accuracy"] == 1
