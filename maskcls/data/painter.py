"""Draw a mask on a face, so that the three classes can be shown without photographs of strangers.

A mask is drawn in the face's own frame: x is 0 at the middle of the face and ±0.5 at the eyes, y is 0 at the eyes and 1
at the mouth. `POSITIONS` and the styles are tables in that frame; the landmarks carry it into the picture. The cloth
is a small landscape of heights (head, nose, folds, wrinkles) that is lit the way the face is lit.
"""

from dataclasses import dataclass, fields
from typing import Any

import cv2
import numpy as np

from maskcls.data.frame import Frame, Patch, Points, cast_shadow, composed, face_light, light_plane, smooth, soften
from maskcls.data.prints import Print, dyed

SURGICAL_BLUE = (172, 207, 226)
# What of the face's frame a mask can touch.
_EXTENT = (-1.3, -0.1, 1.3, 2.5)


@dataclass(frozen=True)
class Position:
    """Where a mask sits on the face.

    Attributes:
        upper: The image-right half of the upper edge, from the middle outwards.
        lower: The image-right side and lower edge, from the upper corner down to the middle.
        folds: Heights of the pleats in the middle of the face.
        straps: The image-right straps, each as start, bend and end.
        nose_height: How far the nose lifts the cloth; 0 where it does not touch it.
        slack: How much the cloth wrinkles; 0 is taut.
    """

    upper: Points
    lower: Points
    folds: tuple[float, ...]
    straps: tuple[Points, ...]
    nose_height: float
    slack: float


@dataclass(frozen=True)
class Style:
    """What a mask is made of, whatever its colour.

    Attributes:
        fold_depth: How far a pleat steps out.
        hem: Width of the sewn edge.
        strap: Width of a strap.
        strap_colour: RGB.
        weave: Strength of the cloth's grain, as a share of its brightness.
        ridge: Height of the fold down the middle, as filtering half masks have one.
        print: What is printed on the cloth; None is plain.
    """

    fold_depth: float = 0.05
    hem: float = 0.055
    strap: float = 0.035
    strap_colour: tuple[int, int, int] = (236, 238, 240)
    weave: float = 0.012
    ridge: float = 0.0
    print: Print | None = None


SURGICAL = Style()
CLOTH = Style(fold_depth=0.0, hem=0.07, strap=0.04, weave=0.03)
FFP2 = Style(fold_depth=0.0, hem=0.05, ridge=0.16, weave=0.006)

POSITIONS = {
    "worn": Position(
        upper=((0, 0.26), (0.12, 0.27), (0.3, 0.42), (0.6, 0.53), (0.95, 0.6)),
        lower=((0.95, 0.64), (0.93, 0.9), (0.88, 1.2), (0.8, 1.42), (0.62, 1.72), (0.36, 1.95), (0, 2.02)),
        folds=(0.86, 1.13, 1.4),
        straps=(((0.93, 0.64), (0.98, 0.54), (1.02, 0.36)), ((0.86, 1.2), (0.95, 1.02), (1.01, 0.62))),
        nose_height=0.3,
        slack=0.6,
    ),
    "below_nose": Position(
        upper=((0, 0.8), (0.2, 0.8), (0.5, 0.76), (0.75, 0.72), (0.94, 0.7)),
        lower=((0.94, 0.76), (0.9, 1.05), (0.86, 1.3), (0.78, 1.5), (0.6, 1.8), (0.36, 2.02), (0, 2.1)),
        folds=(1.08, 1.32, 1.56),
        straps=(((0.92, 0.73), (0.97, 0.58), (1.02, 0.36)), ((0.84, 1.3), (0.95, 1.05), (1.01, 0.64))),
        nose_height=0.0,
        slack=0.9,
    ),
    "chin": Position(
        upper=((0, 1.44), (0.2, 1.44), (0.45, 1.38), (0.7, 1.24), (0.9, 1.08)),
        lower=((0.93, 1.14), (0.9, 1.4), (0.82, 1.6), (0.7, 1.8), (0.5, 2.02), (0.28, 2.16), (0, 2.2)),
        folds=(1.62, 1.78, 1.94),
        straps=(((0.88, 1.12), (0.94, 0.85), (1.01, 0.4)), ((0.86, 1.42), (0.97, 1.1), (1.02, 0.64))),
        nose_height=0.0,
        slack=1.4,
    ),
}


