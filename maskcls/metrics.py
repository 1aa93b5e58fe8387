"""How good answers are, in numbers: of a classifier on faces, and of a finder on pictures. Arrays in, numbers out.

What cannot be said (a share of nothing) is None, never 0 and never NaN, so that it is not mistaken for a bad result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from maskcls.finder.boxes import iou_matrix

CALIBRATION_BINS = 15


def classification(
    truth: np.ndarray, probabilities: np.ndarray, *, classes: Sequence[str], threshold: float
) -> dict[str, Any]:
    """Return what a classifier's answers are worth.

    Args:
        truth: `(n,) int`, index of the true class of each face.
        probabilities: `(n, c) float`, one row per face.
        classes: Their names, in the order of the columns.
        threshold: The probability from which an answer counts as sure.

    Returns:
        `n`; `accuracy`; `accuracy_among_present`, if the likeliest of the classes that occur in the truth is taken for
        the answer: what compares with models that know no others; `macro_f1`, the mean over the classes that occur in
        the truth; `per_class`, for each name `precision`, `recall`, `f1` and `n` (None for a class that does not occur
        in the truth); `confusion`, counts with a row per true and a column per answered class; `ece`; `reliability`,
        see there; `sure` with the `share` of answers that are sure and their `accuracy`.

    Raises:
        ValueError: The shapes do not belong together.
    """
    truth = np.asarray(truth, np.int64).reshape(-1)
    if probabilities.shape != (len(truth), len(classes)):
        raise ValueError(f"Expected probabilities of shape {(len(truth), len(classes))}. Got: {probabilities.shape}")
    answer = probabilities.argmax(1)
    table = confusion(truth, answer, n_classes=len(classes))
    per_class = {name: _class_scores(table, index) for index, name in enumerate(classes)}
    sure = probabilities.max(1, initial=0.0) >= threshold
    right = answer == truth
    present = np.unique(truth)
    return {
        "n": len(truth),
        "accuracy": _mean(right),
        "accuracy_among_present": _mean(present[probabilities[:, present].argmax(1)] == truth) if len(truth) else None,
        "macro_f1": _mean([scores["f1"] for scores in per_class.values() if scores["n"]]),
        "per_class": per_class,
        "confusion": table.tolist(),
        "ece": calibration_error(truth, probabilities),
        "reliability": reliability(truth, probabilities),
        "sure": {"share": _mean(sure), "accuracy": _mean(right[sure])},
    }


def confusion(truth: np.ndarray, answer: np.ndarray, *, n_classes: int) -> np.ndarray:
    """Return `(c, c) int` counts: a row per true class, a column per answered one."""
    cells = np.bincount(truth * n_classes + answer, minlength=n_classes * n_classes)
    return cells.reshape(n_classes, n_classes)


def calibration_error(truth: np.ndarray, probabilities: np.ndarray) -> float | None:
    """Return how far confidence is from accuracy: the mean gap over 15 equal bins of the top class's probability.

    Guo et al., "On Calibration of Modern Neural Networks", 2017, equation 3; each bin holds its upper edge.

    Args:
        truth: `(n,) int`.
        probabilities: `(n, c) float`.
    """
    if not len(truth):
        return None
    confidence, right, bins = _in_bins(truth, probabilities)
    # |mean accuracy - mean confidence| of a bin, weighted by its share of faces, is |sum of the differences| / n.
    gaps = np.bincount(bins, weights=right - confidence, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(truth))


def reliability(truth: np.ndarray, probabilities: np.ndarray) -> list[dict[str, float]]:
    """Return, for each bin of `calibration_error` that holds a face, mean `confidence`, `accuracy` and `n`."""
    confidence, right, bins = _in_bins(truth, probabilities)
    return [
        {
            "confidence": float(confidence[bins == one].mean()),
            "accuracy": float(right[bins == one].mean()),
            "n": int((bins == one).sum()),
        }
        for one in np.unique(bins)
    ]


def _in_bins(truth: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each answer's confidence, whether it is right, and its bin."""
    confidence = probabilities.max(1).astype(float)
    bins = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    return confidence, probabilities.argmax(1) == truth, bins


def size_px(boxes_xyxy: np.ndarray) -> np.ndarray:
    """Return `(n,) float`: the longer side of each of `(n, 4)` boxes, which is what sizes of faces are given in."""
    boxes = _rows(boxes_xyxy)
    return (boxes[:, 2:] - boxes[:, :2]).max(1)


