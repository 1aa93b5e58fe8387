"""Train, validation and test: by group, so that no picture's copy is on the other side; always the same."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_ALIASES = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}
# One part in so many is for validation, and as much for the test.
_PARTS = 6


def canonical_split(name: str) -> str | None:
    """Return our name of a split's folder, such as `Valid`; None for any other folder."""
    return _ALIASES.get(name.lower())


def complete(given: Sequence[str], labels: Sequence[str], groups: Sequence[object], *, seed: int = 0) -> list[str]:
    """Return the split of each picture: those given stay, and what is missing is taken from the rest by group.

    Args:
        given: `train`, `validation`, `test`, or empty, of each picture.
        labels: Its class; each split gets about the same share of every class.
        groups: Pictures of one group come into one split.
        seed: The same one gives the same splits.
    """
    splits = [one or TRAIN for one in given]
    for wanted in (TEST, VALIDATION):
        if wanted in splits:
            continue
        free = [i for i, one in enumerate(splits) if one == TRAIN]
        for i in _part(free, labels, groups, seed):
            splits[i] = wanted
    return splits


def _part(free: list[int], labels: Sequence[str], groups: Sequence[object], seed: int) -> list[int]:
    """Return about a sixth of these pictures, by group; none where there are too few groups to take one from."""
    own = np.unique([str(groups[i]) for i in free], return_inverse=True)[1]
    classes = np.unique([labels[i] for i in free], return_inverse=True)[1]
    parts = min(_PARTS, len(np.unique(own)), max(np.bincount(classes), default=0))
    if parts < 2:
        return []
    # Rare classes have fewer pictures than there are parts: scikit-learn warns, and splits as well as can be.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        folds = [chosen for _, chosen in _folds(parts, seed).split(np.zeros(len(classes)), classes, own)]
    # One huge group fills a whole part, which is then no part to hold out.
    fair = [chosen for chosen in folds if 0 < len(chosen) <= len(free) / 3]
    wanted = len(free) / _PARTS
    best = max(
        fair, key=lambda chosen: (len(set(classes[chosen])), -abs(len(chosen) - wanted)), default=np.zeros(0, int)
    )
    return [free[i] for i in best]


def _folds(parts: int, seed: int) -> Any:
    # Only who splits something waits for scikit-learn.
    from sklearn.model_selection import StratifiedGroupKFold

    return StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
