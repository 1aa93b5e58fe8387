"""How a classifier holds up under what cameras do, under boxes drawn carelessly, and before things that are no mask.

Every face is changed in one way at a time, so that each figure has one cause. Strengths are meant for faces of 96
pixels: blur, noise, compression and night change a face of that size, to be compared with the row *96 px*. Where a
tilted picture ends, its border is repeated. The objects are drawings, of the kind that our classifier was trained with:
they say how well it learned that, and little about real cups.
"""

import zlib
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from maskcls import intervals
from maskcls.data.crops import NOT_FACE, find_crops
from maskcls.data.manifest import groups_beside
from maskcls.data.objects import OBJECTS, Thing, apply_thing, draw_thing
from maskcls.data.photometric import Photometric, apply_photometric
from maskcls.data.store import Store
from maskcls.evaluation.answers import check_classes, check_readable, cut_boxes, labelled_crops, readable
from maskcls.evaluation.options import Options, Track
from maskcls.finder.boxes import iou_matrix
from maskcls.finder.cut import middle_box

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.finder.finder import Finder
    from maskcls.registry import Registry

# A face and its box (1, 4), changed.
_Change = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
_BARE = "without_mask"


def evaluate_stress(
    store: Store, registry: "Registry", *, model: str | None = None, options: Options | None = None, track: Track = iter
) -> dict[str, Any]:
    """Evaluate a classifier on folders of face pictures, changed in many ways, and on pictures that show no face.

    Returns:
        `data`, `split`, `labels`, `model`; `rows`, by name of the change, each with `n`, `accuracy`, its `interval95`
        and `sure` (`share`, `accuracy`); `not_face` with `n`, on how many the finder saw a face (`boxed`) and to how
        many of these the classifier gave a verdict (`sure`), None without such pictures; `skipped`, as elsewhere.

    Raises:
        DatasetError: There are no pictures, none can be read, or they show classes that the model does not know.
    """
    options = options or Options()
    classifier, finder = registry.classifier(model), registry.finder()
    found = labelled_crops(store, options)
    check_classes({label for _, label in found} - {NOT_FACE}, classifier, store)
    tally = _Tally(classifier, groups_beside(store.source))
    skipped: list[dict[str, str]] = []
    for (name, label), image_rgb in readable(store, track(_faces(found)), skipped, key=lambda item: item[0]):
        box = middle_box(image_rgb, scale=options.cut_scale)
        tally.add(name, label, {key: change(image_rgb, box) for key, change in CHANGES.items()})
        if label == _BARE:
            tally.add(name, label, _with_things(name, image_rgb, box, finder))
    not_face = _not_face(store, found, finder, classifier, skipped)
    check_readable(skipped, found, store)
    return {
        "data": str(store.source),
        "split": options.split,
        "labels": options.labels,
        "model": classifier.card.name,
        "rows": tally.rows(),
        "not_face": not_face,
        "skipped": skipped,
    }


