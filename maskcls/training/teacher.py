"""What a teacher adds to drawn boxes: landmarks for the faces in them, and faces that nobody drew.

The teacher is YuNet, see `maskcls.yunet`.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from maskcls.finder.boxes import iou_matrix
from maskcls.yunet import YuNet

# Without a drawn box, the teacher alone must be this sure to make a face of it; of the small ones
# in a crowd it is never very sure …
_SURE_SCORE = 0.65
# … and above this nobody can tell: such places teach neither face nor background.
_UNSURE_SCORE = 0.35
_SAME_FACE_IOU = 0.4
_SCALES = (1.0, 2.0)
# Drawn boxes are a little lower than the teacher's (medians over the training pictures): their heights, in heights of
# its boxes, and how far down their middles lie.
_DRAWN_HEIGHT, _DRAWN_DOWN = 0.956, 0.056
# Several people drew the boxes, some around the whole head, and nothing in a picture tells who did: a network that is
# to follow all of them follows none. So the teacher's, which are all alike, have the larger share.
DRAWN_SHARE = 0.25


@dataclass(frozen=True)
class Truth:
    """The faces of one training picture.

    Attributes:
        boxes_xyxy: `(n, 4) float32`.
        landmarks: `(n, 5, 2) float32`; NaN where the teacher saw none.
        sureness: `(n,) float32`, how sure the teacher is of each, 0 to 1; 0 where it saw none.
        ignored_xyxy: `(m, 4) float32`, regions that teach nothing.
    """

    boxes_xyxy: np.ndarray
    landmarks: np.ndarray
    sureness: np.ndarray
    ignored_xyxy: np.ndarray


Picture = tuple[np.ndarray, Truth]


class Teacher:
    """YuNet, asked at two scales.

    Args:
        weights: Its ONNX file for any input size.
    """

    def __init__(self, weights: Path) -> None:
        self._yunet = YuNet(weights, min_score=_UNSURE_SCORE)

    def find(self, image_rgb: np.ndarray) -> np.ndarray:
        """Return `(n, 15) float32`: box as x, y, x, y, five landmarks as x, y, and the score."""
        rows = np.concatenate([self._yunet.find_at(image_rgb, scale) for scale in _SCALES])
        keep = cv2.dnn.NMSBoxes(_xywh(rows[:, :4]).tolist(), rows[:, 14].tolist(), _UNSURE_SCORE, 0.45)
        return rows[np.array(keep, int).reshape(-1)]


def complete(boxes_xyxy: np.ndarray, found: np.ndarray) -> Truth:
    """Join drawn boxes with what the teacher found in the same picture.

    Where both see a face, its box lies between theirs.

    Args:
        boxes_xyxy: `(n, 4) float32` drawn boxes; for each there is a face.
        found: What `Teacher.find` returned.
    """
    found = np.concatenate([_as_drawn(found[:, :4]), found[:, 4:]], axis=1)
    overlap = iou_matrix(boxes_xyxy, found[:, :4])
    landmarks = np.full((len(boxes_xyxy), 5, 2), np.nan, np.float32)
    sureness = np.zeros(len(boxes_xyxy), np.float32)
    boxes = boxes_xyxy.copy()
    for i in np.flatnonzero(overlap.max(axis=1, initial=0) >= _SAME_FACE_IOU):
        j = overlap[i].argmax()
        if overlap[:, j].argmax() != i:  # in a crowd, that is the neighbour's
            continue
        seen = found[j]
        boxes[i] = DRAWN_SHARE * boxes[i] + (1 - DRAWN_SHARE) * seen[:4]
        landmarks[i], sureness[i] = seen[4:14].reshape(5, 2), seen[14]
    # What touches a drawn box is that face seen a little differently, not another one.
    alone = found[overlap.max(axis=0, initial=0) < 0.2]
    extra = alone[alone[:, 14] >= _SURE_SCORE]
    return Truth(
        np.concatenate([boxes, extra[:, :4]]).astype(np.float32),
        np.concatenate([landmarks, extra[:, 4:14].reshape(-1, 5, 2)]).astype(np.float32),
        np.concatenate([sureness, extra[:, 14]]).astype(np.float32),
        alone[alone[:, 14] < _SURE_SCORE, :4].astype(np.float32),
    )


def _as_drawn(boxes_xyxy: np.ndarray) -> np.ndarray:
    """Return the teacher's boxes `(n, 4)` as people would draw them."""
    x0, y0, x1, y1 = boxes_xyxy.T
    height = y1 - y0
    middle = (y0 + y1) / 2 + _DRAWN_DOWN * height
    half = _DRAWN_HEIGHT * height / 2
    return np.stack([x0, middle - half, x1, middle + half], axis=1)


def _xywh(boxes_xyxy: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes_xyxy[:, :2], boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]], axis=1)
