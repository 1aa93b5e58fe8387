"""How verdicts, names and numbers read on a page."""

import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from maskcls import images, labels
from maskcls.face import Face

# The theme gives these colour names the verdicts' colours (.streamlit/config.toml).
_COLOURS = {
    labels.WITH_MASK: "green",
    labels.PARTIAL_MASK: "orange",
    labels.WITHOUT_MASK: "red",
    labels.NOT_SURE: "gray",
}
_ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in string.punctuation if sign != ":"} | {":": "\\:\u2060"})


def plain(text: str) -> str:
    """Return a stranger's text so that Markdown shows it as it is: no links, colours, formulas or emoji from it."""
    return images.plain_name(text, longest=400).translate(_ESCAPES)


def named(name: str) -> str:
    """Return symbol and words of a class or verdict: `✓ mask worn`."""
    look = labels.look(name)
    return f"{look.symbol} {look.words}"


def colour(name: str) -> str:
    """Return the theme's name for the colour of a class or verdict."""
    return _COLOURS.get(name, "blue")


def badge(name: str) -> str:
    """Return a class or verdict as a coloured Markdown badge with symbol and words."""
    return f":{colour(name)}-badge[{plain(named(name))}]"


def verdict_names(classes: Sequence[str], faces: Iterable[Face]) -> list[str]:
    """Return the verdicts worth a place in a summary: the model's classes, *not sure*, and whatever else there is."""
    return list(dict.fromkeys([*classes, labels.NOT_SURE, *(face.verdict for face in faces)]))


def verdict_counts(faces: Iterable[Face]) -> str:
    """Return how often each verdict was given: `2 ✓ 1 ✕`; empty without faces."""
    counts = Counter(labels.look(face.verdict).symbol for face in faces)
    return " ".join(f"{count} {symbol}" for symbol, count in counts.items())


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun: `1 face`, `3 faces`."""
    return f"{count} {one if count == 1 else many}"


def percentages(probabilities: Mapping[str, float]) -> dict[str, float]:
    """Return probabilities in per cent with one decimal that add up to exactly 100.0 (largest remainders round up)."""
    total = sum(probabilities.values())
    if total <= 0:
        return dict.fromkeys(probabilities, 0.0)
    exact = {name: p / total * 1000 for name, p in probabilities.items()}
    tenths = {name: int(value) for name, value in exact.items()}
    short = 1000 - sum(tenths.values())
    for name in sorted(exact, key=lambda name: tenths[name] - exact[name])[:short]:
        tenths[name] += 1
    return {name: value / 10 for name, value in tenths.items()}
