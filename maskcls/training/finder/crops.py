"""Training crops for the face finder: a square of a photograph, scaled so that faces of all sizes come up alike."""

from dataclasses import dataclass

import cv2
import numpy as np

from maskcls.training.teacher import Truth

# Face sizes in the crop are drawn from here, evenly on a logarithmic scale; the upper end is in crop sizes.
_SMALLEST_PX = 11.0
_LARGEST_CROPS = 1.1
# Enlarging further would teach blur, not faces.
_MOST_ENLARGED = 4.0
_STAMP_CROPS = 0.8
# Smaller faces than this in the crop teach nothing.
_VISIBLE_PX = 8.0
_MIRRORED = [1, 0, 2, 4, 3]


@dataclass(frozen=True)
class View:
    """Which part of a photograph a crop shows, and how: the random draw, apart from its use.

    Attributes:
        matrix: `(2, 3) float64`, photograph to crop.
        mirrored: Whether the crop is flipped after that.
        fill_rgb: What lies outside the photograph.
    """

    matrix: np.ndarray
    mirrored: bool
    fill_rgb: tuple[int, int, int]


def draw_view(rng: np.random.Generator, truth: Truth, shape: tuple[int, ...], *, size_px: int) -> View:
    """Draw a view: on a random face four times out of five, else anywhere.

    Args:
        rng: Where chance comes from.
        truth: The faces of the photograph.
        shape: Height and width of the photograph, then anything.
        size_px: Side of the crop.
    """
    h, w = shape[:2]
    if len(truth.boxes_xyxy) and rng.random() < 0.8:
        box = truth.boxes_xyxy[rng.integers(len(truth.boxes_xyxy))]
        face_px = max(float(np.sqrt((box[2] - box[0]) * (box[3] - box[1]))), 4.0)
        wanted = np.exp(rng.uniform(np.log(_SMALLEST_PX), np.log(_LARGEST_CROPS * size_px)))
        # … as long as the whole photograph does not shrink to a stamp.
        scale = float(np.clip(wanted / face_px, _STAMP_CROPS * size_px / max(h, w), _MOST_ENLARGED))
        target = (
            rng.uniform(0.1, 0.9, 2) * size_px
            if scale * face_px < size_px / 2
            else rng.uniform(0.35, 0.65, 2) * size_px
        )
        centre = (box[:2] + box[2:]) / 2
    else:
        scale = np.exp(rng.uniform(np.log(_STAMP_CROPS), np.log(2.5))) * size_px / max(h, w)
        target = np.array([size_px / 2, size_px / 2])
        centre = rng.uniform(0.2, 0.8, 2) * (w, h)
    angle = rng.normal(0, 12) if rng.random() < 0.3 else 0.0
    stretch = np.exp(rng.normal(0, 0.06))
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), angle, scale)
    matrix[:, 2] += _without_void(target - scale * centre, scale * np.array([w, h]), size_px) - (1 - scale) * centre
    matrix[0] *= stretch
    fill = rng.integers(0, 256, 3) if rng.random() < 0.5 else np.zeros(3)
    return View(matrix, bool(rng.random() < 0.5), (int(fill[0]), int(fill[1]), int(fill[2])))


def _without_void(corner: np.ndarray, sides: np.ndarray, size_px: int) -> np.ndarray:
    """Move a picture of `sides` at `corner` so that as much of the crop as can be shows it."""
    room = size_px - sides
    return np.clip(corner, np.minimum(room, 0), np.maximum(room, 0))


def apply_view(view: View, image_rgb: np.ndarray, truth: Truth, *, size_px: int) -> tuple[np.ndarray, Truth]:
    """Return the crop `(size_px, size_px, 3) uint8` and its faces; too small or half-hidden ones become ignored."""
    crop = _warp(image_rgb, view, size_px)
    boxes = _turn_boxes(truth.boxes_xyxy, view.matrix)
    landmarks = truth.landmarks @ view.matrix[:, :2].T + view.matrix[:, 2]
    ignored = _turn_boxes(truth.ignored_xyxy, view.matrix)
    if view.mirrored:
        crop = crop[:, ::-1]
        boxes, ignored = mirrored_boxes(boxes, size_px), mirrored_boxes(ignored, size_px)
        landmarks = mirrored_landmarks(landmarks, size_px)
    return np.ascontiguousarray(crop), _visible(Truth(boxes, landmarks, truth.sureness, ignored), size_px)


def mirrored_boxes(boxes_xyxy: np.ndarray, width_px: int) -> np.ndarray:
    """Return boxes `(n, 4)` as a mirror shows them."""
    x0, y0, x1, y1 = boxes_xyxy.T
    return np.stack([width_px - x1, y0, width_px - x0, y1], axis=1)


def mirrored_landmarks(landmarks: np.ndarray, width_px: int) -> np.ndarray:
    """Return landmarks `(n, 5, 2)` as a mirror shows them: the left eye is the right one then."""
    return landmarks[:, _MIRRORED] * (-1, 1) + (width_px, 0)


def _warp(image_rgb: np.ndarray, view: View, size_px: int) -> np.ndarray:
    matrix = view.matrix
    times = min(round(1 / np.sqrt(abs(np.linalg.det(matrix[:, :2])))), *image_rgb.shape[:2])
    if times > 1:
        # warpAffine does not average, so a picture that shrinks is averaged first, as it is when people use the finder.
        h, w = (side // times for side in image_rgb.shape[:2])
        image_rgb = cv2.resize(image_rgb[: h * times, : w * times], (w, h), interpolation=cv2.INTER_AREA)
        matrix = matrix @ np.diag([times, times, 1.0])
    # Boxes count from the edge of the first pixel, warpAffine from its middle.
    matrix = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, :2].sum(axis=1) / 2 - 0.5])
    return cv2.warpAffine(image_rgb, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderValue=view.fill_rgb)


def _turn_boxes(boxes_xyxy: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn the ellipse inside each box and box it again: a turned face fills its new box as it filled the old one."""
    centres = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    halves = np.sqrt(((boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]) / 2) ** 2 @ (matrix[:, :2] ** 2).T)
    return np.concatenate([centres - halves, centres + halves], axis=1)


def _visible(truth: Truth, size_px: int) -> Truth:
    boxes = truth.boxes_xyxy
    clipped = np.clip(boxes, 0, size_px)
    sides = clipped[:, 2:] - clipped[:, :2]
    share = sides.prod(axis=1) / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-6)
    kept = (share > 0.4) & (sides.max(axis=1, initial=0) >= _VISIBLE_PX)
    unclear = ~kept & (share > 0.05)
    ignored = np.concatenate([clipped[unclear], np.clip(truth.ignored_xyxy, 0, size_px)])
    return Truth(
        clipped[kept].astype(np.float32),
        truth.landmarks[kept].astype(np.float32),
        truth.sureness[kept],
        # What lies outside the view is not ignored but unseen.
        ignored[(ignored[:, 2:] > ignored[:, :2]).all(axis=1)].astype(np.float32),
    )
