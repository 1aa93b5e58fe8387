"""How good a model version is on pictures whose truth is known: folders of faces, or photographs with boxes.

Pictures stream through one at a time; one that cannot be read is named with its reason and the rest is evaluated.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from maskcls import images, metrics
from maskcls.analysis import Settings
from maskcls.data import crops, scenes
from maskcls.data.store import Store
from maskcls.errors import DatasetError, MaskclsError, SettingsError
from maskcls.finder.cut import crop_squares, cut
from maskcls.yunet import YuNet

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.finder.finder import Finder
    from maskcls.registry import Registry

BATCH = 64

# A precision-recall curve needs the doubtful detections too, down to here.
MIN_SCORE = 0.02

SAME_FACE_IOU = 0.5
# Data sets draw boxes differently, so that a face that was found well may overlap its box this little.
FOUND_FACE_IOU = 0.3

# Wraps what is gone through, to show how far it is.
Track = Callable[[Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Options:
    """What to evaluate, and on which terms.

    Attributes:
        split: Only this folder of the data, for example "test"; everything when None.
        cut_scale: Of face pictures: the picture is this many times as wide and high as the face in its middle.
        min_face_px: Smaller true faces count neither way, nor do smaller detections that match nothing; 0 for all.
        compare_finder: The ONNX file of a YuNet to run on the same pictures in the same run.
    """

    split: str | None = None
    cut_scale: float = 1.0
    min_face_px: float = 0.0
    compare_finder: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if not 0.1 <= self.cut_scale <= 10:
            raise SettingsError(f"The cut is between 0.1 and 10 times the face. Got: {self.cut_scale}")
        if not self.min_face_px >= 0:
            raise SettingsError(f"The smallest face is 0 pixels or more. Got: {self.min_face_px}")


def evaluate(
    store: Store,
    registry: "Registry",
    *,
    model: str | None = None,
    options: Options | None = None,
    track: Track = iter,
) -> dict[str, Any]:
    """Evaluate a model version on a data set of either kind, told apart by its annotations.

    Args:
        store: The data.
        registry: Where the models are.
        model: The classifier's name; the one at work when None.
        options: Terms other than the usual ones.
        track: Wraps the list of pictures to show progress.

    Returns:
        What `evaluate_crops` or `evaluate_scenes` returns, with `data`, `kind`, `split` and `model` before it.

    Raises:
        DatasetError: The data cannot be evaluated with this model.
        ModelError: There is no such model.
    """
    options = options or Options()
    classifier = registry.classifier(model)
    head = {"data": str(store.source), "split": options.split, "model": classifier.card.name}
    if scenes.is_scenes(store):
        result = evaluate_scenes(store, registry.finder(), classifier, options=options, track=track)
        return {"kind": "scenes", **head, **result}
    return {"kind": "crops", **head, **evaluate_crops(store, classifier, options=options, track=track)}


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
    found = crops.find_crops(store, split=options.split)
    ignored = Counter(name for _, name in found if name == crops.NOT_FACE and name not in classifier.card.classes)
    wanted = [(name, label) for name, label in found if label not in ignored]
    _check_classes({label for _, label in wanted}, classifier, store)
    skipped: list[dict[str, str]] = []
    pictures = _readable(store, track(wanted), skipped, key=lambda item: item[0])
    truth, faces = _face_crops(pictures, classifier, options, ignored)
    probabilities = _classify_all(faces, classifier)
    _check_readable(skipped, wanted, store)
    return {
        **_classification(truth, probabilities, classifier),
        "ignored": dict(ignored),
        "skipped": skipped,
    }


def evaluate_scenes(
    store: Store, finder: "Finder", classifier: "Classifier", *, options: Options | None = None, track: Track = iter
) -> dict[str, Any]:
    """Evaluate finder and classifier on photographs with a box around each face.

    Returns:
        `pictures` and `faces`, how many counted; of the finder `ap50`, `recall_at_precision_90` and `finder_ms`, its
        median time per picture; `compared_finder`, the same of YuNet, or None; `true_boxes`, the classifier on the true
        boxes; `found_faces`, the classifier on the faces that people would get to see, with `recall`; `ap50_per_class`
        and their mean `map50`, end to end: a detection counts for its most probable class alone, with the finder's
        score times that probability; `skipped` (`file` and `reason` of what could not be read).

    Raises:
        DatasetError: There are no annotations, no picture can be read, or the model does not know some class in them.
    """
    options = options or Options()
    found = scenes.find_scenes(store, split=options.split)
    _check_classes({label for scene in found for label in scene.classes}, classifier, store)
    other = YuNet(options.compare_finder, min_score=MIN_SCORE) if options.compare_finder else None
    skipped: list[dict[str, str]] = []
    pictures = _readable(store, track(found), skipped, key=lambda scene: scene.name)
    looks, crops_rgb = _look_at_all(pictures, finder, classifier, other, options.min_face_px)
    answers = _classify_all(crops_rgb, classifier)
    _check_readable(skipped, found, store)
    seen = _with_answers(looks, answers)
    per_class = _per_class_ap(seen, classifier.card.classes)
    known = [value for value in per_class.values() if value is not None]
    return {
        "pictures": len(seen),
        "faces": int(sum((~look.ignored).sum() for look in looks)),
        **_finder_scores([look.ours for look in looks]),
        "compared_finder": _finder_scores([look.theirs for look in looks if look.theirs]) if other else None,
        "true_boxes": _on_true_boxes(seen, classifier),
        "found_faces": _on_found_faces(seen, classifier),
        "ap50_per_class": per_class,
        "map50": float(np.mean(known)) if known else None,
        "skipped": skipped,
    }


@dataclass(frozen=True, eq=False)
class _Finding:
    """What a finder did with one picture."""

    matches: metrics.Matches
    latency_ms: float


@dataclass(frozen=True, eq=False)
class _Look:
    """One picture's truth and what was found in it."""

    truth_xyxy: np.ndarray
    truth: np.ndarray
    ignored: np.ndarray
    boxes_xyxy: np.ndarray
    scores: np.ndarray
    ours: _Finding
    theirs: _Finding | None
    min_face_px: float

    def boxes_to_classify(self) -> np.ndarray:
        """Return the true boxes that count, then the detections: `(n, 4)`."""
        return np.vstack([self.truth_xyxy[~self.ignored], self.boxes_xyxy])


