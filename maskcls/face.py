"""The one value that every surface speaks: a face and what was said of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from maskcls import labels

LOW_CONFIDENCE = "low_confidence"
TOO_SMALL = "too_small"
BLURRED = "blurred"
TURNED_AWAY = "turned_away"

REASON_WORDS = {
    LOW_CONFIDENCE: "no class is likely enough",
    TOO_SMALL: "the face is small",
    BLURRED: "the face is blurred",
    TURNED_AWAY: "the face is turned away",
}


@dataclass(frozen=True, eq=False)
class Face:
    """A face found in a picture, and what the classifier said of it.

    Attributes:
        box_xyxy: Left, top, right, bottom in pixels of the EXIF-turned picture.
        score: How sure the finder is that this is a face, 0 to 1; 1.0 for a box that a person drew.
        landmarks: `(5, 2) float32`, x and y of image-left eye, image-right eye, nose, image-left and image-right mouth
            corner; None where nobody looked for them.
        probabilities: Calibrated probability of each class, in the order of the model's card; they add up to 1.
        evidence: `(rows, columns, classes) float32`; the mean over the cells plus the head's bias is the logit. Of a
            network without such maps, 0 rows and columns.
        crop_xyxy: The square of the picture that the evidence lies over; it may reach outside.
        reasons: Why this answer deserves less trust, from `REASON_WORDS`; empty when nothing speaks against it.
    """

    box_xyxy: tuple[float, float, float, float]
    score: float
    landmarks: np.ndarray | None
    probabilities: dict[str, float]
    evidence: np.ndarray
    crop_xyxy: tuple[float, float, float, float]
    reasons: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The most probable class: the one that is scored."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])

    @property
    def verdict(self) -> str:
        """The label, or `not_sure` when no class is likely enough."""
        return labels.NOT_SURE if LOW_CONFIDENCE in self.reasons else self.label

    @property
    def face_px(self) -> float:
        """The longer side of the box."""
        left, top, right, bottom = self.box_xyxy
        return max(right - left, bottom - top)

    def evidence_for(self, name: str) -> np.ndarray:
        """Return the `(rows, columns) float32` evidence map of class `name`."""
        return self.evidence[..., list(self.probabilities).index(name)]

    def as_json(self) -> dict[str, Any]:
        """Return what `classify --json` prints of a face: plain numbers, lists and strings."""
        return {
            "box_xyxy": [round(float(value), 2) for value in self.box_xyxy],
            "score": round(float(self.score), 4),
            "landmarks": None if self.landmarks is None else np.round(self.landmarks.astype(float), 2).tolist(),
            "label": self.label,
            "verdict": self.verdict,
            "probabilities": {name: round(float(p), 6) for name, p in self.probabilities.items()},
            "reasons": list(self.reasons),
        }