def slid(share: float) -> Position:
    """Return where a mask sits that is on its way from worn (0) by below the nose (0.5) down to the chin (1)."""
    names = ("worn", "below_nose", "chin")
    place = min(max(share, 0.0), 1.0) * 2
    above, below = POSITIONS[names[int(min(place, 1))]], POSITIONS[names[int(min(place, 1)) + 1]]
    part = place - int(min(place, 1))

    def between(first: Any, second: Any) -> Any:
        if isinstance(first, tuple):
            return tuple(between(one, other) for one, other in zip(first, second, strict=True))
        return (1 - part) * first + part * second

    return Position(*(between(getattr(above, one.name), getattr(below, one.name)) for one in fields(Position)))


def paint_mask(
    image_rgb: np.ndarray,
    landmarks: np.ndarray,
    *,
    position: str | Position = "worn",
    colour: tuple[int, int, int] = SURGICAL_BLUE,
    style: Style = SURGICAL,
) -> np.ndarray:
    """Draw a mask on one face.

    Args:
        image_rgb: `(h, w, 3) uint8`; it is left as it is.
        landmarks: `(5, 2)` x and y in pixels: image-left eye, image-right eye, nose, image-left and image-right mouth
            corner. They may lie outside the picture.
        position: A key of `POSITIONS`: "worn" covers nose, mouth and chin, "below_nose" leaves the nose bare, "chin"
            leaves nose and mouth bare; or one of your own, as from `slid`.
        colour: RGB of the cloth.
        style: What it is made of.

    Returns:
        A new `(h, w, 3) uint8` picture.

    Raises:
        ValueError: There is no such position, or the landmarks span no face.
    """
    where = POSITIONS.get(position) if isinstance(position, str) else position
    if where is None:
        raise ValueError(f"Expected a position of {', '.join(POSITIONS)}. Got: {position!r}")
    frame = Frame.of(landmarks)
    patch = Patch.around(frame, image_rgb.shape, _EXTENT)
    painted = image_rgb.copy()
    if patch is None:
        return painted
    cut = painted[patch.rows, patch.columns]
    cut[:] = _paint(cut, frame, patch, _Job(where, style, colour))
    return painted


@dataclass(frozen=True)
class _Job:
    position: Position
    style: Style
    colour: tuple[int, int, int]


def _paint(cut: np.ndarray, frame: Frame, patch: Patch, job: _Job) -> np.ndarray:
    x, y = patch.grid(frame)
    unit_px = frame.unit_px * patch.finer
    brightness, slope = face_light(patch.coarse(x), patch.coarse(y), cut)
    lit = light_plane(brightness, slope, x, y)
    cloth = _outline_alpha(frame, patch, job.position)
    straps = _strap_alpha(frame, patch, job, unit_px)
    cloth_light = lit * _shade(x, y, slope, unit_px, job) * _hem(cloth, unit_px, job.style)
    layers = (
        (np.array(job.style.strap_colour, np.float32), lit, straps),
        (dyed(job.colour, job.style.print, x, y), cloth_light, cloth),
    )
    return composed(cut, patch, layers, cast_shadow(np.maximum(cloth, straps), unit_px))


def _shade(x: np.ndarray, y: np.ndarray, slope: np.ndarray, unit_px: float, job: _Job) -> np.ndarray:
    """Return how brightly every point of the cloth is lit, around 1."""
    height = _heights(x, y, job)
    down, right = np.gradient(height, 1 / unit_px)
    normal = np.stack([-right, -down, np.ones_like(height)])
    normal /= np.linalg.norm(normal, axis=0)
    # Portraits are lit from above and in front; left or right as the face tells.
    light = np.array([float(np.clip(2 * slope[0], -0.5, 0.5)), -0.45, 1.0])
    lambert = np.tensordot(light / np.linalg.norm(light), normal, axes=1)
    grain = np.random.default_rng(0).standard_normal(x.shape, np.float32)
    return 0.3 + 0.78 * np.clip(lambert, 0, 1) + job.style.weave * cv2.GaussianBlur(grain, (0, 0), 1.0) * 2


