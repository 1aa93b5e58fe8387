"""Pasted faces lie where their boxes say, and over nobody else."""

from dataclasses import replace

import numpy as np
import pytest

from maskcls.finder.boxes import iou_matrix
from maskcls.training.finder.pasting import paste_faces
from maskcls.training.teacher import Picture, Truth

BACKGROUND = 200


def portrait() -> Picture:
    """Return a black picture with a face of one bright colour, its left eye red."""
    image_rgb = np.zeros((100, 80, 3), np.uint8)
    image_rgb[20:80, 15:65] = (0, 255, 0)
    image_rgb[34:46, 24:36] = (255, 0, 0)
    points = np.array([[30, 40], [50, 40], [40, 50], [32, 65], [48, 65]], np.float32)
    box, sureness = np.array([[15, 20, 65, 80]], np.float32), np.array([0.75], np.float32)
    return image_rgb, Truth(box, points[None], sureness, np.zeros((0, 4), np.float32))


def seen(boxes: list, ignored: list) -> Truth:
    return Truth(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.zeros((len(boxes), 5, 2), np.float32),
        np.zeros(len(boxes), np.float32),
        np.array(ignored, np.float32).reshape(-1, 4),
    )


@pytest.fixture
def crop() -> np.ndarray:
    return np.full((256, 256, 3), BACKGROUND, np.uint8)


def test_none_pasted(rng: np.random.Generator, crop: np.ndarray):
    same, truth = paste_faces(rng, crop, seen([[1, 2, 3, 4]], []), [portrait()], count=0)
    assert np.array_equal(same, crop)
    assert truth.boxes_xyxy.tolist() == [[1, 2, 3, 4]]


def test_boxes_and_landmarks_lie_on_what_was_pasted(rng: np.random.Generator, crop: np.ndarray):
    pasted = 0
    for _ in range(60):
        changed, truth = paste_faces(rng, crop, seen([], []), [portrait()], count=3)
        assert (crop == BACKGROUND).all()
        assert truth.sureness.tolist() == [0.75] * len(truth.boxes_xyxy)
        outside = np.ones(crop.shape[:2], bool)
        for box, points in zip(truth.boxes_xyxy, truth.landmarks, strict=True):
            assert 11 <= np.sqrt((box[2] - box[0]) * (box[3] - box[1])) <= 56
            x, y = ((box[:2] + box[2:]) / 2).astype(int)
            assert changed[y, x, 1] > 150
            if box[2] - box[0] > 25:
                # Of a mirrored face, the red eye is the right one.
                eyes = changed[points[:2, 1].astype(int), points[:2, 0].astype(int)]
                assert sorted(eyes[:, 0] > eyes[:, 1]) == [False, True]
                assert points[0, 0] < points[1, 0]
            low, high = np.floor(box[:2] - 0.4 * (box[2:] - box[:2])), np.ceil(box[2:] + 0.4 * (box[2:] - box[:2]))
            outside[max(0, int(low[1])) : int(high[1]), max(0, int(low[0])) : int(high[0])] = False
            pasted += 1
        assert (changed[outside] == BACKGROUND).all()
        overlap = iou_matrix(truth.boxes_xyxy, truth.boxes_xyxy)
        assert (overlap[~np.eye(len(overlap), dtype=bool)] == 0).all()
    assert pasted > 90


def test_a_face_that_its_portrait_cuts_off_ends_with_it(rng: np.random.Generator, crop: np.ndarray):
    image_rgb, truth = portrait()
    beyond = replace(truth, boxes_xyxy=np.array([[-30, 20, 65, 130]], np.float32))
    boxes = [paste_faces(rng, crop, seen([], []), [(image_rgb, beyond)], count=3)[1].boxes_xyxy for _ in range(60)]
    every = np.concatenate(boxes)
    assert len(every) > 60
    assert every.min() >= 0
    assert every.max() <= 256


@pytest.mark.parametrize("taken", [seen([[0, 0, 256, 256]], []), seen([], [[0, 0, 256, 256]])])
def test_no_face_over_another(rng: np.random.Generator, crop: np.ndarray, taken: Truth):
    same, truth = paste_faces(rng, crop, taken, [portrait()], count=5)
    assert np.array_equal(same, crop)
    assert len(truth.boxes_xyxy) == len(taken.boxes_xyxy)
