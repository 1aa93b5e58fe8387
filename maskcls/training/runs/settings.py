"""What a run is asked to do, with defaults that suit what is trained."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskcls.architectures import architecture
from maskcls.data.augmentation import Augmentation
from maskcls.errors import SettingsError

if TYPE_CHECKING:
    from maskcls.registry import Registry

SCRATCH, IMAGENET = "scratch", "imagenet"
OURS = "maskcls"
OPTIMISERS = ("adamw", "adam", "sgd")
SCHEDULES = ("cosine", "constant")
_LIMITS = {
    "epochs": (1, 1000),
    "batch": (1, 1024),
    "rate": (1e-7, 1.0),
    "head_epochs": (0, 1000),
    "unfrozen": (0.0, 1.0),
    "dropout": (0.0, 0.9),
    "patience": (0, 1000),
    "input_px": (32, 512),
    "seed": (0, 1_000_000_000),
}
_WHOLE = ("epochs", "batch", "head_epochs", "patience", "input_px", "seed")
# Ours has sixteen pixels to a cell.
_MULTIPLE_PX = 16


@dataclass(frozen=True)
class Settings:
    """What to train, on what, and how.

    Attributes:
        dataset: Name of the data set.
        name: What the model version will be called.
        architecture: See `architectures.ARCHITECTURES`.
        start: Where its weights come from: `scratch`, `imagenet`, the name of a version of this architecture, or a file
            with ImageNet weights.
        epochs: How often the pictures are gone through, at most.
        batch: Pictures in a step.
        rate: Highest learning rate; the head alone learns ten times as fast.
        schedule: `cosine`: the rate falls along a half cosine (Loshchilov and Hutter, 2017); `constant`.
        optimiser: `adamw` (Loshchilov and Hutter, 2019), `adam` (Kingma and Ba, 2015) or `sgd` with momentum.
        head_epochs: How many epochs at the start train the head alone, while the rest keeps what it knows.
        unfrozen: Share of the layers, from the last one down, that is trained after that.
        dropout: Share of the features that training hides.
        balanced: Whether rare classes count more, as much as they are rarer.
        patience: Stop when validation has not improved for so many epochs; 0 to go on.
        mixed_precision: Compute in 16 bits where there is a GPU.
        input_px: Side of the crops.
        augmentation: How pictures may be changed.
        seed: Of all chance.
    """

    dataset: str
    name: str
    architecture: str = OURS
    start: str = SCRATCH
    epochs: int = 10
    batch: int = 32
    rate: float = 1e-3
    schedule: str = "cosine"
    optimiser: str = "adamw"
    head_epochs: int = 0
    unfrozen: float = 1.0
    dropout: float = 0.3
    balanced: bool = False
    patience: int = 0
    mixed_precision: bool = False
    input_px: int = 128
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        architecture(self.architecture)
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and least <= value <= most):
                raise SettingsError(f"{name.replace('_', ' ')} goes from {least:g} to {most:g}. Got: {value}")
            if name in _WHOLE and not isinstance(value, int):
                raise SettingsError(f"{name.replace('_', ' ')} is a whole number. Got: {value}")
        for name, known in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in known:
                raise SettingsError(f"{name} is one of {', '.join(known)}. Got: {getattr(self, name)!r}")
        if self.input_px % _MULTIPLE_PX and self.architecture == OURS:
            raise SettingsError(f"{OURS} takes crops of a multiple of {_MULTIPLE_PX} pixels. Got: {self.input_px}")

    @property
    def is_warm(self) -> bool:
        """Whether its weights know something already."""
        return self.start != SCRATCH

    @property
    def goes_on(self) -> bool:
        """Whether it goes on from a model version."""
        return self.start not in (SCRATCH, IMAGENET) and not is_file(self.start)

    def as_json(self) -> dict[str, Any]:
        """Return what `read_settings` reads."""
        return asdict(self)


def read_settings(content: Mapping[str, Any]) -> Settings:
    """Return the settings that `as_json` gave.

    Raises:
        SettingsError: They are no such settings, or make no sense.
    """
    try:
        known = {one.name: content[one.name] for one in fields(Settings) if one.name in content}
        return Settings(**known | {"augmentation": Augmentation(**known.get("augmentation", {}))})
    except TypeError as error:
        raise SettingsError(f"These are no settings of a run: {error}") from error


def usual(registry: "Registry", dataset: str, name: str, **told: Any) -> Settings:
    """Return settings with what was told, and what is usual for the architecture for the rest.

    Args:
        registry: Where the version lies that ours goes on from.
        dataset: Name of the data set.
        name: Of the version that comes out.
        told: Fields of `Settings`.

    Raises:
        SettingsError: Something makes no sense, or the start does not fit the architecture.
        ModelError: There is no version to start from.
    """
    named = told.get("architecture", OURS)
    chosen = architecture(named)
    start = told.pop("start", None) or _usual_start(registry, named)
    size_px = _start_px(registry, named, start) or chosen.input_px
    usually: dict[str, Any] = {"rate": 1e-3, "epochs": 20}
    if start != SCRATCH:
        # What a version knows of faces is worth more than what ImageNet taught: it is changed less.
        rate = 3e-4 if start == IMAGENET or is_file(start) else 1e-4
        usually = {"rate": rate, "epochs": 10, "head_epochs": 1}
    fixed = {"start": start, "input_px": size_px, "dropout": chosen.dropout}
    return Settings(dataset, name, **usually | fixed | told)


def _usual_start(registry: "Registry", name: str) -> str:
    """Return where an architecture usually starts: ours from the version at work, where that is one of ours."""
    if name != OURS:
        return IMAGENET if architecture(name).from_imagenet else SCRATCH
    at_work = registry.at_work()
    return at_work.name if at_work.card.settings.get("architecture") == OURS else registry.shipped_name()


def _start_px(registry: "Registry", name: str, start: str) -> int | None:
    """Return the side of the crops of the version to start from; None where it is none."""
    if start == SCRATCH:
        return None
    if start == IMAGENET or is_file(start):
        if not architecture(name).from_imagenet:
            raise SettingsError(f"{name} cannot start from ImageNet weights. Start from a version of it, or scratch.")
        return None
    version = registry.version(start)
    made_as = version.card.settings.get("architecture")
    if made_as != name:
        raise SettingsError(f"{start} is {made_as or 'something else'}; {name} cannot go on from it.")
    return version.card.input_px


def is_file(start: str) -> bool:
    """Tell whether a start is a file with weights."""
    return Path(start).suffix == ".h5"
