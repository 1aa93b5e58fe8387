"""Painted pictures come from bare faces that the teacher is sure of, and are always the same."""

from pathlib import Path

import numpy as np
import pytest

from maskcls.data.synthesis import LABELS
from maskcls.labels import CLASSES
from maskcls.training.classifier.painted import paint_pictures
from maskcls.training.classifier.pictures import PAINTED, Picture

LANDMARKS = np.array([[40, 40], [80, 40], [60, 60], [44, 78], [76, 78]], np.float32)


class Teacher:
    """Finds one face of a given size and score, whatever it is shown."""

    def __init__(self, *, side_px: float = 80, score: float = 0.9) -> None:
        self.asked = 0
        self._row = np.concatenate([[20, 20, 20 + side_px, 20 + side_px], LANDMARKS.reshape(-1), [score]])

    def find(self, _image_rgb: np.ndarray) -> np.ndarray:
        self.asked += 1
        return self._row[None].astype(np.float32)


def pictures(label: str = "without_mask") -> dict[tuple[str, str], list[Picture]]:
    grey = [np.full((120, 120, 3), level, np.uint8) for level in (90, 120, 150)]
    return {("faces.zip", label): [Picture(image_rgb, CLASSES.index(label), (1.6, 1.6)) for image_rgb in grey]}


@pytest.mark.parametrize(
    ("shown", "teacher"),
    [
        ({}, Teacher()),
        (pictures("with_mask"), Teacher()),
        (pictures(), Teacher(score=0.5)),
        (pictures(), Teacher(side_px=30)),
    ],
)
def test_nothing_to_paint_on(tmp_path: Path, shown: dict, teacher: Teacher):
    assert paint_pictures(shown, teacher, count=3, answers=tmp_path / "a.npz") == {}


def test_each_class_gets_its_count(tmp_path: Path):
    bare = pictures()
    teacher = Teacher()
    painted, again = (paint_pictures(bare, teacher, count=4, answers=tmp_path / "a.npz") for _ in range(2))
    assert teacher.asked == 3
    assert set(painted) == {(PAINTED, label) for label in (*LABELS, "without_mask")}
    for (_, label), some in painted.items():
        assert len(some) == 4
        for picture, same in zip(some, again[PAINTED, label], strict=True):
            assert picture.label == CLASSES.index(label)
            assert picture.cut == (1.6, 1.6)
            assert np.ptp(picture.image_rgb) > 20
            assert np.array_equal(picture.image_rgb, same.image_rgb)
    assert all(np.ptp(picture.image_rgb) == 0 for picture in bare["faces.zip", "without_mask"])
