"""Augmentation that people choose: what may happen to a face picture in training, drawn first and then applied.

A preview and a training that draw from the same seed show the same picture. It belongs to training alone: the network
that is served never holds it.
"""

from dataclasses import dataclass, field, fields

import cv2
import numpy as np

from maskcls.data.photometric import Photometric, apply_photometric
from maskcls.errors import SettingsError

# How far each may go, for people who set it.
LIMITS = {
    "flip": 0.5,
    "rotation_degrees": 180.0,
    "shear_degrees": 45.0,
    "zoom": 0.5,
    "shift": 0.5,
    "brightness": 1.0,
    "contrast": 1.0,
    "blur_px": 5.0,
    "noise": 64.0,
    "jpeg": 1.0,
    "erasing": 1.0,
    "painted": 1.0,
}
_POOREST_JPEG = 20
# An erased patch covers so much of the picture's area (Zhong et al., "Random Erasing Data Augmentation", 2020).
_ERASED = (0.02, 0.2)


@dataclass(frozen=True)
class Augmentation:
    """How much of each change may come up; 0 is none.

    Attributes:
        flip: How often the picture is mirrored.
        rotation_degrees: Turned by as much, either way.
        shear_degrees: Slanted by as much, either way.
        zoom: Larger or smaller by as much, as a share.
        shift: Moved by as much, as a share of the side.
        brightness: Lighter or darker by as much, as a share of the whole range.
        contrast: More or less by as much, as a share.
        blur_px: Standard deviation of a Gaussian blur, at most, in pixels of a crop of 128.
        noise: Standard deviation of Gaussian noise, at most, in levels of 255.
        jpeg: How often the picture is compressed poorly.
        erasing: How often a patch is covered with noise.
        painted: How often a mask is painted on a bare face, which makes it a face of another class.
    """

    flip: float = 0.5
    rotation_degrees: float = 12.0
    shear_degrees: float = 4.0
    zoom: float = 0.1
    shift: float = 0.05
    brightness: float = 0.15
    contrast: float = 0.2
    blur_px: float = 0.8
    noise: float = 6.0
    jpeg: float = 0.2
    erasing: float = 0.0
    painted: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        for one in fields(self):
            value = getattr(self, one.name)
            if not 0 <= value <= LIMITS[one.name]:
                words = one.name.replace("_", " ")
                raise SettingsError(f"{words} goes from 0 to {LIMITS[one.name]:g}. Got: {value}")


NONE = Augmentation(**dict.fromkeys(LIMITS, 0.0))


@dataclass(frozen=True)
class Change:
    """One draw of what happens to a picture.

    Attributes:
        flip: Mirrored.
        rotation_degrees: Turned by so much.
        shear_degrees: Slanted by so much.
        zoom: Enlarged by this factor.
        shift: Moved right and down, in sides.
        erased: Left, top, right, bottom of a covered patch, in sides; empty for none.
        erased_seed: What the patch is covered with.
        photometric: Light, blur, noise and compression.
    """

    flip: bool = False
    rotation_degrees: float = 0.0
    shear_degrees: float = 0.0
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    erased: tuple[float, ...] = ()
    erased_seed: int = 0
    photometric: Photometric = field(default_factory=Photometric)


def draw_change(rng: np.random.Generator, chosen: Augmentation) -> Change:
    """Draw what happens to a picture.

    Args:
        rng: Where chance comes from.
        chosen: How much may happen.
    """

    def either_way(most: float) -> float:
        return float(rng.uniform(-most, most))

    return Change(
        flip=bool(rng.random() < chosen.flip),
        rotation_degrees=either_way(chosen.rotation_degrees),
        shear_degrees=either_way(chosen.shear_degrees),
        zoom=float(1 + either_way(chosen.zoom)),
        shift=(either_way(chosen.shift), either_way(chosen.shift)),
        erased=_draw_patch(rng) if rng.random() < chosen.erasing else (),
        erased_seed=int(rng.integers(2**31)),
        photometric=Photometric(
            gain=1 + either_way(chosen.contrast),
            shift=255 * either_way(chosen.brightness),
            blur_px=float(rng.uniform(0, chosen.blur_px)),
            noise=float(rng.uniform(0, chosen.noise)),
            noise_seed=int(rng.integers(2**31)),
            jpeg_quality=int(rng.integers(_POOREST_JPEG, 80)) if rng.random() < chosen.jpeg else 100,
        ),
    )


def apply_change(change: Change, image_rgb: np.ndarray, *, size_px: int) -> np.ndarray:
    """Return a picture `(h, w, 3) uint8`, changed, as a square of `size_px`; its edge is repeated around it."""
    height, width = image_rgb.shape[:2]
    matrix = _matrix(change, width, height, size_px)
    # Many pixels that become one are averaged before: warpAffine reads four neighbours only.
    shrink = max(height, width) / size_px
    if shrink > 1.5:
        small = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        image_rgb = cv2.resize(image_rgb, small, interpolation=cv2.INTER_AREA)
        matrix = _matrix(change, *small, size_px)
    turned = cv2.warpAffine(
        image_rgb, matrix, (size_px, size_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return _erase(change, apply_photometric(change.photometric, turned))


def _matrix(change: Change, width: int, height: int, size_px: int) -> np.ndarray:
    """Return the affine matrix from the picture to the square, `(2, 3)`: all of its geometry in one step."""
    angle, slant = np.deg2rad([change.rotation_degrees, change.shear_degrees])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    scale = change.zoom * np.array([size_px / width, size_px / height])
    linear = turn @ np.array([[1.0, np.tan(slant)], [0.0, 1.0]]) @ np.diag(scale * ([-1, 1] if change.flip else [1, 1]))
    middle = np.array([width - 1, height - 1]) / 2
    target = (size_px - 1) / 2 + size_px * np.array(change.shift)
    return np.column_stack([linear, target - linear @ middle])


def _draw_patch(rng: np.random.Generator) -> tuple[float, ...]:
    area, aspect = rng.uniform(*_ERASED), np.exp(rng.uniform(np.log(0.4), np.log(2.5)))
    width, height = min(1.0, np.sqrt(area * aspect)), min(1.0, np.sqrt(area / aspect))
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return tuple(float(side) for side in (left, top, left + width, top + height))


def _erase(change: Change, image_rgb: np.ndarray) -> np.ndarray:
    if not change.erased:
        return image_rgb
    left, top, right, bottom = (round(side * len(image_rgb)) for side in change.erased)
    patch = image_rgb[top:bottom, left:right]
    patch[:] = np.random.default_rng(change.erased_seed).integers(0, 256, patch.shape, np.uint8)
    return image_rgb
