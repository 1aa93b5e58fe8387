"""Faces with masks that nobody wore: random masks painted on bare faces, for classes that photographs show too seldom.

Drawing the parameters is apart from applying them, so that a preview and a training show the same picture.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from maskcls.data import painter
from maskcls.data.prints import as_rgb, draw_print

# Where a mask of each class sits, and how often.
_POSITIONS: dict[str, tuple[tuple[str, float], ...]] = {
    "with_mask": (("worn", 1.0),),
    "partial_mask": (("below_nose", 0.37), ("chin", 0.24), ("one_ear", 0.16), ("forehead", 0.14), ("mouth_bare", 0.09)),
}
LABELS = tuple(_POSITIONS)
_STYLES = (
    ("surgical", painter.SURGICAL, 0.5),
    ("cloth", painter.CLOTH, 0.3),
    ("ffp2", painter.FFP2, 0.2),
)
_COLOURS = {
    "surgical": ((172, 207, 226), (236, 240, 242), (150, 205, 190), (238, 200, 212), (40, 40, 44)),
    "cloth": (
        (24, 24, 27),
        (40, 48, 80),
        (120, 28, 36),
        (230, 228, 222),
        (120, 120, 124),
        (60, 90, 60),
        (200, 170, 140),
    ),
    "ffp2": ((240, 240, 238), (236, 240, 242), (30, 30, 33)),
}
_PRINT_SHARE = 0.4
# Of masks that are pushed up: where the lower edge comes to lie, and how long they are.
_PUSHED_UP = {"forehead": ((-0.5, 0.35), (0.5, 0.9)), "mouth_bare": ((0.6, 0.84), (0.3, 0.8))}
# Where the middle and the lower edge of a worn mask lie, down from the eyes, in distances from there to the mouth.
_MIDDLE, _LOWER_EDGE = 1.1, painter.POSITIONS["worn"].lower[-1][1]


@dataclass(frozen=True)
class Synthetic:
    """One draw of a mask on a face.

    Attributes:
        position: A key of `painter.POSITIONS`, or "one_ear": it hangs beside the face, "forehead": pushed up,
            or "mouth_bare": over the nose, and the eyes too where it is long.
        style: What it is made of, with its print.
        colour: RGB of the cloth.
        shift: How far it sits from its usual place: right, in distances between the eyes, and down, in distances from
            the eyes to the mouth.
        stretch: How wide and how long it is, 1 as usual.
        tilt_degrees: How far it is turned.
        mirrored: At which ear it hangs.
        blur_px: Standard deviation of what the camera's lens does to it.
        noise_seed: Which noise lies over it; how strong it is, the photograph says.
    """

    position: str
    style: painter.Style = painter.SURGICAL
    colour: tuple[int, int, int] = painter.SURGICAL_BLUE
    shift: tuple[float, float] = (0.0, 0.0)
    stretch: tuple[float, float] = (1.0, 1.0)
    tilt_degrees: float = 0.0
    mirrored: bool = False
    blur_px: float = 0.0
    noise_seed: int = 0


def draw_synthetic(rng: np.random.Generator, label: str) -> Synthetic:
    """Draw a mask for a class.

    Args:
        rng: Where chance comes from.
        label: One of `LABELS`.

    Raises:
        KeyError: Masks of that class cannot be painted.
    """
    positions = _POSITIONS[label]
    position = positions[rng.choice(len(positions), p=[share for _, share in positions])][0]
    name, style, _ = _STYLES[rng.choice(len(_STYLES), p=[share for *_, share in _STYLES])]
    colours = _COLOURS[name]
    base = np.array(colours[rng.integers(len(colours))])
    colour = as_rgb(base + rng.normal(0, 14) + rng.normal(0, 8, 3))
    if name == "cloth" and rng.random() < _PRINT_SHARE:
        style = replace(style, print=draw_print(rng))
    if rng.random() < 0.3:
        style = replace(style, strap_colour=colour)
    hanging = position == "one_ear"
    length, down = np.exp(rng.normal(0, 0.06)) * (0.55 if hanging else 1), rng.normal(0, 0.04)
    if position in _PUSHED_UP:
        ends, lengths = _PUSHED_UP[position]
        length = rng.uniform(*lengths)
        down = rng.uniform(*ends) - (_MIDDLE + (_LOWER_EDGE - _MIDDLE) * length)
    return Synthetic(
        position,
        style=style,
        colour=colour,
        shift=(float(rng.normal(0, 0.05)), float(down)),
        stretch=(float(np.exp(rng.normal(0, 0.06))), float(length)),
        tilt_degrees=float(rng.uniform(50, 95) if hanging else rng.normal(0, 4)),
        mirrored=bool(rng.random() < 0.5),
        blur_px=float(rng.uniform(0.2, 0.7)),
        noise_seed=int(rng.integers(2**31)),
    )


def apply_synthetic(mask: Synthetic, image_rgb: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return `image_rgb` `(h, w, 3) uint8` with the mask on the face of these landmarks `(5, 2)`.

    Raises:
        ValueError: The landmarks span no face.
    """
    position = mask.position if mask.position in painter.POSITIONS else "worn"
    places = _moved(mask, np.asarray(landmarks, np.float64))
    painted = painter.paint_mask(image_rgb, places, position=position, colour=mask.colour, style=mask.style)
    changed = (painted != image_rgb).any(axis=2)
    if not changed.any():
        return painted
    soft = cv2.GaussianBlur(painted, (0, 0), mask.blur_px) if mask.blur_px else painted
    grain = np.random.default_rng(mask.noise_seed).normal(0, _noise_level(image_rgb), image_rgb.shape)
    result = painted.copy()
    result[changed] = np.clip(np.rint(soft + grain), 0, 255).astype(np.uint8)[changed]
    return result


def _moved(mask: Synthetic, landmarks: np.ndarray) -> np.ndarray:
    """Return landmarks of the face that would wear this mask in the usual place."""
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
    across, down = landmarks[1] - landmarks[0], mouth - eyes
    # A mask turns around its middle; one that hangs, around the ear that it hangs from, and is seen from its edge.
    hanging = mask.position == "one_ear"
    side = -1 if mask.mirrored else 1
    pivot = eyes + side * across + 0.35 * down if hanging else eyes + _MIDDLE * down
    turn = np.radians(mask.tilt_degrees * (-side if hanging else 1))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    axes = np.stack([across, down], axis=1)
    if not abs(np.linalg.det(axes)) >= 1:
        raise ValueError(f"Expected landmarks that span a face. Got: {landmarks.tolist()}")
    scaled = axes @ np.diag(mask.stretch) @ np.linalg.inv(axes)
    moved = (landmarks - pivot) @ (rotation @ scaled).T + pivot
    return moved + mask.shift[0] * across + mask.shift[1] * down


def _noise_level(image_rgb: np.ndarray) -> np.ndarray:
    """Return the standard deviation of each channel's noise (Immerkær, "Fast Noise Variance Estimation", 1996)."""
    if min(image_rgb.shape[:2]) < 3:
        return np.zeros(3)
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(image_rgb, cv2.CV_32F, mask)[1:-1, 1:-1])
    # The median instead of the mean: edges of the picture are no noise.
    return np.median(response, axis=(0, 1)) / 0.6745 / 6
