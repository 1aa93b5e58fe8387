import numpy as np
import pytest

from maskcls.finder.boxes import area, iou_matrix


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([], [], []),
        ([], [[0, 0, 1, 1]], []),
        ([[0, 0, 1, 1]], [], [[]]),
        ([[0, 0, 2, 2]], [[0, 0, 2, 2], [1, 0, 3, 2], [2, 0, 4, 2], [9, 9, 10, 10]], [[1, 1 / 3, 0, 0]]),
        ([[0, 0, 4, 4]], [[1, 1, 3, 3]], [[0.25]]),
        ([[0, 0, 0, 0]], [[0, 0, 0, 0]], [[0]]),
        ([[3, 3, 1, 1]], [[0, 0, 4, 4]], [[0]]),
    ],
)
def test_iou_matrix(a: list, b: list, expected: list):
    boxes_a, boxes_b = (np.array(boxes, np.float32).reshape(-1, 4) for boxes in (a, b))
    answer = iou_matrix(boxes_a, boxes_b)
    assert answer.shape == (len(a), len(b))
    assert answer == pytest.approx(np.array(expected, float).reshape(len(a), len(b)), abs=1e-6)


def test_iou_is_symmetric_and_between_0_and_1(rng: np.random.Generator):
    corners = rng.uniform(-50, 50, (60, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(0, 60, (60, 2))], axis=1)
    answer = iou_matrix(boxes, boxes)
    assert np.allclose(answer, answer.T)
    assert np.allclose(np.diag(answer), 1)
    assert (answer >= 0).all()
    assert (answer <= 1 + 1e-9).all()


@pytest.mark.parametrize(
    ("boxes", "expected"), [([], []), ([[0, 0, 2, 3], [5, 5, 5, 9], [4, 4, 1, 1]], [6, 0, 0]), ([[-2, -2, 2, 2]], [16])]
)
def test_area(boxes: list, expected: list):
    assert area(np.array(boxes, np.float32).reshape(-1, 4)).tolist() == expected
