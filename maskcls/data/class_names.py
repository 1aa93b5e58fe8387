"""What people call the classes: `WithMask`, `mask_weared_incorrect`, `no-mask` and so on, in our words."""

import re
from collections.abc import Iterable

from maskcls import labels

_PARTIAL = {
    "incorrect",
    "incorrectly",
    "improper",
    "improperly",
    "wrong",
    "wrongly",
    "partial",
    "partially",
    "misplaced",
    "nose",
    "chin",
    "imfd",
}
_NONE = {"without", "no", "non", "not", "un", "unmasked", "nomask", "bare", "none", "wo"}
_WORN = {"with", "mask", "masks", "masked", "withmask", "facemask", "worn", "wearing", "correct", "correctly", "cmfd"}
_MASK = {"mask", "masks", "masked", "withmask", "nomask", "unmasked", "facemask", "withoutmask", "cmfd", "imfd"}


def guess(name: str) -> str | None:
    """Return our class for a folder's name, or None where it says nothing of masks."""
    words = _words(name)
    about_masks = bool(words & _MASK) or any(word.endswith("mask") for word in words)
    if not about_masks and not {"incorrect", "improper"} & words:
        return None
    if words & _PARTIAL:
        return labels.PARTIAL_MASK
    if words & _NONE or "withoutmask" in words:
        return labels.WITHOUT_MASK
    return labels.WITH_MASK if words & _WORN or about_masks else None


def guess_all(names: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return what each folder's pictures show, and the folders that somebody has to be asked about.

    Where no name speaks of masks, they are classes of one's own and nobody is asked. Nor may two folders' names mean
    the same by chance: `mask1` and `mask2` are asked about.
    """
    listed = sorted(set(names))
    guessed = {name: guess(name) for name in listed}
    if not any(guessed.values()):
        return {name: name for name in listed}, []
    by_label: dict[str, list[str]] = {}
    for name, label in guessed.items():
        if label is not None:
            by_label.setdefault(label, []).append(name)
    # The same word in another spelling is the same class: train/WithMask and test/with_mask.
    unclear = {name for those in by_label.values() if len({_plain(one) for one in those}) > 1 for name in those} | {
        name for name, label in guessed.items() if label is None
    }
    return {name: label for name, label in guessed.items() if label and name not in unclear}, sorted(unclear)


def _words(name: str) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return set(re.findall(r"[a-z]+", spaced.lower()))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