class _Tally:
    """Who was answered rightly and surely, by the change that was made."""

    def __init__(self, classifier: "Classifier", groups: dict[PurePosixPath, str]) -> None:
        self._classifier, self._groups = classifier, groups
        self._answers: dict[str, list[tuple[bool, bool, str]]] = {}

    def add(self, file: PurePosixPath, label: str, changed: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """Classify the changed versions of one face."""
        if not changed:
            return
        card = self._classifier.card
        crops = np.concatenate([cut_boxes(image_rgb, box, self._classifier) for image_rgb, box in changed.values()])
        probabilities, _ = self._classifier.classify(crops)
        right = probabilities.argmax(axis=1) == card.classes.index(label)
        sure = probabilities.max(axis=1) >= card.threshold
        for i, name in enumerate(changed):
            answer = bool(right[i]), bool(sure[i]), self._groups.get(file, str(file))
            self._answers.setdefault(name, []).append(answer)

    def rows(self) -> dict[str, Any]:
        """Return the figures of each change, in the order in which they were first met."""
        return {name: self._row(answers) for name, answers in self._answers.items()}

    def _row(self, answers: list[tuple[bool, bool, str]]) -> dict[str, Any]:
        right, sure = (np.array([answer[i] for answer in answers]) for i in range(2))
        return {
            "n": len(answers),
            "accuracy": float(right.mean()),
            "interval95": intervals.of_share(right, [group for *_, group in answers]),
            "sure": {"share": float(sure.mean()), "accuracy": float(right[sure].mean()) if sure.any() else None},
        }


def evaluate_not_face(store: Store, registry: "Registry", *, split: str | None = None) -> dict[str, int] | None:
    """Return how often what is no face is boxed and gets a verdict: see `evaluate_stress`."""
    return _not_face(store, find_crops(store, split=split), registry.finder(), registry.classifier(), [])


def _faces(found: Sequence[tuple[PurePosixPath, str]]) -> list[tuple[PurePosixPath, str]]:
    return [item for item in found if item[1] != NOT_FACE]


def _not_face(
    store: Store,
    found: Sequence[tuple[PurePosixPath, str]],
    finder: "Finder",
    classifier: "Classifier",
    skipped: list[dict[str, str]],
) -> dict[str, int] | None:
    counts = {"n": 0, "boxed": 0, "sure": 0}
    others = [item for item in found if item[1] == NOT_FACE]
    for _, image_rgb in readable(store, others, skipped, key=lambda item: item[0]):
        counts["n"] += 1
        if seen := finder.find(image_rgb):
            counts["boxed"] += 1
            probabilities, _ = classifier.classify(cut_boxes(image_rgb, np.array([seen[0].box_xyxy]), classifier))
            counts["sure"] += int(probabilities.max() >= classifier.card.threshold)
    return counts if counts["n"] else None


def _with_things(
    name: PurePosixPath, image_rgb: np.ndarray, box: np.ndarray, finder: "Finder"
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the face with one object of each kind before it; nothing where the finder does not see just this face."""
    found = [one for one in finder.find(image_rgb) if iou_matrix(np.array([one.box_xyxy]), box)[0, 0] > 0.4]
    if len(found) != 1:
        return {}
    # The same objects whenever this face is evaluated.
    rng = np.random.default_rng(zlib.crc32(str(name).encode()))
    things: dict[str, Thing] = {}
    while len(things) < len(OBJECTS):
        thing = draw_thing(rng)
        things.setdefault(thing.kind, thing)
    try:
        painted = {kind: apply_thing(things[kind], image_rgb, found[0].landmarks) for kind in OBJECTS}
    except ValueError:  # a face seen from so far aside that its landmarks lie on one line
        return {}
    return {f"drawn {kind} before it": (image, box) for kind, image in painted.items()}


def _camera(change: Photometric, *, face_px: float | None = None) -> _Change:
    """Return what a camera does to a face, at its own size or as large as `face_px`."""

    def apply(image_rgb: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        image, scaled = (image_rgb, box) if face_px is None else _scaled(image_rgb, box, face_px)
        return apply_photometric(change, image), scaled

    return apply


def _scaled(image_rgb: np.ndarray, box: np.ndarray, face_px: float) -> tuple[np.ndarray, np.ndarray]:
    h, w = image_rgb.shape[:2]
    factor = face_px / float((box[0, 2:] - box[0, :2]).max())
    size = max(4, round(w * factor)), max(4, round(h * factor))
    image = cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
    return image, box * np.tile((size[0] / w, size[1] / h), 2)


def _tilted(degrees: float) -> _Change:
    def apply(image_rgb: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        h, w = image_rgb.shape[:2]
        matrix = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), degrees, 1.0)
        return cv2.warpAffine(image_rgb, matrix, (w, h), borderMode=cv2.BORDER_REPLICATE), box

    return apply


def _boxed(*, scale: float = 1.0, shift: Sequence[float] = (0, 0)) -> _Change:
    """Return a box drawn otherwise: so many times as large, and moved by so many of its sides."""

    def apply(image_rgb: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        middle, sides = (box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2]
        middle = middle + np.array(shift) * sides
        return image_rgb, np.concatenate([middle - sides * scale / 2, middle + sides * scale / 2], axis=1)

    return apply


_USUAL_PX = 96
CHANGES: dict[str, _Change] = {
    "as it is": _boxed(),
    "96 px": _camera(Photometric(), face_px=_USUAL_PX),
    "16 px": _camera(Photometric(), face_px=16),
    "24 px": _camera(Photometric(), face_px=24),
    "32 px": _camera(Photometric(), face_px=32),
    "out of focus": _camera(Photometric(blur_px=3), face_px=_USUAL_PX),
    "motion blur": _camera(Photometric(motion_px=11), face_px=_USUAL_PX),
    "noise": _camera(Photometric(noise=20), face_px=_USUAL_PX),
    "JPEG quality 15": _camera(Photometric(jpeg_quality=15), face_px=_USUAL_PX),
    "grey": _camera(Photometric(saturation=0)),
    "night": _camera(Photometric(gamma=1.6, gain=0.5, shift=-35, noise=8), face_px=_USUAL_PX),
    "back light": _camera(Photometric(gamma=1.8, gain=0.6, shift=-10)),
    "too much light": _camera(Photometric(gamma=0.7, gain=1.4, shift=50)),
    "tilted by 30°": _tilted(30),
    "tilted by 45°": _tilted(45),
    "box 0.8 times": _boxed(scale=0.8),
    "box 1.3 times": _boxed(scale=1.3),
    "box aside": _boxed(shift=(0.12, 0)),
    "box too high": _boxed(shift=(0, -0.12)),
    "box too low": _boxed(shift=(0, 0.12)),
}
