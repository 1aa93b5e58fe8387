"""Decoding is the inverse of what training encodes; suppression leaves one box to a face."""

import numpy as np
import pytest

from maskcls.finder.boxes import iou_matrix
from maskcls.finder.decode import decode, suppress

STRIDES = (8, 16, 32)
SIZE_PX = 320


def silent(size_px: int = 128) -> list[np.ndarray]:
    """Grids of a picture without a face."""
    grids = [np.zeros((size_px // stride, size_px // stride, 15), np.float32) for stride in STRIDES]
    for grid in grids:
        grid[..., 0] = -20
    return grids


def test_no_face():
    faces = decode(silent(), STRIDES, min_score=0.5)
    assert faces.shape == (0, 15)
    assert faces.dtype == np.float32
    assert suppress(faces).shape == (0, 15)


def test_one_cell_speaks():
    grids = silent()
    grids[1][2, 3] = [2.0, 1.0, -0.5, *np.log([4, 6]), *np.tile([1.0, -1.0], 5)]
    (face,) = decode(grids, STRIDES, min_score=0.5)
    x, y = 3.5 * 16, 2.5 * 16
    assert face[:4] == pytest.approx([x + 16 - 32, y - 8 - 48, x + 16 + 32, y - 8 + 48])
    assert face[4:14].reshape(5, 2) == pytest.approx(np.tile([x + 16, y - 16], (5, 1)))
    assert face[14] == pytest.approx(1 / (1 + np.exp(-2)))


@pytest.mark.parametrize(("min_score", "count"), [(0.02, 3), (0.3, 2), (0.5, 1), (0.9, 0)])
def test_the_least_score(min_score: float, count: int):
    grids = silent()
    for i, score in enumerate([0.1, 0.4, 0.8]):
        grids[i][1, 1, 0] = np.log(score / (1 - score))
    scores = decode(grids, STRIDES, min_score=min_score)[:, 14]
    assert len(scores) == count
    assert np.all(np.diff(scores) <= 0)
    assert np.all(scores >= min_score)


def test_wild_answers_stay_finite():
    grids = [np.full((4, 4, 15), value, np.float32) for value in (1e6, 88.0, 50.0)]
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(decode(grids, STRIDES[:3], min_score=0.5)).all()


def test_suppress_keeps_the_best_of_each_face():
    faces = np.zeros((5, 15), np.float32)
    faces[:, :4] = [[0, 0, 40, 40], [2, 2, 42, 42], [100, 0, 140, 40], [101, 0, 141, 41], [30, 30, 70, 70]]
    faces[:, 14] = [0.9, 0.95, 0.8, 0.7, 0.6]
    kept = suppress(faces[np.argsort(-faces[:, 14])])
    assert kept[:, 14].tolist() == pytest.approx([0.95, 0.8, 0.6])
    overlap = iou_matrix(kept[:, :4], kept[:, :4]) - np.eye(len(kept))
    assert overlap.max() <= 0.45


def random_truth(rng: np.random.Generator, size_px: int):
    """Return faces of all sizes that do not touch each other, with landmarks."""
    from maskcls.training.teacher import Truth

    boxes: list[np.ndarray] = []
    for _ in range(200):
        side = np.exp(rng.uniform(np.log(10), np.log(0.8 * size_px)))
        corner = rng.uniform(0, size_px - side, 2)
        box = np.array([*corner, corner[0] + side * rng.uniform(0.7, 1), corner[1] + side])
        if not boxes or iou_matrix(np.array(boxes), box[None] + [-8, -8, 8, 8]).max() == 0:
            boxes.append(box)
    array = np.array(boxes, np.float32)
    inside = rng.uniform(0, 1, (len(array), 5, 2)).astype(np.float32)
    landmarks = array[:, None, :2] + inside * (array[:, 2:] - array[:, :2])[:, None]
    return Truth(array, landmarks, np.ones(len(array), np.float32), np.zeros((0, 4), np.float32))


def as_answers(target: np.ndarray, size_px: int) -> list[np.ndarray]:
    """Return the grids of a network that answers just what the target asks for."""
    answers = np.zeros((len(target), 15), np.float32)
    answers[:, 0] = np.where(target[:, 1] == 1, 8, -8)
    answers[:, 1:3] = (target[:, 2:4] + target[:, 4:6]) / 2
    answers[:, 3:5] = np.log(np.maximum(target[:, 4:6] - target[:, 2:4], 1e-6))
    answers[:, 5:] = target[:, 6:16]
    sides = [size_px // stride for stride in STRIDES]
    parts = np.split(answers, np.cumsum([side * side for side in sides])[:-1])
    return [part.reshape(side, side, 15) for part, side in zip(parts, sides, strict=True)]


def test_decoding_is_the_inverse_of_encoding(rng: np.random.Generator):
    from maskcls.training.finder.targets import encode

    count = 0
    for _ in range(8):
        truth = random_truth(rng, SIZE_PX)
        faces = suppress(decode(as_answers(encode(truth, size_px=SIZE_PX), SIZE_PX), STRIDES, min_score=0.5))
        overlap = iou_matrix(truth.boxes_xyxy, faces[:, :4])
        assert overlap.max(axis=1).min() > 0.95
        assert overlap.max(axis=0).min() > 0.95  # and nothing else
        landmarks = faces[overlap.argmax(axis=1), 4:14].reshape(-1, 5, 2)
        assert np.abs(landmarks - truth.landmarks).max() < 0.1
        count += len(truth.boxes_xyxy)
    assert count > 30
