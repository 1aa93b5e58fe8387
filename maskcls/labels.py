"""The classes, and how each one looks and reads wherever it is shown.

A model's own classes and their order come from its card; the three here are what the shipped model knows. A class that
is not listed gets its own name and a neutral look.
"""

from dataclasses import dataclass

WITH_MASK = "with_mask"
WITHOUT_MASK = "without_mask"
PARTIAL_MASK = "partial_mask"
CLASSES = (WITH_MASK, WITHOUT_MASK, PARTIAL_MASK)

# A verdict, never a class: the model was not sure enough of any class.
NOT_SURE = "not_sure"

# What other data sets call our classes.
_ALIASES = {
    "mask_weared_incorrect": PARTIAL_MASK,
    "with_incorrect_mask": PARTIAL_MASK,
}


@dataclass(frozen=True)
class Look:
    """How a class or verdict is shown: words, a symbol and a colour, so that colour is never alone.

    Attributes:
        words: For people, lower case.
        symbol: One character.
        colour: `#rrggbb`, from the palette of Okabe and Ito (2008) that colour-blind people can tell apart.
    """

    words: str
    symbol: str
    colour: str


_LOOKS = {
    WITH_MASK: Look("mask worn", "✓", "#009E73"),
    PARTIAL_MASK: Look("mask partially worn", "◐", "#E69F00"),
    WITHOUT_MASK: Look("no mask", "✕", "#D55E00"),
    NOT_SURE: Look("not sure", "?", "#808080"),
}


def look(name: str) -> Look:
    """Return how the class or verdict `name` is shown; an unknown one gets its own name and a neutral look."""
    return _LOOKS.get(name) or Look(name.replace("_", " "), "●", "#0072B2")


def canonical(name: str) -> str:
    """Return our name of a class that other data sets call differently, or `name` itself."""
    return _ALIASES.get(name, name)
