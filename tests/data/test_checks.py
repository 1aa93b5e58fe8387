"""Whatever is wrong with a data set is found, and nothing is found in one that is right."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.cards import Card
from maskcls.data.checks import check
from maskcls.data.datasets import Dataset, Shelf
from maskcls.data.importing import Plan, import_pictures
from tests.data.test_importing import folder, picture


def made(tmp_path: Path, source: Path) -> Dataset:
    return import_pictures(source, Shelf(tmp_path / "datasets"), Plan("mine"))


def sources(dataset: Dataset, chosen: list[int]) -> list[str]:
    return [dataset.rows[i].source for i in chosen]


def test_nothing_wrong(tmp_path: Path):
    dataset = made(tmp_path, folder(tmp_path / "set", a=6, b=6))
    found = check(dataset)
    assert found.counts == dataset.counts()
    wrong = (found.copies, found.near_copies, found.leaks, found.contradictions, found.tiny, found.dark)
    assert [*wrong, found.unreadable, found.mislabelled] == [[]] * 8
    assert found.is_balanced


def test_copies_leaks_and_contradictions(tmp_path: Path):
    source = folder(tmp_path / "set", train__a=4, train__b=4, test__a=2, test__b=2)
    (source / "test" / "a" / "leak.png").write_bytes((source / "train" / "a" / "0.png").read_bytes())
    small = images.read((source / "train" / "a" / "1.png").read_bytes())[::2, ::2]
    (source / "train" / "b" / "near.png").write_bytes(images.encode(small))
    dataset = made(tmp_path, source)
    found = check(dataset)
    assert [sources(dataset, group) for group in found.copies] == [["test/a/leak.png", "train/a/0.png"]]
    assert [sources(dataset, group) for group in found.leaks] == [["test/a/leak.png", "train/a/0.png"]]
    assert [sources(dataset, group) for group in found.near_copies] == [["train/a/1.png", "train/b/near.png"]]
    assert found.contradictions == found.near_copies


def test_bad_pictures(tmp_path: Path):
    source = folder(tmp_path / "set", a=6, b=6)
    (source / "a" / "tiny.png").write_bytes(picture(90, side=20))
    ramp = np.linspace(60, 200, 64, dtype=np.uint8)[:, None, None].repeat(64, 1).repeat(3, 2)
    (source / "a" / "blurred.png").write_bytes(images.encode(ramp))
    (source / "b" / "dark.png").write_bytes(images.encode(images.read(picture(91)) // 8))
    dataset = made(tmp_path, source)
    gone = dataset.rows[0]
    (dataset.path / gone.file).write_bytes(b"gone")
    found = check(dataset)
    assert sources(dataset, found.tiny) == ["a/tiny.png"]
    assert sources(dataset, found.blurred) == ["a/blurred.png"]
    assert sources(dataset, found.dark) == ["b/dark.png"]
    assert sources(dataset, found.unreadable) == [gone.source]


class Bright:
    """Says `bright` of bright pictures and `dim` of all others, the brighter the surer."""

    card = Card("light", "classifier", classes=("bright", "dim"), input_px=16)

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        share = crops.mean(axis=(1, 2, 3)) / 255
        return np.stack([share, 1 - share], axis=1), np.zeros((len(crops), 1, 1, 2), np.float32)


def test_labels_that_look_wrong(tmp_path: Path):
    source = tmp_path / "set"
    for name, shades in {"bright": (250, 200, 2), "dim": (3, 252, 120), "other": (255, 0, 90)}.items():
        (source / name).mkdir(parents=True)
        for i, shade in enumerate(shades):
            (source / name / f"{i}.png").write_bytes(images.encode(np.full((30, 30, 3), shade, np.uint8)))
    dataset = made(tmp_path, source)
    told: list[float] = []
    found = check(dataset, classifier=Bright(), tell=told.append)
    assert [(dataset.rows[i].source, name) for i, name in found.mislabelled] == [
        ("bright/2.png", "dim"),
        ("dim/1.png", "bright"),
    ]
    assert len(told) == 9


def test_a_class_without_training(tmp_path: Path):
    found = check(made(tmp_path, folder(tmp_path / "set", train__a=4, validation__a=1, test__b=4)))
    assert (found.untaught, found.is_balanced) == (["b"], False)


@pytest.mark.parametrize(("many", "balanced"), [(8, True), (20, False)])
def test_imbalance(tmp_path: Path, many: int, balanced: bool):
    found = check(made(tmp_path, folder(tmp_path / "set", train__a=many, train__b=4, test__a=1, validation__a=1)))
    assert found.imbalance == many / 4
    assert found.is_balanced == balanced
