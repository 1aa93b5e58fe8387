"""What a version has seen: the pictures of all data sets behind it, as far as these are still there."""

from maskcls.data.datasets import Shelf
from maskcls.data.splits import TEST
from maskcls.errors import MaskclsError
from maskcls.registry import Registry


def pictures_behind(name: str, registry: Registry, shelf: Shelf) -> set[str]:
    """Return hashes of the pictures that a version, or one that it goes on from, learnt from or was chosen by.

    Of what was trained elsewhere, such as the shipped versions, nothing is known here.

    Args:
        name: Of the version; one that is gone has nothing behind it.
        registry: Where the versions are.
        shelf: Where the data sets are.
    """
    seen: set[str] = set()
    line: list[str] = []
    while name and name not in line:
        line.append(name)
        try:
            card = registry.version(name).card
        except MaskclsError:
            break
        for one in card.data:
            seen |= _taught_with(str(one.get("dataset", "")), shelf)
        name = card.parent or ""
    return seen


def _taught_with(dataset: str, shelf: Shelf) -> set[str]:
    try:
        return {row.sha256 for row in shelf.open(dataset).rows if row.split != TEST}
    except MaskclsError:
        return set()
