"""Arithmetic of boxes."""

import numpy as np


def iou_matrix(a_xyxy: np.ndarray, b_xyxy: np.ndarray) -> np.ndarray:
    """Return the intersection over union of each box in `a_xyxy` `(n, 4)` with each in `b_xyxy` `(m, 4)`: `(n, m)`."""
    low = np.maximum(a_xyxy[:, None, :2], b_xyxy[None, :, :2])
    high = np.minimum(a_xyxy[:, None, 2:], b_xyxy[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    return shared / np.maximum(area(a_xyxy)[:, None] + area(b_xyxy)[None] - shared, 1e-9)


def area(boxes_xyxy: np.ndarray) -> np.ndarray:
    """Return the area of each box in `(n, 4)`: `(n,)`; zero for one that is inside out."""
    return np.clip(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0, None).prod(axis=1)
