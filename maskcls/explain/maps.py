"""Maps are a few cells; pictures are many pixels."""

import cv2
import numpy as np


def spread(heat: np.ndarray, size_px: int) -> np.ndarray:
    """Return a map `(rows, columns)` over the whole crop, `(size_px, size_px) float32`, without steps between cells."""
    return cv2.resize(np.asarray(heat, np.float32), (size_px, size_px), interpolation=cv2.INTER_LINEAR)
