"""Asking for a run: everything that can be known to go wrong is said before a process starts."""

from pathlib import Path

from maskcls.data.datasets import Shelf
from maskcls.errors import RunError, SettingsError
from maskcls.registry import Registry, home
from maskcls.training.runs.run import ACTIVE, STOPPED, TRAINING, Run, Runs
from maskcls.training.runs.settings import Settings, is_file


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
    shelf().open(settings.dataset)
    check_name(settings.name)
    if is_file(settings.start) and not Path(settings.start).is_file():
        raise SettingsError(f"There is no file {settings.start} with weights.")
    run = runs().create(TRAINING, settings.name, settings.as_json())
    run.start()
    return run


def check_name(name: str) -> None:
    """Raise a `MaskclsError` where a version cannot be called so, or another run is making one of this name."""
    Registry().check_free(name)
    for run in runs().all():
        if run.state in (*ACTIVE, STOPPED) and run.asked["settings"].get("name") == name:
            raise RunError(f"The run {run.id} is making a version {name}. Take another name, or cancel that run.")


def free_name(wanted: str) -> str:
    """Return the first of `wanted-1`, `wanted-2`, … that `check_name` has nothing against."""
    number = 1
    while True:
        name = f"{wanted}-{number}"
        try:
            check_name(name)
        except (RunError, SettingsError):
            number += 1
            continue
        return name
