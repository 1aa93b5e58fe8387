"""`python -m maskcls search`."""

import json
from dataclasses import replace
from typing import Any

import click

from maskcls import report
from maskcls.architectures import ARCHITECTURES
from maskcls.cli.common import as_json_option
from maskcls.cli.train import dataset_of, end_of, follow
from maskcls.errors import SettingsError
from maskcls.registry import Registry
from maskcls.training.runs import asking
from maskcls.training.runs.run import FINISHED, Run
from maskcls.training.runs.space import VARIABLE, usual_search


@click.command()
@click.argument("data")
@click.option("--name", required=True, help="What the model version will be called that the best trial may become.")
@click.option(
    "--vary", default="rate,dropout,augmentation", show_default=True, help=f"What to try out: {', '.join(VARIABLE)}."
)
@click.option(
    "--architectures",
    default="maskcls",
    show_default=True,
    help=f"The networks to choose from, or the only one: {', '.join(ARCHITECTURES)}.",
)
@click.option("--trials", type=int, default=0, help="End with so many trials in the study.")
@click.option("--minutes", type=float, default=0.0, help="End after so long.")
@click.option("--start", metavar="VERSION|imagenet|scratch", help="Where the weights of each trial come from.")
@click.option("--epochs", type=int, help="How often a trial goes through the pictures.  [10, from scratch 20]")
@click.option("--input-px", type=int, help="Side of the crops.")
@click.option("--seed", type=int, help="Of all chance.  [0]")
@click.option("--no-prune", is_flag=True, help="Let poor trials go on to their last epoch.")
@click.option(
    "--storage",
    metavar="URL",
    envvar="MASKCLS_STORAGE",
    default="",
    help="The database that several machines share: postgresql://user:password@host/name. $MASKCLS_STORAGE keeps the "
    "password out of the list of processes.",
)
@click.option(
    "--study", metavar="NAME", default="", help="What the study is called; one that is there is gone on with."
)
@click.option("--train-best", is_flag=True, help="Train with the settings of the best trial in the end.")
@click.option("--detach", is_flag=True, help="Do not wait for the end; `runs show` tells how it goes.")
@as_json_option
def search(
    data: str,
    *,
    name: str,
    vary: str,
    architectures: str,
    no_prune: bool,
    train_best: bool,
    detach: bool,
    as_json: bool,
    **told: Any,
) -> None:
    """Search for good settings to teach a network with DATA, by trying some out.

    DATA is a data set from `data list`, or a folder or ZIP, which becomes one first. Each trial is a training; the best
    is the one with the lowest loss on validation pictures. Several machines work on one study when they are given the
    same pictures, options, --storage and --study. Ctrl-C ends it, and the best so far is kept.
    """
    if train_best and detach:
        raise SettingsError("--train-best waits for the end of the search, which --detach does not. Leave one out.")
    chosen = {option: value for option, value in told.items() if value is not None}
    asking.check_name(name)
    asked = usual_search(
        Registry(), data, name, vary=_names(vary), architectures=_names(architectures), prune=not no_prune, **chosen
    )
    # Not before: a slip in the options leaves no data set behind.
    dataset = dataset_of(data, name)
    run = asking.search(replace(asked, bases=tuple(replace(base, dataset=dataset) for base in asked.bases)))
    click.echo(f"The run is called {run.id}.", err=True)
    if detach:
        click.echo(json.dumps({"run": run.id}) if as_json else run.id)
        return
    follow(run)
    ended = end_of(run)
    # Who ended it wants no training either.
    trained = _train_best(run, name) if train_best and run.state == FINISHED else {}
    if as_json:
        click.echo(json.dumps({**ended, "training": trained or None}))
        return
    click.echo("\n\n".join(report.run_text(one) for one in (ended, trained) if one))


def _train_best(search: Run, name: str) -> dict[str, Any]:
    run = asking.train_best(search, name)
    click.echo(f"Training with the best: the run is called {run.id}.", err=True)
    follow(run)
    return end_of(run)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
