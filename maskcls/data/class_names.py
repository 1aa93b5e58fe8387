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
}
_PARTIAL |= {"nose", "chin", "imfd"}
_NONE = {"without", "no", "non", "not", "un", "wo", "bare"}
_CORRECT = {"correct", "correctly"}
_MASK = {"mask", "masks", "masked", "cmfd", "imfd"}
# Words that change nothing.
_NEUTRAL = {"with", "w", "on", "worn", "wear", "weared", "wearing", "face", "faces", "people", "person", "mouth"}
_NEUTRAL |= {"image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "data", "dataset"}
_ENDINGS = ("facemask", "masked", "masks", "mask")


def guess(name: str) -> str | None:
    """Return our class for a folder's name, or None where it does not say, or says something we do not know."""
    words = _words(name)
    if not words & (_MASK | {"incorrect", "improper"}):
        return None
    if words - _PARTIAL - _NONE - _CORRECT - _MASK - _NEUTRAL:
        return None
    if words & _PARTIAL or ("not" in words and words & _CORRECT):
        return labels.PARTIAL_MASK
    return labels.WITHOUT_MASK if words & _NONE else labels.WITH_MASK


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
    found: set[str] = set()
    for word in re.findall(r"[a-z]+", spaced.lower()):
        # `nomask` is two words.
        ending = next((one for one in _ENDINGS if word.endswith(one)), "")
        found |= {word.removesuffix(ending), "mask"} - {""} if ending else {word}
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
