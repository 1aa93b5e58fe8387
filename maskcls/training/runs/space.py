"""What a search tries out: which settings vary, how far, and what a trial's numbers mean as settings of a run."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maskcls.data.augmentation import LIMITS, NONE, Augmentation
from maskcls.data.datasets import Dataset, check_name
from maskcls.data.splits import VALIDATION
from maskcls.errors import DatasetError, SettingsError
from maskcls.training.runs.settings import OURS, Settings, is_file, read_settings, usual
from maskcls.training.runs.storage import check_url, hidden

if TYPE_CHECKING:
    import optuna

    from maskcls.registry import Registry

# What may vary, for people.
VARIABLE = {
    "architecture": "network",
    "rate": "learning rate",
    "batch": "pictures in a step",
    "dropout": "dropout",
    "augmentation": "strength of augmentation",
    "unfrozen": "share of the layers that learn",
}
# How far. A strength of 1 is the augmentation that was asked for.
RANGES = {
    "rate": (1e-5, 1e-2),
    "batch": (8, 128),
    "dropout": (0.0, 0.7),
    "augmentation": (0.0, 2.0),
    "unfrozen": (0.1, 1.0),
}
# A factor counts here, not a difference.
LOGARITHMIC = ("rate", "batch")
_MOST_TRIALS, _MOST_MINUTES = 10_000, 100_000


@dataclass(frozen=True)
class SearchSettings:
    """What to search, and for how long.

    Attributes:
        bases: What a training is asked for each network to choose from, where nothing varies; the first one's data set
            and name are the search's.
        vary: Some of `VARIABLE`.
        trials: How many the study shall have in the end, whoever made them; 0 for no such end.
        minutes: When no further one is begun; 0 for no such end. One that is under way then is dropped, unless it is
            the first.
        prune: Whether trials are given up that do worse than half of the others did at that epoch.
        storage: URL of the database that several machines share; a file of one's own when empty.
        study: What the study is called there; the run's id when empty. One that is there already is gone on with.
    """

    bases: tuple[Settings, ...]
    vary: tuple[str, ...]
    trials: int = 0
    minutes: float = 0.0
    prune: bool = True
    storage: str = field(default="", repr=False)
    study: str = ""

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        self._check_vary()
        self._check_bases()
        for name, most in (("trials", _MOST_TRIALS), ("minutes", _MOST_MINUTES)):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= most):
                raise SettingsError(f"{name} go from 0 to {most}. Got: {value}")
        if not self.trials and not self.minutes:
            raise SettingsError("A search needs an end: a number of trials, or minutes.")
        if self.storage:
            check_url(self.storage)
        if self.study:
            _check_study(self.study)

    @property
    def base(self) -> Settings:
        """What a training is asked for the first network."""
        return self.bases[0]

    @property
    def architectures(self) -> tuple[str, ...]:
        """The networks to choose from."""
        return tuple(base.architecture for base in self.bases)

    def as_json(self) -> dict[str, Any]:
        """Return what `read_search` reads; a password in the URL is left out."""
        return {
            "dataset": self.base.dataset,
            "name": self.base.name,
            **asdict(self),
            "storage": hidden(self.storage),
            "bases": [base.as_json() for base in self.bases],
        }

    def _check_vary(self) -> None:
        if not self.vary:
            raise SettingsError(f"Nothing varies, so there is nothing to search. There is: {', '.join(VARIABLE)}.")
        for name in self.vary:
            if name not in VARIABLE:
                raise SettingsError(f"Nothing called {name[:80]!r} can vary. There is: {', '.join(VARIABLE)}.")

    def _check_bases(self) -> None:
        if not self.bases or len({(one.dataset, one.name) for one in self.bases}) > 1:
            raise SettingsError("A search has one data set and one name.")
        if len(set(self.architectures)) < len(self.bases):
            raise SettingsError(f"A network is there twice: {', '.join(self.architectures)}.")
        if ("architecture" in self.vary) != (len(self.bases) > 1):
            raise SettingsError(
                "To choose a network, let the architecture vary and name two or more (--architectures). Otherwise name "
                f"one. Got: {', '.join(self.architectures)}"
            )
        if "augmentation" in self.vary and all(base.augmentation == NONE for base in self.bases):
            raise SettingsError("There is no augmentation whose strength could vary. Choose some changes first.")
        if "unfrozen" in self.vary and not any(base.is_warm for base in self.bases):
            raise SettingsError("Only layers that know something can rest. Start from a version or ImageNet weights.")


def read_search(content: Mapping[str, Any]) -> SearchSettings:
    """Return the settings that `as_json` gave.

    Raises:
        SettingsError: They are no such settings, or make no sense.
    """
    try:
        known = {one.name: content[one.name] for one in fields(SearchSettings) if one.name in content}
        bases = tuple(read_settings(base) for base in known.get("bases", ()))
        return SearchSettings(**known | {"bases": bases, "vary": tuple(known.get("vary", ()))})
    except (TypeError, AttributeError) as error:
        raise SettingsError(f"These are no settings of a search: {error}") from error


def usual_search(
    registry: "Registry",
    dataset: str,
    name: str,
    *,
    vary: Sequence[str],
    architectures: Sequence[str] = (OURS,),
    trials: int = 0,
    minutes: float = 0.0,
    prune: bool = True,
    storage: str = "",
    study: str = "",
    **told: Any,
) -> SearchSettings:
    """Return a search around what is usual for each network.

    Args:
        registry: Where the version lies that ours goes on from.
        dataset: Name of the data set.
        name: Of the version that the best trial may become.
        vary: Some of `VARIABLE`.
        architectures: The networks to choose from, or the only one.
        trials: As in `SearchSettings`.
        minutes: As in `SearchSettings`.
        prune: As in `SearchSettings`.
        storage: As in `SearchSettings`.
        study: As in `SearchSettings`.
        told: Fields of `Settings`, the same for all networks.

    Raises:
        SettingsError: Something makes no sense, or the start does not fit a network.
        ModelError: There is no version to start from.
    """
    bases = tuple(usual(registry, dataset, name, **told | {"architecture": one}) for one in architectures)
    return SearchSettings(bases, tuple(vary), trials=trials, minutes=minutes, prune=prune, storage=storage, study=study)


def draw(trial: "optuna.Trial", search: SearchSettings) -> dict[str, Any]:
    """Let a trial choose, and return what it chose by names of `VARIABLE`."""
    drawn: dict[str, Any] = {}
    if "architecture" in search.vary:
        drawn["architecture"] = trial.suggest_categorical("architecture", search.architectures)
    base = settings_of(search, drawn)
    for name, (least, most) in RANGES.items():
        # From scratch, layers at rest would stay what chance made them.
        if name not in search.vary or (name == "unfrozen" and not base.is_warm):
            continue
        suggest = trial.suggest_int if name == "batch" else trial.suggest_float
        drawn[name] = suggest(name, least, most, log=name in LOGARITHMIC)
    return drawn


def settings_of(search: SearchSettings, drawn: Mapping[str, Any]) -> Settings:
    """Return what a training is asked for that does as a trial did.

    Args:
        search: Of the trial.
        drawn: What it chose.
    """
    bases = {base.architecture: base for base in search.bases}
    base = bases[drawn.get("architecture", search.base.architecture)]
    changes = {name: drawn[name] for name in ("rate", "batch", "dropout", "unfrozen") if name in drawn}
    if "augmentation" in drawn:
        changes["augmentation"] = scaled(base.augmentation, drawn["augmentation"])
    return replace(base, **changes)


def scaled(augmentation: Augmentation, strength: float) -> Augmentation:
    """Return all changes stronger or weaker by one factor, none beyond what `LIMITS` allow."""
    return Augmentation(**{name: min(LIMITS[name], value * strength) for name, value in vars(augmentation).items()})


def check_comparable(dataset: Dataset) -> None:
    """Raise a `DatasetError` where trials could not be compared."""
    if not any(row.split == VALIDATION for row in dataset.rows):
        raise DatasetError(
            f"{dataset.name} has no validation pictures, by which trials are compared. Bring more pictures."
        )


def fingerprint(search: SearchSettings, dataset: Dataset) -> dict[str, Any]:
    """Return what has to be the same for trials to be comparable, wherever they were made; JSON can hold it."""
    pictures = sorted(f"{row.sha256} {row.label} {row.split}" for row in dataset.rows)
    digest = hashlib.sha256("\n".join([f"{dataset.about.cut_scale:g}", *pictures]).encode()).hexdigest()
    told: dict[str, Any] = {"pictures": digest, "vary": sorted(search.vary), "architectures": search.architectures}
    for base in search.bases:
        told |= {f"{base.architecture}: {name}": value for name, value in base.as_json().items()}
        told[f"{base.architecture}: start"] = Path(base.start).name if is_file(base.start) else base.start
        # These are called what each machine calls them.
        del told[f"{base.architecture}: dataset"], told[f"{base.architecture}: name"]
    return dict(json.loads(json.dumps(told)))


def _check_study(name: str) -> None:
    try:
        check_name(name)
    except DatasetError as error:
        raise SettingsError(
            f"{name[:80]!r} cannot name a study: use letters, digits, dots, dashes, underscores."
        ) from error
