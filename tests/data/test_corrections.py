"""Corrected labels: what they change, and that they leave the rest alone."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from maskcls.data.corrections import DROPPED, TABLE, Correction, Corrections, read_corrections
from maskcls.data.scenes import Scene
from maskcls.errors import DatasetError
from maskcls.labels import CLASSES

HEAD = "archive,file,box,old,new,reason\n"


def scene(*classes: str, name: str = "test/images/abc.jpg") -> Scene:
    boxes = np.arange(4 * len(classes), dtype=np.float32).reshape(-1, 4)
    return Scene(PurePosixPath(name), boxes, classes, np.zeros(len(classes), bool))


def face(name: str, old: str, new: str) -> Correction:
    return Correction(PurePosixPath(name), None, old, new)


def test_no_corrections_change_nothing():
    found = [(PurePosixPath("test/with_mask/abc_0.jpg"), "with_mask")]
    nothing = Corrections([])
    assert nothing.crops([]) == []
    assert nothing.crops(found) == found
    same = nothing.scene(scene("with_mask"))
    assert same.classes == ("with_mask",)
    assert same.boxes_xyxy.shape == (1, 4)
    assert not same.difficult.any()


def test_faces_are_relabelled_or_dropped():
    corrections = Corrections(
        [
            face("test/with_mask/abc_0.jpg", "with_mask", "partial_mask"),
            face("test/with_mask/abc_1.jpg", "with_mask", DROPPED),
        ]
    )
    found = [(PurePosixPath(f"test/with_mask/abc_{i}.jpg"), "with_mask") for i in range(3)]
    assert corrections.crops(found) == [(found[0][0], "partial_mask"), found[2]]


def test_a_correction_of_another_label_does_not_hold():
    corrections = Corrections([face("test/with_mask/abc_0.jpg", "without_mask", DROPPED)])
    assert corrections.label(PurePosixPath("test/with_mask/abc_0.jpg"), "with_mask") == "with_mask"
    assert corrections.scene(scene("with_mask")).classes == ("with_mask",)


def test_the_same_faces_in_their_photograph():
    corrections = Corrections(
        [
            face("test/with_mask/abc_1.jpg", "with_mask", "partial_mask"),
            face("test/without_mask/abc_2.jpg", "without_mask", DROPPED),
        ]
    )
    judged = corrections.scene(scene("with_mask", "with_mask", "without_mask"))
    assert judged.classes == ("with_mask", "partial_mask", "without_mask")
    assert judged.difficult.tolist() == [False, False, True]
    elsewhere = scene("with_mask", "with_mask", "without_mask", name="train/images/abc.jpg")
    assert corrections.scene(elsewhere).classes == elsewhere.classes


def test_faces_that_nobody_had_drawn():
    name = PurePosixPath("test/images/abc.jpg")
    added = [Correction(name, (1, 2, 3, 4), "", "with_mask"), Correction(name, (5, 6, 7, 8), "", DROPPED)]
    for given in (scene(), scene("partial_mask")):
        judged = Corrections(added).scene(given)
        n = len(given.classes)
        assert judged.classes[n] == "with_mask"
        assert set(judged.classes) <= set(CLASSES)
        assert judged.boxes_xyxy[n:].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
        assert judged.difficult.tolist() == [False] * (n + 1) + [True]


@pytest.mark.parametrize(
    "text",
    ["archive,file\nfaces.zip,a.jpg\n", HEAD + "faces.zip,a.jpg,1 2 3,,with_mask,why\n", HEAD + "f,a.jpg,x,,y,z\n",
     HEAD + "faces.zip,a.jpg\n", HEAD + "faces.zip,a.jpg,,with_mask,,why\n"],
)  # fmt: skip
def test_a_table_that_is_none(tmp_path: Path, text: str):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match="is no table of corrections"):
        read_corrections(path)


def test_a_missing_table(tmp_path: Path):
    with pytest.raises(DatasetError, match="cannot be read"):
        read_corrections(tmp_path / "missing.csv")


def test_our_table_says_what_it_may_say():
    lines = TABLE.read_text(encoding="utf-8").splitlines()[1:]
    assert lines
    assert len(set(lines)) == len(lines)
    for line in lines:
        archive, _, box, old, new, reason = line.split(",", 5)
        assert archive in ("faces.zip", "scenes.zip", "kaggle12k.zip", "chandrikadeb7.zip")
        assert new in (*CLASSES, DROPPED)
        assert new != old
        assert reason
        assert (old == "") == (box != "")
    read_corrections()
