from pathlib import Path

import numpy as np
import pytest

from maskcls.training.teacher import Teacher, complete


def found(*boxes: tuple[float, float, float, float, float]) -> np.ndarray:
    """Return what a teacher finds: boxes with a score, landmarks that count from their left top corner."""
    rows = np.zeros((len(boxes), 15), np.float32)
    for row, (left, top, right, bottom, score) in zip(rows, boxes, strict=True):
        row[:4] = left, top, right, bottom
        row[4:14] = left + np.arange(10)
        row[14] = score
    return rows


def drawn(*boxes: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 4)


def test_nothing_drawn_and_nothing_found():
    truth = complete(drawn(), found())
    assert (truth.boxes_xyxy.shape, truth.landmarks.shape, truth.ignored_xyxy.shape) == ((0, 4), (0, 5, 2), (0, 4))


def as_drawn(box: tuple[float, float, float, float]) -> list[float]:
    """Return a box of the teacher as `complete` would draw it: less high, and lower."""
    truth = complete(drawn(), found((*box, 0.9)))
    return truth.boxes_xyxy[0].tolist()


def test_a_box_of_the_teacher_alone_is_a_little_lower():
    assert as_drawn((10, 100, 50, 200)) == pytest.approx([10, 150 + 5.6 - 47.8, 50, 150 + 5.6 + 47.8], abs=1e-3)


def test_drawn_boxes_get_landmarks_and_most_of_a_box_where_the_teacher_agrees():
    boxes = drawn((10, 10, 50, 50), (100, 100, 140, 140))
    truth = complete(boxes, found((11, 9, 51, 52, 0.5), (30, 10, 70, 50, 0.9)))
    between = 0.25 * boxes[0] + 0.75 * np.array(as_drawn((11, 9, 51, 52)))
    assert truth.boxes_xyxy == pytest.approx(np.stack([between, boxes[1]]), abs=1e-3)
    assert boxes[0].tolist() == [10, 10, 50, 50]
    assert truth.sureness.tolist() == [0.5, 0]
    assert truth.landmarks[0].reshape(-1).tolist() == (11 + np.arange(10)).tolist()
    assert np.isnan(truth.landmarks[1]).all()
    assert len(truth.ignored_xyxy) == 0  # the second one touches a drawn box


def test_a_face_that_was_found_belongs_to_one_drawn_box():
    truth = complete(drawn((10, 10, 50, 50), (20, 10, 60, 50)), found((11, 10, 51, 50, 0.9)))
    assert truth.sureness.tolist() == [np.float32(0.9), 0]
    assert truth.boxes_xyxy[1].tolist() == [20, 10, 60, 50]
    assert truth.boxes_xyxy[0, 0] == pytest.approx(10.75)
    assert np.isnan(truth.landmarks[1]).all()


def test_what_nobody_drew():
    truth = complete(drawn((10, 10, 50, 50)), found((200, 10, 240, 50, 0.85), (300, 10, 340, 50, 0.6)))
    assert truth.boxes_xyxy.tolist() == [[10, 10, 50, 50], as_drawn((200, 10, 240, 50))]
    assert truth.ignored_xyxy.tolist() == [as_drawn((300, 10, 340, 50))]
    assert truth.landmarks.shape == (2, 5, 2)
    assert truth.sureness.tolist() == [0, np.float32(0.85)]
    assert truth.landmarks[1, 0].tolist() == [200, 201]
    assert all(a.dtype == np.float32 for a in (truth.boxes_xyxy, truth.landmarks, truth.ignored_xyxy))


def test_yunet_finds_the_astronaut():
    weights = Path(__file__).resolve().parents[3] / "shared" / "weights" / "yunet_n_dynamic.onnx"
    if not weights.exists():
        pytest.skip("../shared/weights/yunet_n_dynamic.onnx is not here")
    from skimage.data import astronaut

    rows = Teacher(weights).find(astronaut())
    assert rows.shape[1] == 15
    best = rows[rows[:, 14].argmax()]
    assert best[14] > 0.8
    assert best[0] < 224 < best[2]
    assert best[1] < 110 < best[3]
    assert len(Teacher(weights).find(np.zeros((64, 64, 3), np.uint8))) == 0
