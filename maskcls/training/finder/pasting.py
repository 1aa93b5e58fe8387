"""Faces of portraits, pasted small into other pictures.

Copy-paste (Ghiasi et al., 2021): scenes show a few hundred people again and again; portraits show thousands.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from maskcls.finder.boxes import iou_matrix
from maskcls.training.finder.crops import mirrored_boxes, mirrored_landmarks
from maskcls.training.teacher import Picture, Truth

_SIDES_PX = (12.0, 110.0)
# How much of the portrait comes along, in box sides.
_AROUND = (1.3, 1.8)
# Over so much of the patch's half side it fades out.
_FADE = 0.3


def paste_faces(
    rng: np.random.Generator, crop: np.ndarray, seen: Truth, portraits: Sequence[Picture], *, count: int
) -> Picture:
    """Return the crop with up to `count` more faces, none over another; where there is no room, it stays free.

    Args:
        rng: Where chance comes from.
        crop: `(s, s, 3) uint8`.
        seen: Its faces.
        portraits: Pictures of one face.
        count: How many are tried.
    """
    crop = crop.copy()
    for _ in range(count):
        portrait = portraits[int(rng.integers(len(portraits)))]
        patch, box, landmarks = _small_face(rng, portrait)
        h, w = patch.shape[:2]
        if max(h, w) >= crop.shape[0]:
            continue
        corner = np.array([rng.integers(crop.shape[1] - w), rng.integers(crop.shape[0] - h)])
        place = np.hstack([corner, corner + np.array((w, h))])[None].astype(np.float32)
        if iou_matrix(place, np.concatenate([seen.boxes_xyxy, seen.ignored_xyxy])).any():
            continue
        _blend(crop[corner[1] : corner[1] + h, corner[0] : corner[0] + w], patch, box)
        seen = Truth(
            np.concatenate([seen.boxes_xyxy, box[None] + np.tile(corner, 2)]).astype(np.float32),
            np.concatenate([seen.landmarks, landmarks[None] + corner]).astype(np.float32),
            np.concatenate([seen.sureness, portrait[1].sureness[:1]]),
            seen.ignored_xyxy,
        )
    return crop, seen


def _small_face(rng: np.random.Generator, portrait: Picture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a piece of the portrait around its face, shrunk, and the face's box and landmarks in it."""
    image, truth = portrait
    # The teacher draws a face that the picture cuts off as if it went on.
    box = np.clip(truth.boxes_xyxy[0], 0, np.tile(image.shape[1::-1], 2))
    landmarks = truth.landmarks[0]
    side = float(np.sqrt((box[2] - box[0]) * (box[3] - box[1])))
    scale = min(1.0, float(np.exp(rng.uniform(*np.log(_SIDES_PX)))) / side)
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2 * rng.uniform(*_AROUND)
    x0, y0 = np.maximum(middle - half, 0).astype(int)
    x1, y1 = np.minimum(np.ceil(middle + half), image.shape[1::-1]).astype(int)
    size = max(2, round((x1 - x0) * scale)), max(2, round((y1 - y0) * scale))
    patch = cv2.resize(image[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    factor = np.array(size) / (x1 - x0, y1 - y0)
    box, landmarks = (box - np.tile((x0, y0), 2)) * np.tile(factor, 2), (landmarks - (x0, y0)) * factor
    if rng.random() < 0.5:
        patch = patch[:, ::-1]
        box, landmarks = mirrored_boxes(box[None], size[0])[0], mirrored_landmarks(landmarks[None], size[0])[0]
    return patch, box, landmarks


def _blend(place: np.ndarray, patch: np.ndarray, box: np.ndarray) -> None:
    """Draw the patch over `place`, fading out around its face and to its own borders, so that no edge tells it."""
    h, w = patch.shape[:2]
    y, x = np.mgrid[:h, :w] + 0.5
    middle, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    far = np.hypot((x - middle[0]) / half[0], (y - middle[1]) / half[1])
    inside = 1 - np.maximum(np.abs(2 * x / w - 1), np.abs(2 * y / h - 1))
    alpha = (np.clip((1.6 - far) / _FADE, 0, 1) * np.clip(inside / _FADE, 0, 1))[..., None]
    place[:] = np.round(place * (1 - alpha) + patch * alpha).astype(np.uint8)
