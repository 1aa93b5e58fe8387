"""What is wrong with a data set, before anything is trained on it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from maskcls import images
from maskcls.data.datasets import Dataset, Row
from maskcls.data.splits import TRAIN
from maskcls.errors import MaskclsError
from maskcls.finder.cut import crop_squares, cut, middle_box

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier

_TINY_PX = 24
# Variance of the Laplacian at one size for all (Pech-Pacheco et al., 2000), and mean brightness of 255.
_SHARP, _DARK = 15.0, 40.0
_LOOK_PX = 128
_BATCH = 64
# The largest class may have so many times the pictures of the smallest.
_BALANCED = 4.0
# The model at work disagrees strongly: it is as sure of another class, and gives this one as little.
_SURE, _UNLIKELY = 0.9, 0.05


@dataclass(frozen=True)
class Findings:
    """What a check found; pictures are numbers in the data set's rows.

    Attributes:
        counts: Pictures of each class in each split.
        copies: Groups of pictures with the same bytes.
        near_copies: Groups of pictures that look the same.
        leaks: Groups that lie in more than one split: a score on the later ones is not honest.
        contradictions: Groups whose pictures have different classes.
        tiny: Pictures with a side below 24 pixels.
        blurred: Pictures without sharp edges.
        dark: Pictures with hardly any light.
        unreadable: Pictures that are damaged by now.
        mislabelled: Pictures of which the model at work is sure that they show another class, the surest first, each
            as `(number, class)`.
        untaught: Classes without a picture to train on.
        imbalance: How many times the pictures of the smallest class the largest one has in training.
    """

    counts: dict[str, dict[str, int]]
    copies: list[list[int]] = field(default_factory=list)
    near_copies: list[list[int]] = field(default_factory=list)
    leaks: list[list[int]] = field(default_factory=list)
    contradictions: list[list[int]] = field(default_factory=list)
    tiny: list[int] = field(default_factory=list)
    blurred: list[int] = field(default_factory=list)
    dark: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    mislabelled: list[tuple[int, str]] = field(default_factory=list)
    untaught: list[str] = field(default_factory=list)
    imbalance: float = 1.0

    @property
    def is_balanced(self) -> bool:
        """Whether no class has far fewer pictures than another."""
        return self.imbalance <= _BALANCED and not self.untaught


def check(
    dataset: Dataset,
    *,
    classifier: "Classifier | None" = None,
    tell: Callable[[float], object] = lambda _: None,
) -> Findings:
    """Look at every picture of a data set.

    Args:
        dataset: Whose pictures.
        classifier: Who says which labels look wrong, as far as it knows the classes; nobody when None.
        tell: Is told how much is done.
    """
    rows = dataset.rows
    looked: dict[str, list[int]] = {"tiny": [], "blurred": [], "dark": [], "unreadable": []}
    crops: list[np.ndarray] = []
    shown: list[int] = []
    mislabelled: list[tuple[float, int, str]] = []
    for i, (row, image_rgb) in enumerate(_pictures(dataset)):
        tell(i / len(rows))
        if image_rgb is None:
            looked["unreadable"].append(i)
            continue
        for name, holds in _quality(row, image_rgb).items():
            if holds:
                looked[name].append(i)
        if classifier is not None and row.label in classifier.card.classes:
            crops.append(_crop(image_rgb, dataset.about.cut_scale, classifier))
            shown.append(i)
        if len(crops) == _BATCH:
            mislabelled += _disagreements(rows, crops, shown, classifier)
            crops, shown = [], []
    if crops:
        mislabelled += _disagreements(rows, crops, shown, classifier)
    return Findings(
        counts=dataset.counts(),
        **_grouped(rows),
        tiny=looked["tiny"],
        blurred=looked["blurred"],
        dark=looked["dark"],
        unreadable=looked["unreadable"],
        mislabelled=[(i, name) for _, i, name in sorted(mislabelled, reverse=True)],
        untaught=sorted(set(dataset.about.classes) - {row.label for row in rows if row.split == TRAIN}),
        imbalance=_imbalance(rows),
    )


def _pictures(dataset: Dataset) -> Iterator[tuple[Row, np.ndarray | None]]:
    for row in dataset.rows:
        try:
            yield row, images.read_file(dataset.path / row.file)
        except MaskclsError:
            yield row, None


def _crop(image_rgb: np.ndarray, scale: float, classifier: "Classifier") -> np.ndarray:
    card = classifier.card
    return cut(
        image_rgb, crop_squares(middle_box(image_rgb, scale=scale), scale=card.cut_scale), size_px=card.input_px
    )[0]


def _quality(row: Row, image_rgb: np.ndarray) -> dict[str, bool]:
    grey = cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY)
    tiny, dark = min(row.width_px, row.height_px) < _TINY_PX, float(grey.mean()) < _DARK
    small = cv2.resize(grey, (_LOOK_PX, _LOOK_PX), interpolation=cv2.INTER_AREA)
    return {
        "tiny": tiny,
        # Few pixels look blurred when enlarged, and so does the dark, which says nothing more than that.
        "blurred": not (tiny or dark) and float(cv2.Laplacian(small, cv2.CV_32F).var()) < _SHARP,
        "dark": dark,
    }


def _disagreements(
    rows: tuple[Row, ...], crops: list[np.ndarray], shown: list[int], classifier: "Classifier | None"
) -> list[tuple[float, int, str]]:
    if classifier is None:
        return []
    classes = classifier.card.classes
    found = []
    for i, shares in zip(shown, classifier.classify(np.stack(crops))[0], strict=True):
        likeliest = int(shares.argmax())
        if shares[likeliest] >= _SURE and shares[classes.index(rows[i].label)] <= _UNLIKELY:
            found.append((float(shares[likeliest]), i, classes[likeliest]))
    return found


def _grouped(rows: tuple[Row, ...]) -> dict[str, Any]:
    by_bytes, by_looks = defaultdict(list), defaultdict(list)
    for i, row in enumerate(rows):
        by_bytes[row.sha256].append(i)
        by_looks[row.group].append(i)
    alike = [group for group in by_looks.values() if len(group) > 1]
    return {
        "copies": [group for group in by_bytes.values() if len(group) > 1],
        "near_copies": [group for group in alike if len({rows[i].sha256 for i in group}) > 1],
        "leaks": [group for group in alike if len({rows[i].split for i in group}) > 1],
        "contradictions": [group for group in alike if len({rows[i].label for i in group}) > 1],
    }


def _imbalance(rows: tuple[Row, ...]) -> float:
    counted = Counter(row.label for row in rows if row.split == TRAIN)
    return max(counted.values()) / min(counted.values()) if counted else 1.0
