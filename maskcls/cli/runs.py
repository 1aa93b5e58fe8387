"""`python -m maskcls runs list|show|cancel|resume`."""

import json
from typing import Any

import click

from maskcls import report
from maskcls.cli.common import as_json_option
from maskcls.cli.train import follow, show_end
from maskcls.errors import RunError
from maskcls.training.runs import asking
from maskcls.training.runs.run import Run


@click.group()
def runs() -> None:
    """List trainings and searches, look into one, end it, or let it go on."""


@runs.command("list")
@as_json_option
def runs_list(*, as_json: bool) -> None:
    """List all runs, the latest first."""
    table = []
    for run in asking.runs().all():
        try:
            table.append(_told(run))
        except RunError as error:
            click.echo(str(error), err=True)
    if as_json:
        click.echo(json.dumps(table))
    elif not table:
        click.echo("There is no run yet. Start one with `train`.")
    else:
        for row in table:
            click.echo(f"{row['run']}  {row['state']:9}  {row['kind']}  {row['settings'].get('dataset', '')}")


@runs.command("show")
@click.argument("name")
@click.option("--log", "show_log", is_flag=True, help="Print the end of what its process printed.")
@as_json_option
def runs_show(name: str, *, show_log: bool, as_json: bool) -> None:
    """Show how the run NAME stands and what came out; its id, or the version's name in it."""
    run = asking.runs().open(name)
    if show_log:
        click.echo(run.log)
        return
    told = {**_told(run), "progress": run.progress.lines(), **run.result}
    if as_json:
        click.echo(json.dumps(told))
        return
    lines = [text for line in told["progress"] if (text := report.progress_text(line))]
    click.echo("\n".join([*lines, report.run_text(told)]))


@runs.command("cancel")
@click.argument("name")
def runs_cancel(name: str) -> None:
    """End the run NAME; the best so far is kept."""
    run = asking.runs().open(name)
    run.cancel()
    click.echo(f"{run.id} is ending.", err=True)


@runs.command("resume")
@click.argument("name")
@click.option("--detach", is_flag=True, help="Do not wait for the end.")
@as_json_option
def runs_resume(name: str, *, detach: bool, as_json: bool) -> None:
    """Let the run NAME go on where it stopped."""
    run = asking.runs().open(name)
    run.start()
    if not detach:
        follow(run)
        show_end(run, as_json=as_json)


def _told(run: Run) -> dict[str, Any]:
    return {"run": run.id, "state": run.state, "error": run.error, **run.asked}
