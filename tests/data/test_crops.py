"""Class folders of face pictures."""

from pathlib import Path

import pytest

from maskcls.data.crops import find_crops
from maskcls.data.store import Store
from maskcls.errors import DatasetError


def folder_with(root: Path, *names: str) -> Store:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return Store(root)


def found(store: Store, *, split: str | None = None) -> list[tuple[str, str]]:
    return [(str(name), label) for name, label in find_crops(store, split=split)]


def test_an_empty_folder(tmp_path: Path):
    with pytest.raises(DatasetError, match="holds no class folders"):
        find_crops(Store(tmp_path))


def test_pictures_outside_class_folders_are_not_taken(tmp_path: Path):
    with pytest.raises(DatasetError, match="holds no class folders"):
        find_crops(folder_with(tmp_path, "one.jpg"))


def test_classes_come_from_the_folders_in_our_words(tmp_path: Path):
    store = folder_with(tmp_path, "with_mask/1.jpg", "mask_weared_incorrect/2.PNG", "with_mask/notes.txt", "owl/3.webp")
    assert found(store) == [
        ("mask_weared_incorrect/2.PNG", "partial_mask"),
        ("owl/3.webp", "owl"),
        ("with_mask/1.jpg", "with_mask"),
    ]


def test_splits_are_pooled_unless_one_is_named(tmp_path: Path):
    store = folder_with(tmp_path, "set/train/with_mask/1.jpg", "set/test/with_mask/2.jpg")
    assert len(found(store)) == 2
    assert found(store, split="test") == [("set/test/with_mask/2.jpg", "with_mask")]


def test_a_split_that_is_not_there(tmp_path: Path):
    store = folder_with(tmp_path, "train/with_mask/1.jpg")
    with pytest.raises(DatasetError, match="under a folder test/"):
        find_crops(store, split="test")
    # A class is not a split.
    with pytest.raises(DatasetError, match="under a folder with_mask/"):
        find_crops(store, split="with_mask")
