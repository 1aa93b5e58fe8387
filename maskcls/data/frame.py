"""The frame of a face, in which masks and objects are drawn, and how what is drawn there gets into the picture.

In that frame x is 0 at the middle of the face and ±0.5 at the eyes, y is 0 at the eyes and 1 at the mouth.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Frame:
    """The face's frame in the picture: `origin` between the eyes, `axes` (2, 2) with x and y as columns, in pixels."""

    origin: np.ndarray
    axes: np.ndarray
    turn: float = 0.0

    @classmethod
    def of(cls, landmarks: np.ndarray) -> "Frame":
        """Return the frame of the face with these landmarks `(5, 2)`.

        Raises:
            ValueError: They span no face.
        """
        points = np.asarray(landmarks, np.float64)
        if points.shape != (5, 2) or not np.isfinite(points).all():
            raise ValueError(f"Expected five landmarks, (5, 2) and finite. Got: {points.tolist()}")
        left_eye, right_eye, nose, left_mouth, right_mouth = points
        origin = (left_eye + right_eye) / 2
        # A mouth is about four fifths as wide as the eyes are apart; both together tell the width more steadily.
        across = (right_eye - left_eye + (right_mouth - left_mouth)) / 1.8
        down = (left_mouth + right_mouth) / 2 - origin
        axes = np.stack([across, down], axis=1)
        if abs(np.linalg.det(axes)) < 1:
            raise ValueError(f"Expected landmarks that span a face. Got: {points.tolist()}")
        # Seen from the side the nose leaves the middle, and the middle of the mask goes with it.
        turn = float(np.clip(np.linalg.solve(axes, nose - origin)[0], -0.4, 0.4))
        return cls(origin, axes, turn)

    @property
    def unit_px(self) -> float:
        """How many pixels a length of 1 takes, in the mean of both axes."""
        return math.sqrt(abs(np.linalg.det(self.axes)))

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """Carry `(n, 2)` points of the face's frame into the picture."""
        x, y = points[:, 0], points[:, 1]
        bent = np.stack([x + self.turn * np.clip(1 - x**2, 0, 1), y], axis=1)
        return self.origin + bent @ self.axes.T

    def from_picture(self, x_px: np.ndarray, y_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Carry grids of picture coordinates into the face's frame (the bend is undone to first order)."""
        inverse = np.linalg.inv(self.axes)
        dx, dy = x_px - self.origin[0], y_px - self.origin[1]
        x, y = inverse[0, 0] * dx + inverse[0, 1] * dy, inverse[1, 0] * dx + inverse[1, 1] * dy
        return x - self.turn * np.clip(1 - x**2, 0, 1), y


@dataclass(frozen=True, eq=False)
class Patch:
    """The part of the picture that a drawing can touch, drawn `finer` times as fine as the picture."""

    left: int
    top: int
    width: int
    height: int
    finer: int

    @property
    def rows(self) -> slice:
        """Which rows of the picture these are."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Which columns of the picture these are."""
        return slice(self.left, self.left + self.width)

    @classmethod
    def around(cls, frame: Frame, shape: tuple[int, ...], extent: tuple[float, ...]) -> "Patch | None":
        """Return the patch for what lies within `extent` of the face's frame (left, top, right, bottom), if any."""
        left, top, right, bottom = extent
        corners = frame.to_picture(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]))
        left, top = np.clip(np.floor(corners.min(axis=0)), 0, [shape[1], shape[0]]).astype(int)
        right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, [shape[1], shape[0]]).astype(int)
        if right - left < 2 or bottom - top < 2:  # a strip of one pixel has no slopes to light, and shows nothing
            return None
        finer = 1 if frame.unit_px > 300 else max(2, math.ceil(120 / frame.unit_px))
        return cls(int(left), int(top), int(right - left), int(bottom - top), min(finer, 16))

    @property
    def fine_wh(self) -> tuple[int, int]:
        """Width and height in fine pixels."""
        return self.width * self.finer, self.height * self.finer

    def grid(self, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y in the face's frame of every fine pixel."""
        width, height = self.fine_wh
        columns = self.left + (np.arange(width) + 0.5) / self.finer - 0.5
        rows = self.top + (np.arange(height) + 0.5) / self.finer - 0.5
        x, y = frame.from_picture(columns[None, :], rows[:, None])
        return x.astype(np.float32), y.astype(np.float32)

    def fixed_point(self, points: np.ndarray) -> np.ndarray:
        """Return picture points as OpenCV wants them: fine pixels, four binary places."""
        fine = (points - [self.left, self.top] + 0.5) * self.finer - 0.5
        return np.clip(np.rint(fine * 16), -(2**28), 2**28).astype(np.int32)

    def coarse(self, fine: np.ndarray) -> np.ndarray:
        """Return a drawing of fine pixels `(h, w)` or `(h, w, 3)` at the picture's own resolution."""
        return cv2.resize(fine, (self.width, self.height), interpolation=cv2.INTER_AREA)


def face_light(x: np.ndarray, y: np.ndarray, cut: np.ndarray) -> tuple[float, np.ndarray]:
    """Return how bright the face is, near 1, and how that changes along x and y: a plane through its luminance."""
    luminance = cut.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    face = (np.abs(x) < 0.75) & (y > 0) & (y < 1.5)
    if face.sum() < 6:
        return 1.0, np.zeros(2)
    columns = np.stack([np.ones(face.sum()), x[face], y[face] - 0.7], axis=1)
    level, *slope = np.linalg.lstsq(columns, luminance[face], rcond=None)[0]
    level = max(float(level), 1.0)
    # Dark skin in good light and light skin in bad light measure alike: go half the way only.
    return float(np.clip(math.sqrt(level / 170), 0.55, 1.08)), np.clip(np.array(slope) / level, -0.35, 0.35)


def light_plane(brightness: float, slope: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how brightly every point is lit that is lit as the face is: see `face_light`."""
    return brightness * np.clip(1 + slope[0] * x + slope[1] * (y - 0.7), 0.65, 1.3)


def soften(alpha: np.ndarray, patch: Patch) -> np.ndarray:
    """Return an edge as soft as a lens makes it, about a pixel of the picture wide."""
    return cv2.GaussianBlur(alpha.astype(np.float32) / 255, (0, 0), 0.6 * patch.finer)


def smooth(corners: np.ndarray) -> np.ndarray:
    """Round a closed polygon `(n, 2)` by cutting its corners (Chaikin, 1974)."""
    for _ in range(3):
        after = np.roll(corners, -1, axis=0)
        corners = np.stack([0.75 * corners + 0.25 * after, 0.25 * corners + 0.75 * after], axis=1).reshape(-1, 2)
    return corners


def cast_shadow(alpha: np.ndarray, unit_px: float) -> np.ndarray:
    """Return how much light what is drawn takes from the skin around it, more below than above."""
    lower = np.array([[1, 0, 0], [0, 1, 0.035 * unit_px]], np.float32)
    moved = cv2.warpAffine(alpha, lower, alpha.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return 0.38 * cv2.GaussianBlur(moved, (0, 0), max(0.05 * unit_px, 0.5))


def composed(
    cut: np.ndarray, patch: Patch, layers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]], shadow: np.ndarray
) -> np.ndarray:
    """Return part of a picture with layers laid over it and their shadow under them: `(h, w, 3) uint8`.

    Args:
        cut: `(h, w, 3) uint8`, what the patch shows.
        patch: Where it lies.
        layers: The lowest first, each as colour `(3,)` or at every fine pixel, light and opacity, at every fine pixel.
        shadow: How much light is taken, at every fine pixel.
    """
    result = cut.astype(np.float32) * (1 - patch.coarse(shadow))[..., None]
    for colour, light, alpha in layers:
        veil = patch.coarse(alpha)[..., None]
        result = result * (1 - veil) + patch.coarse(np.clip(colour * light[..., None], 0, 255)) * veil
    return np.rint(np.clip(result, 0, 255)).astype(np.uint8)
