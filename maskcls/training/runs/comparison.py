"""A new version beside the one at work, on the same pictures that neither of them should have learnt from."""

import time
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maskcls import intervals, metrics
from maskcls.data.datasets import Dataset
from maskcls.data.splits import TEST
from maskcls.training.runs.faces import Crop, Faces

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier

_CHUNK = 64
_TIMES = 15


def compare(
    new: "Classifier", at_work: "Classifier", dataset: Dataset, *, seen: Collection[str] = frozenset()
) -> dict[str, Any]:
    """Return how both do on the frozen test part of a data set.

    Both choose among the classes that both know, and are asked about the faces of these: a model that was never taught
    a class is not blamed for it.

    Args:
        new: One.
        at_work: The other.
        dataset: Whose test part.
        seen: Hashes of pictures that one of them knows from elsewhere: they are left out.

    Returns:
        `left_out`, how many of them; `classes`, those that both know; `alone`, the new one's figures on all of its
        classes; `new` and `at_work`, both on these classes: each what `metrics.classification` returns, with
        `interval95`, and `ms`, the time of one face; empty where there are no test faces of two classes. `better` and
        `worse`, the pictures that only the new one, or only the old one, has right, as `file`, `source`, `label`, `was`
        and `is`.
    """
    classes = [name for name in new.card.classes if name in at_work.card.classes]
    now, was = (_Answers(one, dataset, classes, seen) for one in (new, at_work))
    return {
        "left_out": sum(row.split == TEST and row.sha256 in seen for row in dataset.rows),
        "classes": classes,
        "alone": _Answers(new, dataset, new.card.classes, seen).figures(),
        "new": now.figures(),
        "at_work": was.figures(),
        "better": _changed(now, was, now.right & ~was.right),
        "worse": _changed(now, was, was.right & ~now.right),
    }


class _Answers:
    """What a classifier says of the test faces of some of its classes, choosing among these alone."""

    def __init__(
        self, classifier: "Classifier", dataset: Dataset, classes: Sequence[str], seen: Collection[str]
    ) -> None:
        card = classifier.card
        faces = Faces(dataset, TEST, Crop(card.input_px, card.cut_scale))
        asked = [i for i, row in enumerate(faces.rows) if row.label in classes and row.sha256 not in seen]
        self.classes, self._threshold = classes, card.threshold
        self.rows = [faces.rows[i] for i in asked]
        self.truth = np.array([classes.index(row.label) for row in self.rows], int)
        columns = [card.classes.index(name) for name in classes]
        pieces = [
            classifier.classify(faces.plain_crops(asked[start : start + _CHUNK]))[0][:, columns]
            for start in range(0, len(asked), _CHUNK)
        ]
        shares = np.concatenate([np.zeros((0, len(classes)), np.float32), *pieces])
        self.shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
        self.answers = self.shares.argmax(axis=1) if classes else np.zeros(0, int)
        self.right = self.answers == self.truth
        self._ms = _ms(classifier, faces.plain(asked[0])) if asked else None

    def figures(self) -> dict[str, Any]:
        if len(set(self.truth.tolist())) < 2:
            return {}
        asked: dict[str, Any] = {"classes": self.classes, "threshold": self._threshold}
        groups = [row.group for row in self.rows]
        return {
            **metrics.classification(self.truth, self.shares, **asked),
            "interval95": intervals.of_classification(self.truth, self.shares, groups, **asked),
            "ms": self._ms,
        }


def _changed(now: _Answers, was: _Answers, which: np.ndarray) -> list[dict[str, str]]:
    return [
        {
            "file": now.rows[i].file,
            "source": now.rows[i].source,
            "label": now.rows[i].label,
            "was": was.classes[was.answers[i]],
            "is": now.classes[now.answers[i]],
        }
        for i in np.flatnonzero(which)
    ]


def _ms(classifier: "Classifier", crop_rgb: np.ndarray) -> float:
    """Return how long one face takes: the median of a few tries, after a first one that prepares."""
    classifier.classify(crop_rgb[None])
    times = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        classifier.classify(crop_rgb[None])
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1000)
