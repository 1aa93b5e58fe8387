"""What the classifier would say if the face were covered: with a patch, or with a mask that slides down it."""

from typing import TYPE_CHECKING

import numpy as np

from maskcls.analysis import crop_of
from maskcls.data import painter

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.face import Face

GREY = 128


def with_patch(crop_rgb: np.ndarray, *, x: float, y: float, size: float) -> np.ndarray:
    """Return a crop with a grey square on it.

    Args:
        crop_rgb: `(s, s, 3) uint8`; it is left as it is.
        x: Where its middle lies, as a share of the crop, 0 to 1 from the left.
        y: The same from above.
        size: Its side, as a share of the crop's.
    """
    side = crop_rgb.shape[0]
    left, top, right, bottom = (round(min(max(v, 0.0), 1.0) * side) for v in _square(x, y, size))
    covered = crop_rgb.copy()
    covered[top:bottom, left:right] = GREY
    return covered


def with_mask(image_rgb: np.ndarray, face: "Face", *, share: float, size_px: int) -> np.ndarray:
    """Return a face's crop with a mask painted on it: `(size_px, size_px, 3) uint8`.

    Args:
        image_rgb: The picture, `(h, w, 3) uint8`.
        face: One with landmarks.
        share: How far the mask has slid down: 0 worn, 0.5 below the nose, 1 on the chin.
        size_px: Side of the crop.

    Raises:
        ValueError: The face has no landmarks, or they span no face.
    """
    if face.landmarks is None:
        raise ValueError("A mask can only be painted on a face with landmarks.")
    painted = painter.paint_mask(image_rgb, face.landmarks, position=painter.slid(share))
    return crop_of(face, painted, size_px=size_px)


def slide(
    image_rgb: np.ndarray, face: "Face", classifier: "Classifier", *, steps: int = 25
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities as a painted mask slides from nose to chin: the boundary between worn and partial.

    Args:
        image_rgb: The picture, `(h, w, 3) uint8`.
        face: One with landmarks.
        classifier: Who is asked.
        steps: In how many places the mask is tried.

    Returns:
        How far it has slid, `(steps,)`, see `with_mask`, and the probabilities there, `(steps, classes) float32`.

    Raises:
        ValueError: As `with_mask`.
    """
    shares = np.linspace(0, 1, steps)
    size_px = classifier.card.input_px
    crops = np.stack([with_mask(image_rgb, face, share=float(share), size_px=size_px) for share in shares])
    return shares, classifier.classify(crops)[0]


def _square(x: float, y: float, size: float) -> tuple[float, float, float, float]:
    return x - size / 2, y - size / 2, x + size / 2, y + size / 2
