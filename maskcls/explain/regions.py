"""Which part of the face the evidence lies on: in shares, and in words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maskcls import labels
from maskcls.explain.maps import spread

if TYPE_CHECKING:
    from maskcls.face import Face

OUTSIDE = "outside"
REGIONS = ("forehead", "eyes", "nose", "mouth", "chin", "cheeks", OUTSIDE)
_SIZE_PX = 64
# In a face's own measures: across, the distance of the eyes is 1 and 0 lies between them; down, the eyes are at 0 and
# the mouth at 1. A face is then an oval of this centre and these half axes.
_OVAL_CENTRE_Y, _OVAL_HALF_X, _OVAL_HALF_Y = 0.33, 1.15, 1.3
_BROWS_Y, _UNDER_EYES_Y, _LIP_Y, _CHIN_Y = -0.25, 0.25, 0.78, 1.22
_NOSE_HALF_X, _MOUTH_HALF_X = 0.36, 0.6
# A region with less of the evidence is not spoken of, however small it is.
_LEAST = 0.05
# Beside the face lies most of a crop; evidence is said to lie there when it is most of it, and more than by chance.
_BESIDE, _BY_CHANCE = 0.5, 0.1
# A second region that is nearly as hot as the first is spoken of too.
_NEARLY = 0.8


@dataclass(frozen=True)
class Regions:
    """Where on the face a map is hot.

    Attributes:
        shares: How much of what speaks for the class lies on each region; they add up to 1, or are all 0.
        areas: How much of the crop each region is.
    """

    shares: dict[str, float]
    areas: dict[str, float]

    def sentence(self, name: str, *, answered: bool = True) -> str:
        """Say where the model looked, for people: "The model looked at the uncovered nose.".

        That is where the map is hottest, not where most of it lies, which would be the largest region.

        Args:
            name: The class that the map speaks for.
            answered: Whether that is the class that the face was given: only then it says what is covered or bare.
        """
        if not any(self.shares.values()):
            return f"Nothing in this face spoke for “{labels.look(name).words}”."
        if answered and self.shares[OUTSIDE] > max(_BESIDE, self.areas[OUTSIDE] + _BY_CHANCE):
            return "The model looked beside the face: do not trust this answer."
        heat = {one: self.shares[one] / self.areas[one] for one in REGIONS if self.shares[one] >= _LEAST}
        first, *others = sorted(heat, key=lambda one: -heat[one])
        spoken = [first, *others[:1]] if others and heat[others[0]] >= _NEARLY * heat[first] else [first]
        if not answered:
            places = " and the ".join(_described(one, "") for one in spoken)
            return f"What little speaks for “{labels.look(name).words}” lies at the {places}."
        places = " and the ".join(_described(one, name) for one in spoken)
        return f"The model looked at the {places}."


def measure(heat: np.ndarray, landmarks: np.ndarray, crop_xyxy: tuple[float, float, float, float]) -> Regions:
    """Return where on the face a map is hot.

    Args:
        heat: `(rows, columns)`, spread over the crop; what is negative does not count.
        landmarks: `(5, 2)`: image-left eye, image-right eye, nose, mouth corners, in pixels of the picture.
        crop_xyxy: The crop in pixels of the picture.
    """
    found = parts(landmarks, crop_xyxy)
    large = np.maximum(spread(heat, _SIZE_PX), 0)
    total = float(large.sum())
    return Regions(
        {name: float(large[found == i].sum()) / total if total else 0.0 for i, name in enumerate(REGIONS)},
        {name: float((found == i).mean()) for i, name in enumerate(REGIONS)},
    )


def parts(landmarks: np.ndarray, crop_xyxy: tuple[float, float, float, float]) -> np.ndarray:
    """Return the region of each of 64 × 64 places in a crop, as its number in `REGIONS`: `(64, 64) int`."""
    left, top, right, _ = crop_xyxy
    middle = (np.arange(_SIZE_PX) + 0.5) * (right - left) / _SIZE_PX
    places = np.stack(np.meshgrid(left + middle, top + middle), axis=-1)
    points = np.asarray(landmarks, float)
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    axes = np.column_stack([points[1] - points[0], mouth - eyes])
    # Of points on one line too, whose regions are then odd ones.
    x, y = np.moveaxis((places - eyes) @ np.linalg.pinv(axes).T, -1, 0)
    inside = (x / _OVAL_HALF_X) ** 2 + ((y - _OVAL_CENTRE_Y) / _OVAL_HALF_Y) ** 2 <= 1
    conditions = [
        ~inside,
        y < _BROWS_Y,
        y < _UNDER_EYES_Y,
        (y < _LIP_Y) & (abs(x) < _NOSE_HALF_X),
        (y >= _LIP_Y) & (y < _CHIN_Y) & (abs(x) < _MOUTH_HALF_X),
        y >= _CHIN_Y,
    ]
    chosen = [REGIONS.index(name) for name in (OUTSIDE, "forehead", "eyes", "nose", "mouth", "chin")]
    return np.select(conditions, chosen, REGIONS.index("cheeks"))


def of_face(face: "Face", name: str | None = None) -> Regions | None:
    """Return where on a face its evidence for a class lies, the likeliest when None.

    None for a face without landmarks, or of a network that has no evidence.
    """
    if face.landmarks is None or not face.evidence.size:
        return None
    return measure(face.evidence_for(name or face.label), face.landmarks, face.crop_xyxy)


def _described(region: str, name: str) -> str:
    """Return a region in words: by the definition of a class, some are known to be covered or bare."""
    if region == OUTSIDE:
        return "surroundings"
    below = region in ("nose", "mouth", "chin")
    if (name == labels.WITHOUT_MASK and below) or (name == labels.PARTIAL_MASK and region == "nose"):
        return f"uncovered {region}"
    return f"covered {region}" if name == labels.WITH_MASK and below else region
