"""The way of a picture: the one place where finder and classifier meet."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from maskcls import face as reasons
from maskcls.classifier.classifier import Classifier
from maskcls.errors import SettingsError
from maskcls.face import Face
from maskcls.finder.cut import crop_squares, cut
from maskcls.finder.finder import DEFAULT_MIN_FACE_PX, DEFAULT_MIN_SCORE, Finder, Found

# Below this a face holds too few pixels to be judged by eye.
_SMALL_PX = 20
# Variance of the Laplacian of the crop (Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000).
_SHARP = 15.0
# The nose of a face turned away lies outside the middle part between the eyes, whose distance is 1.
_TURNED = 0.2


@dataclass(frozen=True)
class Settings:
    """What people may choose about an analysis.

    Attributes:
        min_score: Faces that the finder is less sure of are left out; above 0 and below 1.
        min_face_px: Faces whose longer side is shorter are left out.
        longest_px: No picture is looked at larger than this; None for as large as the finder wants.
    """

    min_score: float = DEFAULT_MIN_SCORE
    min_face_px: float = DEFAULT_MIN_FACE_PX
    longest_px: int | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if not 0 < self.min_score < 1:
            raise SettingsError(f"The confidence of the face finder is above 0 and below 1. Got: {self.min_score}")
        if not self.min_face_px >= 0:
            raise SettingsError(f"The smallest face is 0 pixels or more. Got: {self.min_face_px}")
        if self.longest_px is not None and self.longest_px < 1:
            raise SettingsError(f"The longest side to look at is 1 pixel or more. Got: {self.longest_px}")


def analyse(
    image_rgb: np.ndarray,
    finder: Finder,
    classifier: Classifier,
    settings: Settings | None = None,
    *,
    stages_ms: dict[str, float] | None = None,
) -> list[Face]:
    """Return every face in the picture with what the classifier says of it, surest face first.

    Args:
        image_rgb: `(h, w, 3) uint8`.
        finder: Finds the faces.
        classifier: Judges them.
        settings: The defaults when None.
        stages_ms: Is told how long `find` and `classify` took.
    """
    chosen = settings or Settings()
    with timed(stages_ms, "find"):
        found = find(image_rgb, finder, chosen)
    with timed(stages_ms, "classify"):
        return judge(image_rgb, found, classifier)


@contextmanager
def timed(stages_ms: dict[str, float] | None, name: str) -> Iterator[None]:
    """Note under `name` how many milliseconds the block took, where anybody wants to know."""
    start = time.perf_counter()
    yield
    if stages_ms is not None:
        stages_ms[name] = 1000 * (time.perf_counter() - start)


def find(image_rgb: np.ndarray, finder: Finder, settings: Settings) -> list[Found]:
    """Return every face in the picture `(h, w, 3) uint8`, surest first."""
    return finder.find(
        image_rgb, min_score=settings.min_score, min_face_px=settings.min_face_px, longest_px=settings.longest_px
    )


def judge(image_rgb: np.ndarray, found: Sequence[Found], classifier: Classifier) -> list[Face]:
    """Return found faces of a picture `(h, w, 3) uint8` with what the classifier says of them, in their order."""
    card = classifier.card
    squares = crop_squares(np.array([f.box_xyxy for f in found], np.float32), scale=card.cut_scale)
    crops = cut(image_rgb, squares, size_px=card.input_px)
    probabilities, evidence = classifier.classify(crops)
    faces = []
    for one, square, crop, shares, maps in zip(found, squares, crops, probabilities, evidence, strict=True):
        faces.append(
            Face(
                **_place(one, square),
                probabilities={name: float(p) for name, p in zip(card.classes, shares, strict=True)},
                evidence=maps,
                reasons=tuple(_reasons(one, crop, float(shares.max()), card.threshold)),
            )
        )
    return faces


def follow(face: Face, found: Found, classifier: Classifier) -> Face:
    """Return a face that was judged a moment ago as it was found now, with the answer that it got then."""
    (square,) = crop_squares(np.array([found.box_xyxy], np.float32), scale=classifier.card.cut_scale)
    return replace(face, **_place(found, square))


def classify_boxes(
    image_rgb: np.ndarray, boxes_xyxy: Sequence[Sequence[float]] | np.ndarray, classifier: Classifier
) -> list[Face]:
    """Return a face for each box that a person drew, in their order; the whole picture is a box too.

    Args:
        image_rgb: `(h, w, 3) uint8`.
        boxes_xyxy: `(n, 4)`.
        classifier: Judges the faces.
    """
    drawn = [Found((float(b[0]), float(b[1]), float(b[2]), float(b[3])), 1.0, _NO_LANDMARKS) for b in boxes_xyxy]
    return judge(image_rgb, drawn, classifier)


def judge_crop(face: Face, crop_rgb: np.ndarray, classifier: Classifier) -> Face:
    """Return a face as the classifier judges it when it sees another crop `(s, s, 3) uint8` of it."""
    probabilities, evidence = classifier.classify(crop_rgb[None])
    shares = {name: float(p) for name, p in zip(classifier.card.classes, probabilities[0], strict=True)}
    sure = max(shares.values()) >= classifier.card.threshold
    return replace(face, probabilities=shares, evidence=evidence[0], reasons=() if sure else (reasons.LOW_CONFIDENCE,))


def crop_of(face: Face, image_rgb: np.ndarray, *, size_px: int) -> np.ndarray:
    """Return what the classifier sees of a face in a picture `(h, w, 3) uint8`: `(size_px, size_px, 3) uint8`."""
    return cut(image_rgb, np.array([face.crop_xyxy], np.float32), size_px=size_px)[0]


def heat(face: Face, name: str) -> np.ndarray:
    """Return what speaks for class `name` in each cell of the crop: `(rows, columns) float32`, nothing below zero."""
    return np.maximum(face.evidence_for(name), 0.0)


_NO_LANDMARKS = np.full((5, 2), np.nan, np.float32)


def _place(found: Found, square: np.ndarray) -> dict[str, Any]:
    """Return what a `Face` says of where it is."""
    return {
        "box_xyxy": found.box_xyxy,
        "score": found.score,
        "landmarks": None if np.isnan(found.landmarks).any() else found.landmarks,
        "crop_xyxy": (float(square[0]), float(square[1]), float(square[2]), float(square[3])),
    }


def _reasons(found: Found, crop: np.ndarray, confidence: float, threshold: float) -> list[str]:
    left, top, right, bottom = found.box_xyxy
    small = max(right - left, bottom - top) < _SMALL_PX
    checks = {
        reasons.LOW_CONFIDENCE: confidence < threshold,
        reasons.TOO_SMALL: small,
        # A face of few pixels looks blurred when enlarged, which says nothing more than that it is small.
        reasons.BLURRED: not small and _sharpness(crop) < _SHARP,
        reasons.TURNED_AWAY: _is_turned(found.landmarks),
    }
    return [name for name, holds in checks.items() if holds]


def _sharpness(crop_rgb: np.ndarray) -> float:
    """Return the variance of the Laplacian: low where nothing has an edge."""
    return float(cv2.Laplacian(cv2.cvtColor(crop_rgb, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())


def _is_turned(landmarks: np.ndarray) -> bool:
    """Tell whether the nose lies beside the eyes rather than between them; False without landmarks."""
    left, right, nose = landmarks[:3]
    across = right - left
    length = float(across @ across)
    if np.isnan(landmarks).any() or length == 0:
        return False
    place = float((nose - left) @ across) / length
    return not _TURNED <= place <= 1 - _TURNED
