"""How good finder and classifier are on photographs with a box around each face."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from maskcls import metrics
from maskcls.analysis import Settings
from maskcls.data.corrections import read_corrections
from maskcls.data.manifest import groups_beside
from maskcls.data.scenes import Scene, find_scenes
from maskcls.data.store import Store
from maskcls.evaluation.answers import (
    check_classes,
    check_readable,
    classification,
    classify_all,
    cut_boxes,
    readable,
    stack,
)
from maskcls.evaluation.options import Options, Track
from maskcls.yunet import YuNet

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.finder.finder import Finder

# A precision-recall curve needs the doubtful detections too, down to here: below, our finder sees a hundred boxes in a
# picture, and all of them together add less than 0.001.
MIN_SCORE = 0.1

SAME_FACE_IOU = 0.5
# Data sets draw boxes differently, so that a face that was found well may overlap its box this little.
FOUND_FACE_IOU = 0.3


def evaluate_scenes(
    store: Store, finder: "Finder", classifier: "Classifier", *, options: Options | None = None, track: Track = iter
) -> dict[str, Any]:
    """Evaluate finder and classifier on photographs with a box around each face.

    Returns:
        `pictures` and `faces`, how many counted; of the finder `ap50`, `recall_at_precision_90` and `finder_ms`, its
        median time per picture; `compared_finder`, the same of YuNet, or None; `true_boxes`, the classifier on the true
        boxes; `found_faces`, the classifier on the faces that people would get to see, with `recall`; `ap50_per_class`
        and their mean `map50`, end to end: a detection counts for its most probable class alone, with the finder's
        score times that probability; `skipped` (`file` and `reason` of what could not be read). Average precisions and
        recalls come without intervals.

    Raises:
        DatasetError: There are no annotations, no picture can be read, or the model does not know some class in them.
    """
    options = options or Options()
    found = find_scenes(store, split=options.split)
    if options.labels == "corrected":
        found = list(map(read_corrections().scene, found))
    check_classes({label for scene in found for label in scene.classes}, classifier, store)
    other = YuNet(options.compare_finder) if options.compare_finder else None
    skipped: list[dict[str, str]] = []
    pictures = readable(store, track(found), skipped, key=lambda scene: scene.name)
    looks, crops_rgb = _look_at_all(
        pictures, finder, classifier, other, options.min_face_px, groups_beside(store.source)
    )
    answers = classify_all(crops_rgb, classifier)
    check_readable(skipped, found, store)
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

    group: str
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
    pictures: Iterable[tuple[Scene, np.ndarray]],
    finder: "Finder",
    classifier: "Classifier",
    other: YuNet | None,
    min_face_px: float,
    groups: Mapping[PurePosixPath, str],
) -> tuple[list[_Look], Iterator[np.ndarray]]:
    """Return a list of looks that fills as the iterator of crops is gone through.

    The crops of all pictures make one stream, so that the classifier gets batches of one size: an engine has to prepare
    itself for every other.
    """
    looks: list[_Look] = []

    def stream() -> Iterator[np.ndarray]:
        for scene, image_rgb in pictures:
            group = groups.get(scene.name, str(scene.name))
            looks.append(_look(scene, group, image_rgb, finder, classifier.card.classes, other, min_face_px))
            yield from cut_boxes(image_rgb, looks[-1].boxes_to_classify(), classifier)

    return looks, stream()


def _look(
    scene: Scene,
    group: str,
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
        group=group,
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
    truths = [one.look.truth[~one.look.ignored] for one in seen]
    groups = [one.look.group for one, truth in zip(seen, truths, strict=True) for _ in truth]
    answers = stack([one.true_probabilities for one in seen], classifier)
    return classification([label for truth in truths for label in truth], answers, groups, classifier)


def _on_found_faces(seen: Sequence[_Seen], classifier: "Classifier") -> dict[str, Any]:
    """Judge the answers for the faces that are found with the usual settings and match a true box."""
    usual = Settings()
    truth: list[int] = []
    groups: list[str] = []
    answers: list[np.ndarray] = []
    for one in seen:
        shown = (one.look.scores >= usual.min_score) & (metrics.size_px(one.look.boxes_xyxy) >= usual.min_face_px)
        all_truth = np.ones(len(one.look.truth), bool)
        matches = one.match(shown, scores=one.look.scores, of=all_truth, min_iou=FOUND_FACE_IOU)
        right = matches.truth_index >= 0
        truth.extend(one.look.truth[matches.truth_index[right]])
        groups.extend([one.look.group] * int(right.sum()))
        answers.append(one.probabilities[shown][right])
    n_truth = int(sum((~one.look.ignored).sum() for one in seen))
    result = classification(truth, stack(answers, classifier), groups, classifier)
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
