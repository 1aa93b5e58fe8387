"""Can a map be trusted? The network itself is asked, with pixels taken away or brought in by order of the map.

Deletion and insertion: Petsiuk et al., "RISE: Randomized Input Sampling for Explanation of Black-box Models", 2018.
Average drop: Chattopadhay et al., "Grad-CAM++", 2018. Randomised weights: Adebayo et al., "Sanity Checks for Saliency
Maps", 2018.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from maskcls.explain.maps import spread

# From crops `(n, s, s, 3)` to the probability of one class, `(n,)`.
Probability = Callable[[np.ndarray], np.ndarray]

# Each curve has one point more than steps.
STEPS = 16
# How far the picture is blurred before pixels are brought in, as a share of its side: no mask can be told any more.
_BLUR = 1 / 12
# Maps that rise and fall together by more than this are called alike.
_ALIKE = 0.5
# A class with less probability has nothing to lose; a map that is right makes it fall by so much when its hottest fifth
# is covered.
_HARDLY, _FALL = 0.1, 0.1
# Insertion area less deletion area; in the mean a random order comes near 0.
_FAITHFUL = 0.2


@dataclass(frozen=True, eq=False)
class Trust:
    """How a map fares when the network is asked.

    Attributes:
        insertion: Probability of the class as the most important pixels come into a blurred picture,
            `(STEPS + 1,) float32`.
        deletion: The same as they are covered with the picture's mean colour.
        average_drop: What share of the probability is lost when only the hot region stays, 0 to 1.
        likeness: Rank correlation with the same method's map of a network with shuffled weights, -1 to 1; None where
            that was not asked.
    """

    insertion: np.ndarray
    deletion: np.ndarray
    average_drop: float
    likeness: float | None = None

    @property
    def insertion_area(self) -> float:
        """Mean height of the curve, 0 to 1; higher is better."""
        return _area(self.insertion)

    @property
    def deletion_area(self) -> float:
        """Mean height of the curve, 0 to 1; lower is better."""
        return _area(self.deletion)

    @property
    def sentence(self) -> str:
        """What all this means, in plain words."""
        fifth, shown = self.deletion[round(STEPS / 5)], self.insertion[round(STEPS / 5)]
        if self.deletion[0] < _HARDLY:
            words = "The model hardly gives this class, so covering cannot test the map."
        elif self.insertion_area - self.deletion_area >= _FAITHFUL and self.deletion[0] - fifth >= _FALL:
            words = (
                f"Covering the hottest fifth takes the class from {self.deletion[0]:.0%} to {fifth:.0%}, and showing "
                f"only it brings {shown:.0%}: the map points at what the model uses."
            )
        else:
            words = (
                f"With the hottest fifth covered the model still gives the class {fifth:.0%} ({self.deletion[0]:.0%} "
                f"before), and {shown:.0%} where only that is shown: the map says little about what the model uses."
            )
        if self.likeness is None:
            return words
        if self.likeness > _ALIKE:
            return f"{words} A model that knows nothing gives nearly the same map: it shows the picture, not the model."
        return f"{words} A model that knows nothing gives another map, as it should."


def ask(probability: Probability, crop_rgb: np.ndarray, heat: np.ndarray, *, likeness: float | None = None) -> Trust:
    """Return how far the network follows a map.

    Args:
        probability: Of the class that the map is for.
        crop_rgb: `(s, s, 3) uint8`.
        heat: `(rows, columns)`, spread over the crop; the larger, the more important.
        likeness: See `Trust`; from `alike`.
    """
    large = spread(heat, crop_rgb.shape[0])
    order = _order(large)
    plain = np.broadcast_to(crop_rgb.mean(axis=(0, 1)).round().astype(np.uint8), crop_rgb.shape)
    blurred = cv2.GaussianBlur(crop_rgb, (0, 0), crop_rgb.shape[0] * _BLUR)
    veil = np.clip(large / large.max(), 0, 1)[..., None] if large.max() > 0 else np.zeros((*large.shape, 1))
    hot = (veil * crop_rgb + (1 - veil) * plain).round().astype(np.uint8)
    pictures = [*_exchanged(crop_rgb, plain, order), *_exchanged(blurred, crop_rgb, order), hot]
    answers = probability(np.stack(pictures))
    deletion, insertion = answers[: STEPS + 1], answers[STEPS + 1 : 2 * STEPS + 2]
    drop = max(0.0, float(answers[0] - answers[-1])) / max(float(answers[0]), 1e-9)
    return Trust(insertion, deletion, drop, likeness)


def alike(heat: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation of two maps of one shape; 0 where one of them is flat."""
    from scipy.stats import rankdata  # which takes most of a second to import

    first, second = (rankdata(one) for one in (heat, other))
    spread_of_both = first.std() * second.std()
    return float(((first - first.mean()) * (second - second.mean())).mean() / spread_of_both) if spread_of_both else 0.0


def random_order(size_px: int, *, seed: int = 0) -> np.ndarray:
    """Return a map `(size_px, size_px) float32` that puts pixels into some order: what any method has to beat."""
    return np.random.default_rng(seed).random((size_px, size_px), np.float32)


def _order(heat: np.ndarray) -> np.ndarray:
    """Return the pixels' numbers, the most important first; equal ones in any order but always the same."""
    mixed = np.random.default_rng(0).permutation(heat.size)
    return mixed[np.argsort(-heat.ravel()[mixed], kind="stable")]


def _exchanged(before: np.ndarray, after: np.ndarray, order: np.ndarray) -> list[np.ndarray]:
    """Return the way from one picture to another in `STEPS` steps, pixel by pixel in this order."""
    pictures = []
    for step in range(STEPS + 1):
        picture = before.reshape(-1, 3).copy()
        chosen = order[: round(len(order) * step / STEPS)]
        picture[chosen] = after.reshape(-1, 3)[chosen]
        pictures.append(picture.reshape(before.shape))
    return pictures


def _area(curve: np.ndarray) -> float:
    return float((curve[:-1] + curve[1:]).mean() / 2)
