"""From the network's grids to boxes: decoding and non-maximum suppression."""

from collections.abc import Sequence

import cv2
import numpy as np

# Boxes that overlap more than this are one face.
SAME_FACE_IOU = 0.45


def decode(grids: Sequence[np.ndarray], strides: Sequence[int], *, min_score: float) -> np.ndarray:
    """Return the faces that the grids of one picture speak of.

    Args:
        grids: One `(rows, columns, 15) float32` for each stride: score logit, offset of the box's centre from the
            cell's, logarithms of its width and height, and offsets of five landmarks; lengths in strides.
        strides: Pixels from cell to cell in each grid.
        min_score: Cells below it are left out.

    Returns:
        `(n, 15) float32`: box as left, top, right, bottom, five landmarks as x, y, and the score, best first, still
        with several boxes to a face.
    """
    rows = [_decode_grid(grid, stride, min_score) for grid, stride in zip(grids, strides, strict=True)]
    faces = np.concatenate(rows)
    return faces[np.argsort(-faces[:, 14], kind="stable")]


def suppress(faces: np.ndarray, *, iou: float = SAME_FACE_IOU) -> np.ndarray:
    """Keep the best of the boxes that overlap by more than `iou`; takes and returns what `decode` returns."""
    if not len(faces):
        return faces
    boxes = np.concatenate([faces[:, :2], faces[:, 2:4] - faces[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), faces[:, 14].tolist(), 0.0, iou)
    return faces[np.sort(np.asarray(kept, int).reshape(-1))]


def _decode_grid(grid: np.ndarray, stride: int, min_score: float) -> np.ndarray:
    # Comparing logits spares the exponential on the thousands of cells that see nothing.
    least_logit = np.log(min_score / (1 - min_score))
    y, x = np.nonzero(grid[..., 0] > least_logit)
    cells = grid[y, x]
    centres = (np.stack([x, y], axis=1) + 0.5) * stride
    middles = cells[:, 1:3] * stride + centres
    halves = np.exp(np.clip(cells[:, 3:5], -6, 6)) * (stride / 2)
    landmarks = (cells[:, 5:].reshape(-1, 5, 2) * stride + centres[:, None]).reshape(-1, 10)
    scores = 1 / (1 + np.exp(-cells[:, :1]))
    return np.concatenate([middles - halves, middles + halves, landmarks, scores], axis=1, dtype=np.float32)