@dataclass(frozen=True, eq=False)
class _Seen:
    """A look, and what the classifier answered to its boxes."""

    look: _Look
    true_probabilities: np.ndarray
    probabilities: np.ndarray

    def match(self, chosen: np.ndarray, *, scores: np.ndarray, of: np.ndarray, min_iou: float) -> metrics.Matches:
        """Match the `chosen` detections with the true boxes `of` interest, by these scores."""
        return metrics.match(
            self.look.boxes_xyxy[chosen],
            scores[chosen],
            truth_xyxy=self.look.truth_xyxy[of],
            ignored=self.look.ignored[of],
            min_iou=min_iou,
            min_face_px=self.look.min_face_px,
        )


def _look_at_all(
    pictures: Iterable[tuple[scenes.Scene, np.ndarray]],
    finder: "Finder",
    classifier: "Classifier",
    other: YuNet | None,
    min_face_px: float,
) -> tuple[list[_Look], Iterator[np.ndarray]]:
    """Return a list of looks that fills as the iterator of crops is gone through.

    The crops of all pictures make one stream, so that the classifier gets batches of one size: an engine has to prepare
    itself for every other.
    """
    looks: list[_Look] = []

    def stream() -> Iterator[np.ndarray]:
        for scene, image_rgb in pictures:
            looks.append(_look(scene, image_rgb, finder, classifier.card.classes, other, min_face_px))
            yield from _cut_boxes(image_rgb, looks[-1].boxes_to_classify(), classifier)

    return looks, stream()


