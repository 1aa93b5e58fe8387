"""The card of a model version: what it is, what it needs, how good it was found to be."""

import importlib.metadata
import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskcls.errors import ModelError

SCHEMA = 1
# What a version's answers may hang on.
PACKAGES = ("keras", "tensorflow", "ai-edge-litert", "numpy", "opencv-python-headless")
KINDS = ("finder", "classifier")
CARD_FILE = "card.json"
# What JSON makes of each field.
_NUMBER = (int, float)
_TYPES: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("name", "kind", "title", "created", "not_for"), str),
    **dict.fromkeys(("cut_scale", "temperature", "threshold"), _NUMBER),
    **dict.fromkeys(("settings", "figures", "packages"), dict),
    **dict.fromkeys(("classes", "data"), list),
    "input_px": int,
    "parent": (str, type(None)),
}


@dataclass(frozen=True)
class Card:
    """What `card.json` says of a version.

    Attributes:
        name: The version's name, which is its folder's.
        kind: `finder` or `classifier`.
        title: A few words for people.
        classes: A classifier's classes in the order of its outputs; empty for a finder.
        input_px: Side of a classifier's crops; 0 for a finder, which takes any size.
        cut_scale: A crop's side in multiples of the face's longer side.
        temperature: Divides the logits, chosen on validation data (Guo et al., 2017).
        threshold: A label with less probability than this is *not sure*.
        settings: What else the network needs.
        data: What it was trained on, with hashes.
        figures: How good it was found to be, per source.
        packages: Versions it was made with.
        parent: What its weights started from.
        created: Day, as `2026-11-20`.
        not_for: What it must not be used for.
    """

    name: str
    kind: str
    title: str = ""
    classes: tuple[str, ...] = ()
    input_px: int = 0
    cut_scale: float = 1.0
    temperature: float = 1.0
    threshold: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    data: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    parent: str | None = None
    created: str = ""
    not_for: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what `card.json` holds."""
        return {"schema": SCHEMA} | {name: getattr(self, name) for name in self.__dataclass_fields__}


def made_now() -> dict[str, Any]:
    """Return what a card says of a version that is made now: `packages` and `created`."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {"packages": versions, "created": datetime.now(UTC).date().isoformat()}


def read_card(folder: Path) -> Card:
    """Return the card of the version in `folder`.

    Raises:
        ModelError: It is missing or damaged, or says something impossible.
    """
    path = folder / CARD_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is missing or damaged. Restore it or choose another version.") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ModelError(f"{path} is not a card that this version of maskcls reads (schema {SCHEMA}).")
    known = {name: content[name] for name in Card.__dataclass_fields__ if name in content}
    for name, value in known.items():
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            raise ModelError(f"{path}: {name} is {str(value)[:80]!r}. Restore it or choose another version.")
    try:
        # A folder that was copied or renamed is a version of that name, whatever its card remembers.
        card = Card(**known | {"name": folder.resolve().name, "classes": tuple(known.get("classes", ()))})
    except TypeError as error:
        raise ModelError(f"{path} lacks something: {error}. Restore it or choose another version.") from error
    _check(card, path)
    return card


def write_card(card: Card, folder: Path) -> None:
    """Write `card.json` into `folder`, whole or not at all."""
    text = json.dumps(card.as_json(), indent=2, ensure_ascii=False) + "\n"
    draft = folder / f".{CARD_FILE}.draft"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / CARD_FILE)


def _check(card: Card, path: Path) -> None:
    if card.kind not in KINDS:
        raise ModelError(f"{path} has the kind {card.kind!r}; expected one of {', '.join(KINDS)}.")
    if card.kind == "finder":
        return
    if not all(isinstance(name, str) and name for name in card.classes):
        raise ModelError(f"{path} lists the classes {list(card.classes)}; expected names.")
    if len(card.classes) < 2 or len(set(card.classes)) != len(card.classes):
        raise ModelError(f"{path} lists the classes {list(card.classes)}; expected two or more different ones.")
    numbers = (card.input_px, card.cut_scale, card.temperature)
    if not all(number > 0 and math.isfinite(number) for number in numbers):
        raise ModelError(f"{path}: input_px, cut_scale and temperature must be above 0.")
    if not 0 <= card.threshold <= 1:
        raise ModelError(f"{path}: threshold is {card.threshold}; expected a probability from 0 to 1.")