def _heights(x: np.ndarray, y: np.ndarray, job: _Job) -> np.ndarray:
    position, style = job.position, job.style
    head = 0.75 * np.sqrt(np.clip(1 - (x / 1.25) ** 2 - ((y - 0.95) / 1.75) ** 2, 0.02, 1))
    # The cloth hangs like a tent from the tip of the nose, steeper above than below.
    tent = position.nose_height * np.exp(-((x / 0.3) ** 2) - ((y - 0.62) / np.where(y < 0.62, 0.3, 0.6)) ** 2)
    folds = np.zeros_like(x)
    for fold in position.folds:
        # Pleats are sewn in at the sides, where they draw together, and belly out in the middle.
        middle = sum(position.folds) / len(position.folds)
        course = middle + (fold - middle) * (1 - 0.35 * np.clip(np.abs(x), 0, 1) ** 2) - 0.14 * x**2
        below = np.clip((y - course) / 0.3, 0, 1)
        folds += style.fold_depth / (1 + np.exp(np.clip((y - course) / 0.012, -30, 30)))
        folds += style.fold_depth * below * (1 - below) ** 2
    tent = tent + style.ridge * np.exp(-np.abs(x) / 0.35) * np.clip((y - 0.2) / 0.3, 0, 1)
    return head + tent + folds + position.slack * _wrinkles(x, y, position)


def _wrinkles(x: np.ndarray, y: np.ndarray, position: Position) -> np.ndarray:
    """Return soft ridges that fan out from where the straps pull."""
    ridges = np.zeros_like(x)
    for strap in position.straps:
        for side in (-1, 1):
            dx, dy = side * strap[0][0] - x, y - strap[0][1]
            distance = np.hypot(dx, dy)
            # Gone at the seam itself, where all ridges would meet in one point, and far from it.
            fade = np.clip(distance / 0.2, 0, 1) * np.exp(-((np.clip(distance - 0.25, 0, None) / 0.2) ** 2))
            ridges += 0.014 * np.sin(9 * np.arctan2(dy, side * dx) + side) * fade
    return ridges


def _hem(cloth: np.ndarray, unit_px: float, style: Style) -> np.ndarray:
    """Return the sewn edge as brightness around 1: a seam, and a little less light where the cloth bends away."""
    inside = cv2.distanceTransform((cloth > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / unit_px
    seam = 0.1 * np.exp(-(((inside - style.hem) / 0.012) ** 2))
    return 1 - seam - 0.12 * np.exp(-inside / 0.03)


def _outline_alpha(frame: Frame, patch: Patch, position: Position) -> np.ndarray:
    right = np.array(position.upper + position.lower)
    left = right[-2:0:-1] * [-1, 1]
    corners = smooth(np.concatenate([right, left]))
    alpha = np.zeros(patch.fine_wh[::-1], np.uint8)
    cv2.fillPoly(alpha, [patch.fixed_point(frame.to_picture(corners))], 255, cv2.LINE_AA, 4)
    return soften(alpha, patch)


def _strap_alpha(frame: Frame, patch: Patch, job: _Job, unit_px: float) -> np.ndarray:
    alpha = np.zeros(patch.fine_wh[::-1], np.uint8)
    thickness = max(1, round(job.style.strap * unit_px))
    t = np.linspace(0, 1, 33)[:, None]
    for strap in job.position.straps:
        start, bend, end = np.array(strap)
        curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
        for side in (-1, 1):
            points = patch.fixed_point(frame.to_picture(curve * [side, 1]))
            # It fades into the hair or behind the ear, wherever that is: the landmarks do not tell.
            for step in range(31, -1, -1):
                ink = int(255 * min(1.0, (32 - step) / 14))
                cv2.polylines(alpha, [points[step : step + 2]], False, ink, thickness, cv2.LINE_AA, 4)
    return soften(alpha, patch)
