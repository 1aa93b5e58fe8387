"""How good a classifier is on folders of face pictures."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from maskcls import metrics
from maskcls.data.corrections import read_corrections
from maskcls.data.crops import NOT_FACE, find_crops
from maskcls.data.store import Store
from maskcls.evaluation.answers import (
    check_classes,
    check_readable,
    classification,
    classify_all,
    cut_boxes,
    readable,
)
from maskcls.evaluation.options import Options, Track
from maskcls.finder.cut import middle_box

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier


def evaluate_crops(
    store: Store, classifier: "Classifier", *, options: Options | None = None, track: Track = iter
) -> dict[str, Any]:
    """Evaluate a classifier on folders of face pictures.

    A picture is taken as `cut_scale` times the box of a face in its middle, and cut from there like any other box: a
    square of the card's margin around the longer side, borders replicated. One that is not square is not distorted.

    Returns:
        What `metrics.classification` returns, with `ignored` (how many pictures of which folders or sizes count neither
        way) and `skipped` (`file` and `reason` of what could not be read).

    Raises:
        DatasetError: There are no pictures, none can be read, or they show classes that the model does not know.
    """
    options = options or Options()
    found = find_crops(store, split=options.split)
    if options.labels == "corrected":
        found = read_corrections().crops(found)
    ignored = Counter(name for _, name in found if name == NOT_FACE and name not in classifier.card.classes)
    wanted = [(name, label) for name, label in found if label not in ignored]
    check_classes({label for _, label in wanted}, classifier, store)
    skipped: list[dict[str, str]] = []
    pictures = readable(store, track(wanted), skipped, key=lambda item: item[0])
    truth, faces = _face_crops(pictures, classifier, options, ignored)
    probabilities = classify_all(faces, classifier)
    check_readable(skipped, wanted, store)
    return {
        **classification(truth, probabilities, classifier),
        "ignored": dict(ignored),
        "skipped": skipped,
    }


def _face_crops(
    pictures: Iterable[tuple[tuple[PurePosixPath, str], np.ndarray]],
    classifier: "Classifier",
    options: Options,
    ignored: Counter[str],
) -> tuple[list[int], Iterator[np.ndarray]]:
    """Return a list of true labels that fills as the iterator of `(size, size, 3) uint8` crops is gone through."""
    truth: list[int] = []

    def stream() -> Iterator[np.ndarray]:
        for (_, label), image_rgb in pictures:
            box = middle_box(image_rgb, scale=options.cut_scale)
            if metrics.size_px(box)[0] < options.min_face_px:
                ignored["too_small"] += 1
                continue
            truth.append(classifier.card.classes.index(label))
            yield cut_boxes(image_rgb, box, classifier)[0]

    return truth, stream()
