"""Things that are no mask, drawn before a bare face: a cup, a phone, a scarf, paper, a high collar, a headband.

Classifiers of this field take them for masks. Drawing the parameters is apart from applying them, as for masks
(`maskcls.data.synthesis`).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from maskcls.data.frame import Frame, Patch, cast_shadow, composed, face_light, light_plane, smooth, soften
from maskcls.data.prints import Print, as_rgb, draw_print, dyed

OBJECTS = ("cup", "phone", "scarf", "paper", "collar", "headband")
_COLOURS = {
    "cup": ((246, 246, 244), (182, 134, 96), (40, 60, 110), (176, 44, 40), (30, 30, 32)),
    "phone": ((18, 18, 20), (232, 232, 234), (70, 96, 140), (196, 150, 140)),
    "scarf": ((120, 28, 36), (60, 64, 72), (196, 176, 140), (40, 60, 110), (224, 222, 216), (24, 24, 26)),
    "paper": ((244, 244, 242), (236, 232, 214)),
    "collar": ((244, 244, 246), (24, 24, 28), (150, 182, 214), (110, 110, 116), (70, 40, 40)),
    "headband": ((236, 236, 238), (24, 24, 28), (172, 207, 226), (150, 30, 36), (40, 60, 110), (90, 110, 80)),
}
# Half of each outline, from the middle of its upper edge down to the middle of its lower one, around its own middle.
_OUTLINES = {
    "cup": ((0, -0.62), (0.3, -0.6), (0.46, -0.56), (0.34, 0.66), (0.2, 0.74), (0, 0.76)),
    "phone": ((0, -0.8), (0.34, -0.8), (0.4, -0.74), (0.4, 0.74), (0.34, 0.8), (0, 0.8)),
    "scarf": ((0, -0.5), (0.4, -0.56), (0.9, -0.72), (1.2, -0.6), (1.2, 0.9), (0.7, 1.1), (0, 1.2)),
    "paper": ((0, -0.8), (0.6, -0.8), (0.6, -0.8), (0.6, 0.8), (0.6, 0.8), (0, 0.8)),
    "collar": ((0, -0.2), (0.4, -0.34), (0.75, -0.62), (0.9, -0.5), (1.0, 0.6), (0.7, 0.8), (0, 0.9)),
    "headband": ((0, -0.3), (0.5, -0.26), (0.92, -0.1), (0.98, 0.34), (0.5, 0.24), (0, 0.22)),
}
# Where the middle of each lies: least and most, across and down. Scarves leave the nose bare, or who could say?
_MIDDLES = {
    "cup": ((-0.25, 0.25), (1.15, 1.6)),
    "phone": ((-0.35, 0.35), (0.9, 1.5)),
    "scarf": ((-0.05, 0.05), (1.5, 2.2)),
    "paper": ((-0.3, 0.3), (1.5, 2.3)),
    "collar": ((-0.05, 0.05), (1.95, 2.3)),
    # It is on a forehead that masks that are pushed up differ from other cloth.
    "headband": ((-0.05, 0.05), (-0.85, -0.5)),
}
_TILTS = {"cup": 10.0, "phone": 25.0, "scarf": 5.0, "paper": 12.0, "collar": 3.0, "headband": 5.0}
_ROUND = ("cup", "scarf", "collar", "headband")
_PRINT_SHARES = {"cup": 0.4, "phone": 0.1, "scarf": 0.6, "paper": 0.5, "collar": 0.2, "headband": 0.5}


@dataclass(frozen=True)
class Thing:
    """One draw of an object before a face.

    Attributes:
        kind: One of `OBJECTS`.
        colour: RGB.
        middle: Where it is, in the face's frame.
        size: 1 as usual.
        tilt_degrees: How far it is turned.
        print: What is printed on it; None is plain.
    """

    kind: str
    colour: tuple[int, int, int]
    middle: tuple[float, float]
    size: float = 1.0
    tilt_degrees: float = 0.0
    print: Print | None = None


def draw_thing(rng: np.random.Generator) -> Thing:
    """Draw an object of any kind."""
    kind = OBJECTS[rng.integers(len(OBJECTS))]
    colours = _COLOURS[kind]
    colour = as_rgb(np.array(colours[rng.integers(len(colours))]) + rng.normal(0, 12) + rng.normal(0, 6, 3))
    pattern = draw_print(rng) if rng.random() < _PRINT_SHARES[kind] else None
    across, down = _MIDDLES[kind]
    return Thing(
        kind,
        colour,
        (float(rng.uniform(*across)), float(rng.uniform(*down))),
        size=float(np.exp(rng.normal(0, 0.12))),
        tilt_degrees=float(rng.normal(0, _TILTS[kind])),
        print=pattern,
    )


def apply_thing(thing: Thing, image_rgb: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return `image_rgb` `(h, w, 3) uint8` with the object before the face of these landmarks `(5, 2)`.

    Raises:
        ValueError: The landmarks span no face.
    """
    frame = Frame.of(landmarks)
    outline = _outline(thing)
    (left, top), (right, bottom) = outline.min(axis=0) - 0.3, outline.max(axis=0) + 0.3
    painted = image_rgb.copy()
    patch = Patch.around(frame, image_rgb.shape, (left, top, right, bottom))
    if patch is None:
        return painted
    cut = painted[patch.rows, patch.columns]
    alpha = np.zeros(patch.fine_wh[::-1], np.uint8)
    cv2.fillPoly(alpha, [patch.fixed_point(frame.to_picture(outline))], 255, cv2.LINE_AA, 4)
    cover = soften(alpha, patch)
    x, y = patch.grid(frame)
    brightness, slope = face_light(patch.coarse(x), patch.coarse(y), cut)
    lit = light_plane(brightness, slope, x, y) * _shade(thing, x, y)
    shadow = cast_shadow(cover, frame.unit_px * patch.finer)
    cut[:] = composed(cut, patch, [(dyed(thing.colour, thing.print, x, y), lit, cover)], shadow)
    return painted


def _outline(thing: Thing) -> np.ndarray:
    """Return the object's outline in the face's frame: `(n, 2)`."""
    right = np.array(_OUTLINES[thing.kind])
    whole = smooth(np.concatenate([right, right[-2:0:-1] * [-1, 1]]))
    turn = np.radians(thing.tilt_degrees)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return whole * thing.size @ rotation.T + thing.middle


def _shade(thing: Thing, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how brightly every point of the object is lit, around 1."""
    across = (x - thing.middle[0]) / (np.abs(np.array(_OUTLINES[thing.kind])[:, 0]).max() * thing.size)
    if thing.kind not in _ROUND:
        return np.ones_like(x)
    light = 0.62 + 0.4 * np.sqrt(np.clip(1 - across**2, 0.02, 1))
    if thing.kind == "scarf":
        # Cloth around a neck lies in folds that sag in the middle.
        light *= 1 + 0.12 * np.sin(2 * np.pi * (y + 0.25 * across**2) / 0.3)
    return light
