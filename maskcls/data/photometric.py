"""What cameras and networks do to a picture's values: light, colour, blur, noise, compression.

Drawing the parameters is apart from applying them, so that a preview and a training show the same picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Photometric:
    """One draw of changes; the defaults change nothing.

    Attributes:
        gain: Contrast factor around mid grey.
        shift: Added brightness, in levels of 255.
        gamma: Exponent on values between 0 and 1.
        saturation: 0 is grey, 1 as it was.
        hue_degrees: How far colours turn on the colour wheel.
        tint: Factor for each of red, green and blue.
        blur_px: Standard deviation of a Gaussian blur.
        motion_px: Length of a straight motion blur, 0 for none.
        motion_degrees: Its direction.
        small: The picture is shrunk by this factor and enlarged again, as from a far camera; 1 for not.
        blocky: Whether it is enlarged without smoothing.
        noise: Standard deviation of Gaussian noise, in levels of 255.
        noise_seed: Which noise.
        jpeg_quality: 100 for none.
    """

    gain: float = 1.0
    shift: float = 0.0
    gamma: float = 1.0
    saturation: float = 1.0
    hue_degrees: int = 0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur_px: float = 0.0
    motion_px: int = 0
    motion_degrees: float = 0.0
    small: float = 1.0
    blocky: bool = False
    noise: float = 0.0
    noise_seed: int = 0
    jpeg_quality: int = 100


def draw_photometric(rng: np.random.Generator, *, strength: float = 1.0, smallest: float = 0.25) -> Photometric:
    """Draw changes: some light and colour always, each fault of a camera now and then.

    Args:
        rng: Where chance comes from.
        strength: 0 for hardly any change.
        smallest: The lowest `small` that may come up.
    """

    def sometimes(share: float) -> bool:
        return bool(rng.random() < share * strength)

    return Photometric(
        gain=float(np.exp(rng.normal(0, 0.18 * strength))),
        shift=float(rng.normal(0, 16 * strength)),
        gamma=float(np.exp(rng.normal(0, 0.35 if sometimes(0.3) else 0.1))),
        saturation=0.0 if sometimes(0.08) else float(np.exp(rng.normal(0, 0.25 * strength))),
        # Masks come in every colour, and data sets in blue, white and black.
        hue_degrees=int(rng.integers(-180, 180)) if sometimes(0.15) else 0,
        tint=tuple(float(t) for t in np.exp(rng.normal(0, 0.05 * strength, 3))),  # type: ignore[arg-type]
        blur_px=float(rng.uniform(0.4, 1.6)) if sometimes(0.12) else 0.0,
        motion_px=int(rng.integers(3, 8)) if sometimes(0.06) else 0,
        motion_degrees=float(rng.uniform(0, 180)),
        small=float(np.exp(rng.uniform(np.log(smallest), np.log(0.8)))) if sometimes(0.2) else 1.0,
        blocky=bool(rng.random() < 0.3),
        noise=float(rng.uniform(2, 14)) if sometimes(0.15) else 0.0,
        noise_seed=int(rng.integers(2**31)),
        jpeg_quality=int(rng.integers(25, 85)) if sometimes(0.25) else 100,
    )


def apply_photometric(change: Photometric, image_rgb: np.ndarray) -> np.ndarray:
    """Return `image_rgb` `(h, w, 3) uint8` with the changes applied."""
    image = _optics(change, image_rgb)
    image = _light(change, image)
    if change.noise:
        grain = np.random.default_rng(change.noise_seed).standard_normal(image.shape, np.float32)
        image = np.clip(image + np.float32(change.noise) * grain, 0, 255).astype(np.uint8)
    if change.jpeg_quality < 100:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, change.jpeg_quality])
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))
    return image


def _optics(change: Photometric, image: np.ndarray) -> np.ndarray:
    if change.small < 1:
        h, w = image.shape[:2]
        tiny = (max(4, round(w * change.small)), max(4, round(h * change.small)))
        enlarging = cv2.INTER_NEAREST if change.blocky else cv2.INTER_LINEAR
        image = cv2.resize(cv2.resize(image, tiny, interpolation=cv2.INTER_AREA), (w, h), interpolation=enlarging)
    if change.blur_px:
        image = cv2.GaussianBlur(image, (0, 0), change.blur_px)
    if change.motion_px > 1:
        n = change.motion_px
        line = np.zeros((n, n), np.float32)
        line[n // 2] = 1 / n
        turn = cv2.getRotationMatrix2D(((n - 1) / 2, (n - 1) / 2), change.motion_degrees, 1.0)
        kernel = cv2.warpAffine(line, turn, (n, n))
        image = cv2.filter2D(image, -1, kernel / max(float(kernel.sum()), 1e-6))
    return image


def _light(change: Photometric, image: np.ndarray) -> np.ndarray:
    levels = np.arange(256, dtype=np.float32)
    curve = 255 * (levels / 255) ** change.gamma
    curve = (curve - 127.5) * change.gain + 127.5 + change.shift
    table = np.clip(curve[:, None] * np.array(change.tint, np.float32), 0, 255).astype(np.uint8)
    if (table != levels[:, None]).any():
        image = cv2.LUT(image, np.ascontiguousarray(table[None]))
    if change.saturation != 1.0:
        grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        image = cv2.addWeighted(image, change.saturation, grey, 1 - change.saturation, 0)
    return _turn_hue(image, change.hue_degrees) if change.hue_degrees else image


def _turn_hue(image: np.ndarray, degrees: int) -> np.ndarray:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
    # OpenCV counts hues in steps of two degrees.
    hsv[..., 0] = (hsv[..., 0].astype(int) + round(degrees / 2)) % 180
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
