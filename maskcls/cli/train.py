"""`python -m maskcls train`."""

import json
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from maskcls import report
from maskcls.architectures import ARCHITECTURES
from maskcls.cli.common import FILE, as_json_option
from maskcls.data.augmentation import LIMITS, NONE, Augmentation
from maskcls.data.importing import Plan, import_pictures
from maskcls.errors import DatasetError, RunError, SettingsError
from maskcls.registry import Registry
from maskcls.training.runs import asking
from maskcls.training.runs.run import ACTIVE, FAILED, STOPPED, Run
from maskcls.training.runs.settings import OPTIMISERS, SCHEDULES, is_file, usual

_LOOK_S = 0.5


@click.command()
@click.argument("data")
@click.option("--name", required=True, help="What the model version will be called.")
@click.option("--architecture", type=click.Choice(list(ARCHITECTURES)), default="maskcls", show_default=True)
@click.option("--start", metavar="VERSION|imagenet|scratch", help="Where its weights come from.")
@click.option("--weights", type=FILE, help="An .h5 file with ImageNet weights, in place of --start imagenet.")
@click.option("--epochs", type=int, help="How often the pictures are gone through.  [10, from scratch 20]")
@click.option("--batch", type=int, help="Pictures in a step.  [32]")
@click.option("--rate", type=float, help="Highest learning rate.  [0.0001; from ImageNet 0.0003, from scratch 0.001]")
@click.option("--schedule", type=click.Choice(SCHEDULES), help="How the rate goes on.  [cosine]")
@click.option("--optimiser", type=click.Choice(OPTIMISERS), help="[adamw]")
@click.option("--head-epochs", type=int, help="Epochs at the start that train the head alone.  [1, from scratch 0]")
@click.option("--unfrozen", type=float, help="Share of the layers that is trained after that, from the last one.  [1]")
@click.option("--dropout", type=float, help="Share of the features that training hides.")
@click.option("--balanced", is_flag=True, default=None, help="Let rare classes count more.")
@click.option("--patience", type=int, help="Stop after so many epochs without improvement; 0 to go on.  [0]")
@click.option("--mixed-precision", is_flag=True, default=None, help="Compute in 16 bits where there is a GPU.")
@click.option("--input-px", type=int, help="Side of the crops.")
@click.option("--seed", type=int, help="Of all chance.  [0]")
@click.option(
    "--augment",
    multiple=True,
    metavar="CHANGE=AMOUNT",
    help=f"How far pictures may be changed: {', '.join(LIMITS)}; or none.",
)
@click.option("--detach", is_flag=True, help="Do not wait for the end; `runs show` tells how it goes.")
@as_json_option
def train(
    data: str, *, name: str, weights: Path | None, augment: tuple[str, ...], detach: bool, as_json: bool, **told: Any
) -> None:
    """Teach a network with DATA: a data set from `data list`, or a folder or ZIP, which becomes one first.

    It runs in a process of its own. Ctrl-C ends it, and the best so far is kept.
    """
    chosen = {field: value for field, value in told.items() if value is not None}
    if weights is not None:
        if not is_file(str(weights)):
            raise SettingsError(f"--weights wants an .h5 file. Got: {weights}")
        chosen["start"] = str(weights.resolve())
    if augment:
        chosen["augmentation"] = _augmentation(augment)
    asking.check_name(name)
    # Before a data set is made, so that a slip in the options leaves none behind.
    settings = usual(Registry(), data, name, **chosen)
    run = asking.train(replace(settings, dataset=dataset_of(data, name)))
    click.echo(f"The run is called {run.id}.", err=True)
    if detach:
        click.echo(json.dumps({"run": run.id}) if as_json else run.id)
        return
    follow(run)
    show_end(run, as_json=as_json)


def follow(run: Run) -> None:
    """Tell on stderr how a run goes, until it has come to an end; Ctrl-C ends it."""
    told = 0
    while True:
        try:
            active = run.state in ACTIVE
            lines = run.progress.lines()
            for line in lines[told:]:
                if text := report.progress_text(line):
                    click.echo(text, err=True)
            told = len(lines)
            if not active:
                return
            time.sleep(_LOOK_S)
        except KeyboardInterrupt:
            if run.is_cancelled():
                raise
            click.echo("Ending it; the best so far is kept. Again to leave at once.", err=True)
            # Unless it has just come to its end.
            with suppress(RunError):
                run.cancel()


def show_end(run: Run, *, as_json: bool) -> None:
    """Print what came out of a run; one that failed or broke off is an error."""
    told = end_of(run)
    click.echo(json.dumps(told) if as_json else report.run_text(told))


def end_of(run: Run) -> dict[str, Any]:
    """Return what came out of a run; one that failed or broke off is an error."""
    if run.state == FAILED:
        raise click.ClickException(run.error)
    if run.state == STOPPED:
        raise click.ClickException(f"Its process is gone. Let it go on with `runs resume {run.name}`.")
    return {"run": run.id, "state": run.state, **run.result}


def dataset_of(data: str, name: str) -> str:
    """Return the name of a data set, made now where `data` is a folder or a ZIP."""
    if data in asking.shelf().names():
        return data
    if not Path(data).exists():
        raise DatasetError(f"{data[:80]} is neither a data set from `data list` nor a folder or ZIP of pictures.")
    return import_pictures(Path(data), asking.shelf(), Plan(name)).name


def _augmentation(texts: tuple[str, ...]) -> Augmentation:
    """Return what was told, on top of what is usual; `none` first for nothing else."""
    chosen = NONE if "none" in texts else Augmentation()
    told = {}
    for text in texts:
        change, sign, amount = text.partition("=")
        if text == "none":
            continue
        try:
            told[change] = float(amount)
        except ValueError:
            sign = ""
        if not sign or change not in LIMITS:
            raise SettingsError(f"--augment wants CHANGE=AMOUNT with one of {', '.join(LIMITS)}. Got: {text[:80]}")
    return Augmentation(**vars(chosen) | told)
