"""Cutting faces out of pictures: the one way that training and use share."""

import cv2
import numpy as np


def crop_squares(boxes_xyxy: np.ndarray, *, scale: float) -> np.ndarray:
    """Return the square of `scale` times the longer side around the centre of each box: `(n, 4) float32`, x, y, x, y.

    Squares may reach outside the picture.
    """
    boxes = np.asarray(boxes_xyxy, np.float32).reshape(-1, 4)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    halves = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True), 1.0) * scale / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def middle_box(image_rgb: np.ndarray, *, scale: float) -> np.ndarray:
    """Return `(1, 4)`: the box of the face in the middle of a picture that is `scale` times as wide and high."""
    height, width = image_rgb.shape[:2]
    half = np.array([width, height]) / (2 * scale)
    middle = np.array([width, height]) / 2
    return np.concatenate([middle - half, middle + half])[None]


def cut(image_rgb: np.ndarray, squares_xyxy: np.ndarray, *, size_px: int) -> np.ndarray:
    """Return what lies in each square, resized: `(n, size_px, size_px, 3) uint8`.

    What lies outside the picture repeats its border.

    Args:
        image_rgb: `(h, w, 3) uint8`.
        squares_xyxy: `(n, 4)`, as from `crop_squares`.
        size_px: Side of the crops.
    """
    crops = np.empty((len(squares_xyxy), size_px, size_px, 3), np.uint8)
    for crop, square in zip(crops, squares_xyxy, strict=True):
        crop[:] = _cut_one(image_rgb, square, size_px)
    return crops


def _cut_one(image_rgb: np.ndarray, square: np.ndarray, size_px: int) -> np.ndarray:
    corner = square[:2].astype(float)
    scale = np.full(2, size_px / max(float(square[2] - square[0]), 1e-3))
    if scale[0] < 1:
        # warpAffine reads four neighbours only; where many pixels become one they are averaged first.
        image_rgb, corner, scale = _averaged(image_rgb, square, size_px)
    # Pixels are squares: the middle of the first one lies half a pixel from the edge.
    matrix = np.column_stack([np.diag(scale), 0.5 * scale - 0.5 - corner * scale])
    return cv2.warpAffine(
        image_rgb, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _averaged(image_rgb: np.ndarray, square: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the part of the picture under `square` at about the crop's resolution, and where the square lies in it.

    That is its left top corner, and by how much each axis is still to be scaled: a strip of few pixels cannot shrink by
    just the factor that is wanted.
    """
    height, width = image_rgb.shape[:2]
    side = float(square[2] - square[0])
    x0, y0 = (int(np.clip(np.floor(v) - 1, 0, limit - 1)) for v, limit in zip(square[:2], (width, height), strict=True))
    x1 = int(np.clip(np.ceil(square[2]) + 1, x0 + 1, width))
    y1 = int(np.clip(np.ceil(square[3]) + 1, y0 + 1, height))
    part = image_rgb[y0:y1, x0:x1]
    size = (max(1, round(part.shape[1] * size_px / side)), max(1, round(part.shape[0] * size_px / side)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    shrink = np.array([small.shape[1] / part.shape[1], small.shape[0] / part.shape[0]])
    return small, (square[:2] - (x0, y0)) * shrink, size_px / (side * shrink)
