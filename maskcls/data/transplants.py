"""Real masks on other faces: cut out where somebody wears one, and put on a bare face, worn or slipped.

What cloth looks like in a photograph no painter knows as well; where it sits stays a matter of drawing
(Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method", 2021).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from maskcls.data.frame import Frame, smooth
from maskcls.data.painter import POSITIONS

# Where the upper and the lower edge come to lie, each between two heights of the face's frame, and how often.
_PLACES: dict[str, tuple[tuple[str, tuple[float, float], tuple[float, float], float], ...]] = {
    "with_mask": (("worn", (0.16, 0.36), (1.85, 2.1), 1.0),),
    "partial_mask": (
        ("below_nose", (0.74, 1.0), (1.85, 2.25), 0.4),
        ("chin", (1.3, 1.6), (2.0, 2.4), 0.3),
        ("forehead", (-1.6, -0.8), (-0.5, 0.25), 0.18),
        ("mouth_bare", (-0.5, 0.35), (0.58, 0.8), 0.12),
    ),
}
_WORN = POSITIONS["worn"]
_WORN_OUTLINE = smooth(
    np.concatenate([np.array(_WORN.upper + _WORN.lower), np.array(_WORN.upper + _WORN.lower)[-2:0:-1] * [-1, 1]])
)
_WORN_EDGES = _WORN.upper[0][1], _WORN.lower[-1][1]
# Around its middle, in the size of the usual outline: within the first it is cloth, beyond the last it is none.
_SURELY, _AT_MOST = 0.62, 1.2
_ROUNDS = 4
# What was cut out and the usual outline share so much of what either covers; less is a hand, a scarf or half a mask.
_LEAST_IOU = 0.7
# Beside the nose, below the eyes: skin that no mask covers.
_CHEEKS = np.array([(-0.45, 0.22), (0.0, -0.15), (0.45, 0.22)])
_MOST_GAIN = 1.6
_BRIGHTEST = 250


@dataclass(frozen=True, eq=False)
class Cutout:
    """A mask that somebody wears.

    Attributes:
        image_rgb: The picture, `(h, w, 3) uint8`.
        alpha: Where the mask is, `(h, w) float32`.
        frame: The frame of its wearer's face.
        light: How bright the skin beside it is.
    """

    image_rgb: np.ndarray
    alpha: np.ndarray
    frame: Frame
    light: float


@dataclass(frozen=True)
class Place:
    """Where a mask comes to lie on a face, in the face's frame.

    Attributes:
        name: "worn", "below_nose", "chin", "forehead", or "mouth_bare".
        upper: Height of its upper edge.
        lower: Height of its lower edge.
        right: How far it is moved to the right.
        width: 1 as usual.
        tilt_degrees: How far it is turned around its middle.
    """

    name: str
    upper: float
    lower: float
    right: float = 0.0
    width: float = 1.0
    tilt_degrees: float = 0.0

    @property
    def matrix(self) -> np.ndarray:
        """`(3, 3)`: from where it was worn to where it comes to lie."""
        was = sum(_WORN_EDGES) / 2
        shrink = np.diag([self.width, (self.lower - self.upper) / (_WORN_EDGES[1] - _WORN_EDGES[0]), 1.0])
        turn = np.radians(self.tilt_degrees)
        rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        return _shift(self.right, (self.upper + self.lower) / 2) @ rotation @ shrink @ _shift(0.0, -was)


def cut_out(image_rgb: np.ndarray, landmarks: np.ndarray) -> Cutout | None:
    """Return the mask that the face with these landmarks wears (GrabCut: Rother et al., 2004).

    Args:
        image_rgb: `(h, w, 3) uint8`.
        landmarks: `(5, 2)`, as a finder guesses them below the mask.

    Returns:
        None where what stands out does not look like a worn mask.

    Raises:
        ValueError: The landmarks span no face.
    """
    frame = Frame.of(landmarks)
    surely, usual, at_most = (_filled(image_rgb.shape, frame, size) for size in (_SURELY, 1.0, _AT_MOST))
    if not surely.any() or at_most.all():
        return None
    regions = np.select([surely, usual, at_most], [cv2.GC_FGD, cv2.GC_PR_FGD, cv2.GC_PR_BGD], cv2.GC_BGD).astype(
        np.uint8
    )
    cv2.setRNGSeed(0)
    cv2.grabCut(image_rgb, regions, None, np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK)
    cloth = _largest_piece(np.isin(regions, (cv2.GC_FGD, cv2.GC_PR_FGD)))
    if (cloth & usual).sum() < _LEAST_IOU * (cloth | usual).sum():
        return None
    alpha = cv2.GaussianBlur(cloth.astype(np.float32), (0, 0), 0.6)
    return Cutout(image_rgb, alpha, frame, _light(image_rgb, frame))


def draw_place(rng: np.random.Generator, label: str) -> Place:
    """Draw where a mask of a class lies.

    Raises:
        KeyError: It is a class of faces without masks.
    """
    places = _PLACES[label]
    name, upper, lower, _ = places[rng.choice(len(places), p=[share for *_, share in places])]
    return Place(
        name,
        upper=float(rng.uniform(*upper)),
        lower=float(rng.uniform(*lower)),
        right=float(rng.normal(0, 0.05)),
        width=float(np.exp(rng.normal(0, 0.06))),
        tilt_degrees=float(rng.normal(0, 4)),
    )


def transplant(mask: Cutout, place: Place, image_rgb: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return `image_rgb` `(h, w, 3) uint8` with the mask on the face of these landmarks `(5, 2)`.

    It is lit as brightly as that face.

    Raises:
        ValueError: The landmarks span no face.
    """
    frame = Frame.of(landmarks)
    matrix = (_to_picture(frame) @ place.matrix @ np.linalg.inv(_to_picture(mask.frame)))[:2]
    size = image_rgb.shape[1::-1]
    alpha = cv2.warpAffine(mask.alpha, matrix, size)[..., None]
    cloth = cv2.warpAffine(mask.image_rgb, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    brightest = float(np.percentile(mask.image_rgb[mask.alpha > 0.5], 95))
    gain = float(np.clip(_light(image_rgb, frame) / mask.light, 1 / _MOST_GAIN, _MOST_GAIN))
    lit = cloth * min(gain, max(1.0, _BRIGHTEST / max(brightest, 1.0)))
    return np.clip(np.rint(image_rgb * (1 - alpha) + lit * alpha), 0, 255).astype(np.uint8)


def _filled(shape: tuple[int, ...], frame: Frame, size: float) -> np.ndarray:
    middle = _WORN_OUTLINE.mean(axis=0)
    corners = frame.to_picture((_WORN_OUTLINE - middle) * size + middle)
    filled = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(filled, [np.rint(corners).astype(np.int32)], 1)
    return filled.astype(bool)


def _largest_piece(cloth: np.ndarray) -> np.ndarray:
    """Return the largest connected piece, without threads that lead away from it and with its holes filled."""
    opened = cv2.morphologyEx(cloth.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    piece = np.zeros_like(opened)
    if outlines:
        cv2.drawContours(piece, [max(outlines, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return piece.astype(bool)


def _light(image_rgb: np.ndarray, frame: Frame) -> float:
    """Return how bright the skin below the eyes is, at least 1."""
    x, y = np.clip(np.rint(frame.to_picture(_CHEEKS)), 0, np.array(image_rgb.shape[1::-1]) - 1).astype(int).T
    blurred = cv2.GaussianBlur(image_rgb, (0, 0), max(1.0, 0.1 * frame.unit_px))
    return max(1.0, float(np.median(blurred[y, x].mean(axis=1))))


def _to_picture(frame: Frame) -> np.ndarray:
    return np.vstack([np.column_stack([frame.axes, frame.origin]), [0, 0, 1]])


def _shift(right: float, down: float) -> np.ndarray:
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1]], float)
