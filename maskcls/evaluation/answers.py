"""What both kinds of evaluation share: readable pictures in, the classifier's answers and their worth out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from maskcls import images, intervals, metrics
from maskcls.data.corrections import read_corrections
from maskcls.data.crops import find_crops
from maskcls.data.store import Store
from maskcls.errors import DatasetError, MaskclsError
from maskcls.evaluation.options import Options
from maskcls.finder.cut import crop_squares, cut

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier

BATCH = 64


def labelled_crops(store: Store, options: Options) -> list[tuple[PurePosixPath, str]]:
    """Return files and labels of face pictures, as given or corrected: what the options ask for.

    Raises:
        DatasetError: There are none.
    """
    found = find_crops(store, split=options.split)
    return read_corrections().crops(found) if options.labels == "corrected" else found


def readable(
    store: Store, items: Iterable[Any], skipped: list[dict[str, str]], *, key: Callable[[Any], PurePosixPath]
) -> Iterator[tuple[Any, np.ndarray]]:
    """Yield each item with its picture; what cannot be read is added to `skipped` instead."""
    for item in items:
        name = key(item)
        try:
            image_rgb = images.read(store.read(name), name=str(name))
        except MaskclsError as error:
            skipped.append({"file": str(name), "reason": str(error)})
            continue
        yield item, image_rgb


def check_classes(names: set[str], classifier: "Classifier", store: Store) -> None:
    """Raise a `DatasetError` when the data shows classes that the model does not know."""
    unknown = sorted(names - set(classifier.card.classes))
    if unknown:
        raise DatasetError(
            f"{store.source} has faces of {_listed(unknown)}, which the model {classifier.card.name} does not know: it "
            f"was trained on {_listed(classifier.card.classes)}. Rename or leave out these faces, or choose another "
            "model."
        )


def check_readable(skipped: Sequence[dict[str, str]], wanted: Sequence[Any], store: Store) -> None:
    """Raise a `DatasetError` when none of the wanted pictures could be read."""
    if wanted and len(skipped) == len(wanted):
        raise DatasetError(f"None of the pictures in {store.source} can be read. The first: {skipped[0]['reason']}")


def cut_boxes(image_rgb: np.ndarray, boxes_xyxy: np.ndarray, classifier: "Classifier") -> np.ndarray:
    """Return the faces in these boxes `(n, 4)` as the classifier wants them: `(n, size, size, 3) uint8`."""
    card = classifier.card
    return cut(image_rgb, crop_squares(boxes_xyxy, scale=card.cut_scale), size_px=card.input_px)


def classify_all(crops_rgb: Iterator[np.ndarray], classifier: "Classifier") -> np.ndarray:
    """Return `(n, c) float32` probabilities of a stream of crops, 64 at a time."""
    answers: list[np.ndarray] = []
    batch: list[np.ndarray] = []
    for crop in crops_rgb:
        batch.append(crop)
        if len(batch) == BATCH:
            answers.append(classifier.classify(np.stack(batch))[0])
            batch = []
    if batch:
        answers.append(classifier.classify(np.stack(batch))[0])
    return stack(answers, classifier)


def stack(answers: Sequence[np.ndarray], classifier: "Classifier") -> np.ndarray:
    """Join batches of probabilities to `(n, c) float32`, also when there is none."""
    return np.vstack([np.empty((0, len(classifier.card.classes)), np.float32), *answers])


def classification(
    truth: Sequence[int] | np.ndarray, probabilities: np.ndarray, groups: Sequence[Any], classifier: "Classifier"
) -> dict[str, Any]:
    """Return what `metrics.classification` says of these answers, and `interval95` with how far that can be trusted.

    `groups` is how many groups of pictures that rests on.
    """
    labels = np.array(truth, int)
    classes, threshold = classifier.card.classes, classifier.card.threshold
    return {
        **metrics.classification(labels, probabilities, classes=classes, threshold=threshold),
        "groups": len(set(groups)),
        "interval95": intervals.of_classification(labels, probabilities, groups, classes=classes, threshold=threshold),
    }


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