def _look(
    scene: scenes.Scene,
    image_rgb: np.ndarray,
    finder: "Finder",
    classes: Sequence[str],
    other: YuNet | None,
    min_face_px: float,
) -> _Look:
    ignored = scene.difficult | (metrics.size_px(scene.boxes_xyxy) < min_face_px)
    # The finder must not leave out what this evaluation counts.
    smallest_px = min(Settings().min_face_px, min_face_px)

    def ours() -> tuple[np.ndarray, np.ndarray]:
        found = finder.find(image_rgb, min_score=MIN_SCORE, min_face_px=smallest_px)
        boxes = np.array([one.box_xyxy for one in found], np.float32).reshape(-1, 4)
        return boxes, np.array([one.score for one in found], np.float32)

    def timed(find: Callable[[], tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, _Finding]:
        start = time.perf_counter()
        boxes, scores = find()
        latency_ms = 1000 * (time.perf_counter() - start)
        truth = {"truth_xyxy": scene.boxes_xyxy, "ignored": ignored}
        matches = metrics.match(boxes, scores, **truth, min_iou=SAME_FACE_IOU, min_face_px=min_face_px)
        return boxes, scores, _Finding(matches, latency_ms)

    boxes, scores, finding = timed(ours)
    return _Look(
        truth_xyxy=scene.boxes_xyxy,
        truth=np.array([classes.index(name) for name in scene.classes], int),
        ignored=ignored,
        boxes_xyxy=boxes,
        scores=scores,
        ours=finding,
        theirs=timed(lambda: other.find(image_rgb))[2] if other else None,
        min_face_px=min_face_px,
    )


def _with_answers(looks: Sequence[_Look], answers: np.ndarray) -> list[_Seen]:
    """Give each look its share of the classifier's answers, which are in the order of the looks and their boxes."""
    seen = []
    start = 0
    for look in looks:
        middle = start + int((~look.ignored).sum())
        end = middle + len(look.boxes_xyxy)
        seen.append(_Seen(look, answers[start:middle], answers[middle:end]))
        start = end
    return seen


def _finder_scores(findings: Sequence[_Finding]) -> dict[str, Any]:
    matches = [one.matches for one in findings]
    return {
        "ap50": metrics.average_precision(matches),
        "recall_at_precision_90": metrics.recall_at_precision(matches, 0.9),
        "finder_ms": float(np.median([one.latency_ms for one in findings])) if findings else None,
    }


def _on_true_boxes(seen: Sequence[_Seen], classifier: "Classifier") -> dict[str, Any]:
    truth = [label for one in seen for label in one.look.truth[~one.look.ignored]]
    return _classification(truth, _stack([one.true_probabilities for one in seen], classifier), classifier)


def _on_found_faces(seen: Sequence[_Seen], classifier: "Classifier") -> dict[str, Any]:
    """Judge the answers for the faces that are found with the usual settings and match a true box."""
    usual = Settings()
    truth: list[int] = []
    answers: list[np.ndarray] = []
    for one in seen:
        shown = (one.look.scores >= usual.min_score) & (metrics.size_px(one.look.boxes_xyxy) >= usual.min_face_px)
        all_truth = np.ones(len(one.look.truth), bool)
        matches = one.match(shown, scores=one.look.scores, of=all_truth, min_iou=FOUND_FACE_IOU)
        right = matches.truth_index >= 0
        truth.extend(one.look.truth[matches.truth_index[right]])
        answers.append(one.probabilities[shown][right])
    n_truth = int(sum((~one.look.ignored).sum() for one in seen))
    result = _classification(truth, _stack(answers, classifier), classifier)
    return {"recall": len(truth) / n_truth if n_truth else None, **result}


def _per_class_ap(seen: Sequence[_Seen], classes: Sequence[str]) -> dict[str, float | None]:
    """Return the end-to-end AP of each class; None for one that the truth does not hold.

    A face that counts neither way excuses detections of any class: it is out of the game, whatever was said of it.
    """
    return {
        name: metrics.average_precision(
            [
                one.match(
                    one.probabilities.argmax(1) == index,
                    scores=one.look.scores * one.probabilities[:, index],
                    of=(one.look.truth == index) | one.look.ignored,
                    min_iou=SAME_FACE_IOU,
                )
                for one in seen
            ]
        )
        for index, name in enumerate(classes)
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
            box = _middle_box(image_rgb, scale=options.cut_scale)
            if metrics.size_px(box)[0] < options.min_face_px:
                ignored["too_small"] += 1
                continue
            truth.append(classifier.card.classes.index(label))
            yield _cut_boxes(image_rgb, box, classifier)[0]

    return truth, stream()


def _middle_box(image_rgb: np.ndarray, *, scale: float) -> np.ndarray:
    """Return `(1, 4)`: the box of the face in the middle of a picture that is `scale` times as wide and high."""
    height, width = image_rgb.shape[:2]
    half = np.array([width, height]) / (2 * scale)
    middle = np.array([width, height]) / 2
    return np.concatenate([middle - half, middle + half])[None]


def _cut_boxes(image_rgb: np.ndarray, boxes_xyxy: np.ndarray, classifier: "Classifier") -> np.ndarray:
    card = classifier.card
    return cut(image_rgb, crop_squares(boxes_xyxy, scale=card.cut_scale), size_px=card.input_px)


def _classify_all(crops_rgb: Iterator[np.ndarray], classifier: "Classifier") -> np.ndarray:
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
    return _stack(answers, classifier)


def _stack(answers: Sequence[np.ndarray], classifier: "Classifier") -> np.ndarray:
    return np.vstack([np.empty((0, len(classifier.card.classes)), np.float32), *answers])


def _classification(truth: Sequence[int], probabilities: np.ndarray, classifier: "Classifier") -> dict[str, Any]:
    card = classifier.card
    return metrics.classification(np.array(truth, int), probabilities, classes=card.classes, threshold=card.threshold)


def _readable(
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


def _check_classes(names: set[str], classifier: "Classifier", store: Store) -> None:
    unknown = sorted(names - set(classifier.card.classes))
    if unknown:
        raise DatasetError(
            f"{store.source} has faces of {_listed(unknown)}, which the model {classifier.card.name} does not know: it "
            f"was trained on {_listed(classifier.card.classes)}. Rename or leave out these faces, or choose another "
            "model."
        )


def _check_readable(skipped: Sequence[dict[str, str]], wanted: Sequence[Any], store: Store) -> None:
    if wanted and len(skipped) == len(wanted):
        raise DatasetError(f"None of the pictures in {store.source} can be read. The first: {skipped[0]['reason']}")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
