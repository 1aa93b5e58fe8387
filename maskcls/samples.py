"""Pictures to try the app with, and to test it on, without photographs of strangers.

All come from one portrait in the public domain: the astronaut Eileen Collins, photographed by NASA, which is part of
the scikit-image package. Masks are drawn on it.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from maskcls.data import painter

# Measured with OpenCV's FaceDetectorYN (YuNet, free input size) at the portrait's own 512×512 pixels, score 0.94, and
# rounded to a tenth of a pixel: image-left eye, image-right eye, nose, image-left and image-right mouth corner.
ASTRONAUT_LANDMARKS = ((203.4, 103.6), (247.5, 104.4), (224.1, 127.7), (204.0, 143.1), (242.9, 143.7))
ASTRONAUT_BOX_XYXY = (178.1, 65.0, 269.5, 176.4)


@dataclass(frozen=True)
class _Tile:
    """A piece of the group picture: who, how large the square cut out around the face is, mirrored or not."""

    name: str
    side_px: int
    mirrored: bool


_FOUR_FACES = "four_faces"
# What to call each sample, and where its mask sits (a key of `painter.POSITIONS`; None is no mask).
_PORTRAITS: dict[str, tuple[str, str | None]] = {
    "no_mask": ("No mask", None),
    "mask_worn": ("Mask worn", "worn"),
    "mask_below_nose": ("Mask below the nose", "below_nose"),
    "mask_on_chin": ("Mask on the chin", "chin"),
}
_TITLES = {name: words for name, (words, _) in _PORTRAITS.items()} | {_FOUR_FACES: "Four faces"}
# Different sizes, so that the finder has something to do; from 0.9 to 1.5 times the portrait's own scale.
_TILE_PX = 320
_TILES = (
    _Tile("mask_worn", 260, False),
    _Tile("no_mask", 340, True),
    _Tile("mask_below_nose", 215, True),
    _Tile("mask_on_chin", 300, False),
)


def names() -> tuple[str, ...]:
    """Return the samples' names, in the order in which to offer them."""
    return tuple(_TITLES)


def title(name: str) -> str:
    """Return what to call the sample `name` in front of people.

    Raises:
        ValueError: There is no such sample.
    """
    _check(name)
    return _TITLES[name]


def load(name: str) -> np.ndarray:
    """Return the sample `name` as a new `(h, w, 3) uint8` RGB picture.

    Raises:
        ValueError: There is no such sample.
    """
    _check(name)
    if name != _FOUR_FACES:
        return _portrait(name)
    return np.concatenate([_cut_tile(tile) for tile in _TILES], axis=1)


def _check(name: str) -> None:
    if name not in _TITLES:
        raise ValueError(f"Expected a sample of {', '.join(_TITLES)}. Got: {name!r}")


def _portrait(name: str) -> np.ndarray:
    from skimage import data  # here, because it takes half a second that only those who want a sample should wait

    astronaut = np.array(data.astronaut())
    position = _PORTRAITS[name][1]
    return astronaut if position is None else painter.paint_mask(astronaut, _landmarks(), position=position)


def _landmarks() -> np.ndarray:
    return np.array(ASTRONAUT_LANDMARKS, np.float32)


def _cut_tile(tile: _Tile) -> np.ndarray:
    centre = _landmarks().mean(axis=0)
    left, top = (max(0, round(float(c) - share * tile.side_px)) for c, share in zip(centre, (0.5, 0.45), strict=True))
    cut = _portrait(tile.name)[top : top + tile.side_px, left : left + tile.side_px]
    way = cv2.INTER_AREA if tile.side_px > _TILE_PX else cv2.INTER_CUBIC
    scaled = cv2.resize(cut, (_TILE_PX, _TILE_PX), interpolation=way)
    return np.ascontiguousarray(scaled[:, ::-1]) if tile.mirrored else scaled
