"""Portraits count where the teacher is sure of one face and sees no other."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.training.finder.portraits import load_portraits


class Teacher:
    """Finds a face in each picture for each score that it was given."""

    def __init__(self, *scores: float) -> None:
        self.asked = 0
        self._scores = scores

    def find(self, _image_rgb: np.ndarray) -> np.ndarray:
        self.asked += 1
        rows = np.zeros((len(self._scores), 15), np.float32)
        for i, (row, score) in enumerate(zip(rows, self._scores, strict=True)):
            row[:4] = 10 + 40 * i, 10, 40 + 40 * i, 40
            row[14] = score
        return rows


@pytest.fixture
def data(tmp_path: Path) -> Path:
    head = "archive,file,label,split,source,group"
    lines = [f"{archive},with_mask/1.png,with_mask,,x,{archive}" for archive in ("kaggle12k.zip", "chandrikadeb7.zip")]
    (tmp_path / "manifest.csv").write_text("\n".join([head, *lines]))
    for archive in ("kaggle12k.zip", "chandrikadeb7.zip"):
        (tmp_path / archive / "with_mask").mkdir(parents=True)
        (tmp_path / archive / "with_mask" / "1.png").write_bytes(images.encode(np.full((60, 100, 3), 90, np.uint8)))
    return tmp_path


@pytest.mark.parametrize(("scores", "count"), [((), 0), ((0.9,), 2), ((0.6,), 0), ((0.9, 0.9), 0), ((0.9, 0.5), 0)])
def test_one_sure_face(data: Path, scores: tuple[float, ...], count: int):
    portraits = load_portraits(data, Teacher(*scores), answers=data / "answers.npz")
    assert len(portraits) == count
    for image_rgb, truth in portraits:
        assert image_rgb.shape == (60, 100, 3)
        assert truth.boxes_xyxy == pytest.approx(np.array([[10, 12.34, 40, 41.02]]))
        assert truth.landmarks.shape == (1, 5, 2)


def test_the_teacher_is_asked_once(data: Path):
    teacher = Teacher(0.9)
    for _ in range(2):
        assert len(load_portraits(data, teacher, answers=data / "answers.npz")) == 2
        assert teacher.asked == 2
