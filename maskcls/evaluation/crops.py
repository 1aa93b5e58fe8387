"""How good a classifier is on folders of face pictures."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from maskcls import intervals, metrics
from maskcls.data.crops import NOT_FACE
from maskcls.data.manifest import groups_beside
from maskcls.data.slices import read_slices
from maskcls.data.store import Store
from maskcls.evaluation.answers import (
    check_classes,
    check_readable,
    classification,
    classify_all,
    cut_boxes,
    labelled_crops,
    readable,
)
from maskcls.evaluation.options import Options, Track
from maskcls.finder.cut import middle_box

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier

# Of fewer pictures no figure is given: it would be read as one.
_LEAST_IN_SLICE = 30


def evaluate_crops(
    store: Store, classifier: "Classifier", *, options: Options | None = None, track: Track = iter
) -> dict[str, Any]:
    """Evaluate a classifier on folders of face pictures.

    A picture is taken as `cut_scale` times the box of a face in its middle, and cut from there like any other box: a
    square of the card's margin around the longer side, borders replicated. One that is not square is not distorted.

    Returns:
        What `metrics.classification` returns, with `interval95`, its intervals over `groups` of pictures (those of
        manifest.csv, where it lies beside the data, else each its own); `errors`, the surest first, each as `file`,
        `label`, `answer` and its `probability`; `slices`, how many pictures of each tagged
        kind there are, with `accuracy` and `interval95` from 30 up; `ignored` (how many pictures of which folders or
        sizes count neither way) and `skipped` (`file` and `reason` of what could not be read).

    Raises:
        DatasetError: There are no pictures, none can be read, or they show classes that the model does not know.
    """
    options = options or Options()
    found = labelled_crops(store, options)
    ignored = Counter(name for _, name in found if name == NOT_FACE and name not in classifier.card.classes)
    wanted = [(name, label) for name, label in found if label not in ignored]
    check_classes({label for _, label in wanted}, classifier, store)
    skipped: list[dict[str, str]] = []
    pictures = readable(store, track(wanted), skipped, key=lambda item: item[0])
    known = groups_beside(store.source)
    kept, faces = _face_crops(pictures, classifier, options, ignored)
    probabilities = classify_all(faces, classifier)
    check_readable(skipped, wanted, store)
    truth = np.array([classifier.card.classes.index(label) for _, label in kept], int)
    groups = [known.get(file, str(file)) for file, _ in kept]
    return {
        **classification(truth, probabilities, groups, classifier),
        "errors": _errors(kept, probabilities, truth, classifier.card.classes),
        "slices": _slices([file for file, _ in kept], probabilities.argmax(1) == truth, groups),
        "ignored": dict(ignored),
        "skipped": skipped,
    }


def _errors(
    kept: Sequence[tuple[PurePosixPath, str]], probabilities: np.ndarray, truth: np.ndarray, classes: Sequence[str]
) -> list[dict[str, Any]]:
    answers, sureness = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = sorted(np.flatnonzero(answers != truth).tolist(), key=lambda i: -sureness[i])
    return [
        {
            "file": str(kept[i][0]),
            "label": classes[truth[i]],
            "answer": classes[answers[i]],
            "probability": float(sureness[i]),
        }
        for i in wrong
    ]


def _slices(files: Sequence[PurePosixPath], right: np.ndarray, groups: Sequence[str]) -> dict[str, Any]:
    """Return how often the answers are right on each kind of picture; not said of a handful."""
    tags = read_slices()
    members: dict[str, list[int]] = {}
    for i, file in enumerate(files):
        for name in tags.get(file, ()):
            members.setdefault(name, []).append(i)
    result: dict[str, Any] = {}
    for name, chosen in sorted(members.items()):
        enough = len(chosen) >= _LEAST_IN_SLICE
        result[name] = {
            "n": len(chosen),
            "accuracy": float(right[chosen].mean()) if enough else None,
            "interval95": intervals.of_share(right[chosen], [groups[i] for i in chosen]) if enough else None,
        }
    return result


def _face_crops(
    pictures: Iterable[tuple[tuple[PurePosixPath, str], np.ndarray]],
    classifier: "Classifier",
    options: Options,
    ignored: Counter[str],
) -> tuple[list[tuple[PurePosixPath, str]], Iterator[np.ndarray]]:
    """Return a list of files and labels that fills as the iterator of `(size, size, 3) uint8` crops is gone through."""
    kept: list[tuple[PurePosixPath, str]] = []

    def stream() -> Iterator[np.ndarray]:
        for item, image_rgb in pictures:
            box = middle_box(image_rgb, scale=options.cut_scale)
            if metrics.size_px(box)[0] < options.min_face_px:
                ignored["too_small"] += 1
                continue
            kept.append(item)
            yield cut_boxes(image_rgb, box, classifier)[0]

    return kept, stream()