@dataclass(frozen=True, eq=False)
class Matches:
    """What became of the detections in one picture.

    Attributes:
        scores: `(d,) float`.
        truth_index: `(d,) int`, which true box a detection is; -1 where it is none.
        ignored: `(d,) bool`; detections that count neither way.
        n_truth: How many true boxes count.
    """

    scores: np.ndarray
    truth_index: np.ndarray
    ignored: np.ndarray
    n_truth: int


def match(
    boxes_xyxy: np.ndarray,
    scores: np.ndarray,
    *,
    truth_xyxy: np.ndarray,
    ignored: np.ndarray,
    min_iou: float,
    min_face_px: float = 0.0,
) -> Matches:
    """Give each detection of one picture the true box that it overlaps best, the highest score choosing first.

    A true box goes to one detection. A detection that is left with none counts as wrong, unless it overlaps an ignored
    true box (any number may share one) or is itself smaller than `min_face_px`.

    Args:
        boxes_xyxy: `(d, 4)`, the detections.
        scores: `(d,)`.
        truth_xyxy: `(t, 4)`.
        ignored: `(t,) bool`, true boxes that count neither way.
        min_iou: From which overlap on a detection is a true box.
        min_face_px: Detections below this that match nothing count neither way.
    """
    scores = np.asarray(scores, float).reshape(-1)
    ignored = np.asarray(ignored, bool).reshape(-1)
    overlaps = iou_matrix(_rows(boxes_xyxy), _rows(truth_xyxy))
    free = ~ignored
    truth_index = np.full(len(scores), -1)
    for detection in np.argsort(-scores, kind="stable"):
        overlap = np.where(free, overlaps[detection], 0.0)
        if overlap.max(initial=0.0) >= min_iou:
            truth_index[detection] = overlap.argmax()
            free[truth_index[detection]] = False
    excused = (overlaps[:, ignored] >= min_iou).any(1) | (size_px(boxes_xyxy) < min_face_px)
    return Matches(scores, truth_index, (truth_index < 0) & excused, int((~ignored).sum()))


def precision_recall(matches: Sequence[Matches]) -> tuple[np.ndarray, np.ndarray]:
    """Return precision and recall, `(k,) float` each, at every distinct score from the highest down, over all pictures.

    Without a true box there is no recall: both are empty then.
    """
    n_truth = sum(one.n_truth for one in matches)
    if not n_truth:
        return np.empty(0), np.empty(0)
    scores = np.concatenate([one.scores[~one.ignored] for one in matches])
    right = np.concatenate([one.truth_index[~one.ignored] >= 0 for one in matches])
    order = np.argsort(-scores, kind="stable")
    # Detections of the same score come and go together, or the result would hang on the order of the pictures.
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)) if len(order) else np.empty(0, int)
    hits = np.cumsum(right[order])[ends]
    return hits / (ends + 1), hits / n_truth


def average_precision(matches: Sequence[Matches]) -> float | None:
    """Return the area under the precision-recall curve, made monotonic and summed at all points as in VOC since 2010.

    None when no true box counts.
    """
    if not any(one.n_truth for one in matches):
        return None
    precision, recall = precision_recall(matches)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(recall, prepend=0.0) * envelope).sum())


def recall_at_precision(matches: Sequence[Matches], precision: float) -> float | None:
    """Return the largest share of true boxes found while at least `precision` of the detections are right.

    None when no true box counts, 0 when no score reaches that precision.
    """
    if not any(one.n_truth for one in matches):
        return None
    reached, recall = precision_recall(matches)
    return float(recall[reached >= precision].max(initial=0.0))


def _rows(boxes_xyxy: np.ndarray) -> np.ndarray:
    return np.asarray(boxes_xyxy, float).reshape(-1, 4)


def _class_scores(table: np.ndarray, index: int) -> dict[str, Any]:
    right, said, true = int(table[index, index]), int(table[:, index].sum()), int(table[index].sum())
    if not true:
        return {"precision": None, "recall": None, "f1": None, "n": 0}
    return {
        "precision": right / said if said else 0.0,
        "recall": right / true,
        "f1": 2 * right / (said + true),
        "n": true,
    }


def _mean(values: Any) -> float | None:
    return float(np.mean(values)) if len(values) else None
