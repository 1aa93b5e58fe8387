"""Asking for a run: everything that can be known to go wrong is said before a process starts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from maskcls.data.datasets import Shelf
from maskcls.data.splits import TRAIN
from maskcls.errors import DatasetError, MaskclsError, RunError, SettingsError
from maskcls.registry import Registry, home
from maskcls.training.runs.run import ACTIVE, SEARCH, STOPPED, TRAINING, Run, Runs
from maskcls.training.runs.settings import IMAGENET, SCRATCH, Settings, is_file, read_settings
from maskcls.training.runs.space import SearchSettings, check_comparable, fingerprint
from maskcls.training.runs.storage import absolute, keep_private, usual_url

_MOST_NUMBERS = 1000


def runs() -> Runs:
    """Return where people's runs lie."""
    return Runs(home() / "runs")


def shelf() -> Shelf:
    """Return where people's data sets lie."""
    return Shelf(home() / "datasets")


def train(settings: Settings) -> Run:
    """Start a training, which waits for those before it.

    Raises:
        MaskclsError: There is no such data set or file, or the name is taken; nothing was started.
    """
    dataset = shelf().open(settings.dataset)
    if len({row.label for row in dataset.rows if row.split == TRAIN}) < 2:
        raise DatasetError(f"The training part of {dataset.name} does not show two classes. Bring more pictures.")
    check_name(settings.name)
    settings = _absolute_start(settings)
    run = runs().create(TRAINING, settings.name, settings.as_json())
    run.start()
    return run


def search(settings: SearchSettings) -> Run:
    """Start a search, which waits for the runs before it.

    Raises:
        MaskclsError: There is no such data set or file, it has no validation pictures, the name is taken, or the study
            or its database cannot be used; nothing was started.
    """
    dataset = shelf().open(settings.base.dataset)
    check_comparable(dataset)
    check_name(settings.base.name)
    settings = replace(settings, bases=tuple(_absolute_start(base) for base in settings.bases))
    # The run works from another folder.
    url = absolute(settings.storage)
    if settings.storage or settings.study:
        from maskcls.training.runs.study import check_study

        check_study(url or usual_url(home()), settings.study, fingerprint(settings, dataset))
    run = runs().create(SEARCH, settings.base.name, replace(settings, storage=url).as_json())
    if url:
        keep_private(run, url)
    run.start()
    return run


def train_best(run: Run, name: str) -> Run:
    """Start a training with the settings of a search's best trial.

    Args:
        run: The search.
        name: Of the version that comes out.

    Raises:
        MaskclsError: It has no best trial, or the training cannot be started.
    """
    best = run.result.get("best")
    if not best:
        raise RunError(f"The run {run.id} is no search with a best trial, or has not come to its end yet.")
    return train(replace(read_settings(best["settings"]), name=name))


def remove_dataset(name: str) -> None:
    """Remove a data set for good.

    Raises:
        MaskclsError: There is none, or a run needs it.
    """
    for run in runs().all():
        if run.state in (*ACTIVE, STOPPED) and _asked_of(run).get("dataset") == name:
            raise RunError(f"The run {run.id} learns from {name}. Cancel it first.")
    shelf().remove(name)


def check_name(name: str) -> None:
    """Raise a `MaskclsError` where a version cannot be called so, or another run is making one of this name."""
    if name in (SCRATCH, IMAGENET) or is_file(name):
        raise SettingsError(f"{name} means something else where a training starts. Take another name.")
    Registry().check_free(name)
    for run in runs().all():
        if _is_making(run, name):
            raise RunError(f"The run {run.id} is making a version {name}. Take another name, or cancel that run.")


def free_name(wanted: str) -> str:
    """Return the first of `wanted-1`, `wanted-2`, … that `check_name` has nothing against.

    Raises:
        MaskclsError: No version can be called so.
    """
    numbered = (f"{wanted}-{number}" for number in range(1, _MOST_NUMBERS))
    name = next(filter(_is_free, numbered), f"{wanted}-{_MOST_NUMBERS}")
    check_name(name)
    return name


def _is_free(name: str) -> bool:
    try:
        check_name(name)
    except MaskclsError:
        return False
    return True


def _absolute_start(settings: Settings) -> Settings:
    """Return the settings with a file of weights as the run, which works from another folder, will find it."""
    if not is_file(settings.start):
        return settings
    if not Path(settings.start).is_file():
        raise SettingsError(f"There is no file {settings.start} with weights.")
    return replace(settings, start=str(Path(settings.start).resolve()))


def _is_making(run: Run, name: str) -> bool:
    return run.state in (*ACTIVE, STOPPED) and _asked_of(run).get("name") == name


def _asked_of(run: Run) -> dict[str, Any]:
    try:
        return dict(run.asked["settings"])
    except RunError:  # a damaged one asks for nothing
        return {}
