"""Photographs with Pascal-VOC annotations."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.data import scenes
from maskcls.data.store import Store
from maskcls.errors import DatasetError


def xml(*objects: str) -> bytes:
    return f"<annotation><size><width>9</width></size>{''.join(objects)}</annotation>".encode()


def face(name: str = "with_mask", sides: tuple = (1, 2, 30, 40), extra: str = "") -> str:
    box = "".join(f"<{key}>{side}</{key}>" for key, side in zip(("xmin", "ymin", "xmax", "ymax"), sides, strict=True))
    return f"<object><name>{name}</name>{extra}<bndbox>{box}</bndbox></object>"


def folder_with(root: Path, files: dict[str, bytes]) -> Store:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return Store(root)


def test_an_annotation_without_objects():
    boxes, classes, difficult = scenes.parse_annotation(xml(), name="a.xml")
    assert boxes.shape == (0, 4)
    assert classes == ()
    assert difficult.shape == (0,)


def test_an_annotation():
    data = xml(
        face(), face(" mask_weared_incorrect ", (5.5, 6, 7, 8), "<difficult>1</difficult>"), face("with_incorrect_mask")
    )
    boxes, classes, difficult = scenes.parse_annotation(data, name="a.xml")
    assert boxes.dtype == np.float32
    assert boxes[:2].tolist() == [[1, 2, 30, 40], [5.5, 6, 7, 8]]
    assert classes == ("with_mask", "partial_mask", "partial_mask")
    assert difficult.tolist() == [False, True, False]


def test_boxes_without_area_count_neither_way():
    _, _, difficult = scenes.parse_annotation(xml(face(sides=(5, 5, 5, 9)), face(sides=(9, 9, 5, 12))), name="a.xml")
    assert difficult.all()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_annotations_in_other_encodings(encoding: str):
    data = xml(face("père")).decode().encode(encoding)
    assert scenes.parse_annotation(data, name="a.xml")[1] == ("père",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a Pascal-VOC annotation"),
        (b"<annotation>", "not a Pascal-VOC annotation"),
        (b"{}", "not a Pascal-VOC annotation"),
        (xml("<object><name>a</name></object>"), "lacks one of xmin"),
        (xml(face(sides=("x", 0, 1, 1))), "could not convert"),
        (xml(face(sides=("nan", 0, 1, 1))), "a box lies at"),
        (xml(face(sides=(0, 0, "inf", 1))), "a box lies at"),
        (xml(face(sides=(0, 0, 1e30, 1))), "a box lies at"),
        (xml(face("")), "without a name"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + xml(), "document type"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotation/>'.encode("utf-16"), "document type"),
    ],
)
def test_faulty_annotations(data: bytes, message: str):
    with pytest.raises(DatasetError, match=message):
        scenes.parse_annotation(data, name="a.xml")


def test_a_bomb_in_an_encoding_of_its_own():
    """What follows the declaration is read as the text that was checked, not as the declaration would have it."""
    hidden = '<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>'.encode("cp037")
    with pytest.raises(DatasetError):
        scenes.parse_annotation(b'<?xml version="1.0" encoding="cp037"?>' + hidden, name="a.xml")


def test_an_empty_folder(tmp_path: Path):
    assert not scenes.is_scenes(Store(tmp_path))
    with pytest.raises(DatasetError, match="holds no annotations"):
        scenes.find_scenes(Store(tmp_path))


def test_pictures_and_annotations_find_each_other(tmp_path: Path):
    store = folder_with(
        tmp_path,
        {
            "set/test/images/a.png": b"",
            "set/test/annotations/a.xml": xml(face()),
            "set/train/images/a.jpg": b"",
            "set/train/annotations/a.xml": xml(),
            "set/train/images/nobody.jpg": b"",
        },
    )
    assert scenes.is_scenes(store)
    assert [str(scene.name) for scene in scenes.find_scenes(store)] == [
        "set/test/images/a.png",
        "set/train/images/a.jpg",
    ]
    (only,) = scenes.find_scenes(store, split="test")
    assert only.classes == ("with_mask",)
    with pytest.raises(DatasetError, match="for the split validation"):
        scenes.find_scenes(store, split="validation")


@pytest.mark.parametrize(
    ("picture", "annotation"),
    [
        ("a.jpg", "a.xml"),
        ("images/test/a.jpg", "annotations/test/a.xml"),
        ("JPEGImages/a.JPG", "Annotations/a.XML"),
        # Only the last such folder tells the kind.
        ("images/set/images/a.jpg", "images/set/annotations/a.xml"),
    ],
)
def test_other_layouts(tmp_path: Path, picture: str, annotation: str):
    store = folder_with(tmp_path, {picture: b"", annotation: xml(face())})
    assert scenes.is_scenes(store)
    assert [str(scene.name) for scene in scenes.find_scenes(store)] == [picture]


def test_an_annotation_without_a_picture(tmp_path: Path):
    with pytest.raises(DatasetError, match="has no picture of that name"):
        scenes.find_scenes(folder_with(tmp_path, {"images/b.jpg": b"", "annotations/a.xml": xml()}))


def test_reading_the_picture(tmp_path: Path):
    image_rgb = np.full((4, 6, 3), 77, np.uint8)
    store = folder_with(tmp_path, {"images/a.png": images.encode(image_rgb), "annotations/a.xml": xml()})
    (scene,) = scenes.find_scenes(store)
    assert np.array_equal(scenes.read_image(store, scene), image_rgb)
