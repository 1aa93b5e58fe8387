"""`python -m maskcls models`."""

import json
from collections.abc import Iterator
from typing import Any

import click

from maskcls.cli.common import as_json_option
from maskcls.errors import ModelError, SettingsError
from maskcls.registry import Registry, Version


@click.group()
def models() -> None:
    """List the model versions, show one, put one to work."""


@models.command("list")
@as_json_option
def models_list(*, as_json: bool) -> None:
    """List all versions; the classifier at work has a star."""
    registry = Registry()
    at_work = _name_at_work(registry)
    versions = [*registry.versions("classifier"), *registry.versions("finder")]
    table: list[dict[str, Any]] = [
        {
            "name": version.name,
            "kind": version.card.kind,
            "shipped": version.shipped,
            "at_work": version.card.kind == "classifier" and version.name == at_work,
        }
        for version in versions
    ]
    if as_json:
        click.echo(json.dumps(table))
        return
    width = max((len(row["name"]) for row in table), default=0)
    for row in table:
        star, origin = "*" if row["at_work"] else " ", "shipped" if row["shipped"] else "made here"
        click.echo(f"{star} {row['name']:{width}}  {row['kind']:10}  {origin}")


@models.command("show")
@click.argument("name", required=False)
@as_json_option
def models_show(name: str | None, *, as_json: bool) -> None:
    """Show a version's card: its classes, settings, data and figures. NAME is the one at work when left out."""
    version = _version(Registry(), name)
    card = {"shipped": version.shipped, **version.card.as_json()}
    click.echo(json.dumps(card) if as_json else "\n".join(_card_lines(card)))


@models.command("promote")
@click.argument("name")
def models_promote(name: str) -> None:
    """Put the classifier NAME to work."""
    Registry().promote(name)
    click.echo(f"{name} is at work now.", err=True)


def _name_at_work(registry: Registry) -> str | None:
    """Return the name of the classifier at work; None when there is none, which must not keep the others from view."""
    try:
        return registry.at_work().name
    except ModelError as error:
        click.echo(str(error), err=True)
        return None


def _version(registry: Registry, name: str | None) -> Version:
    if name is None:
        return registry.at_work()
    versions = [*registry.versions("classifier"), *registry.versions("finder")]
    found = next((version for version in versions if version.name == name), None)
    if found is None:
        names = ", ".join(version.name for version in versions) or "none"
        raise SettingsError(f"There is no model version {name}. There are: {names}.")
    return found


def _card_lines(card: dict[str, Any]) -> Iterator[str]:
    width = max(map(len, card))
    for key, value in card.items():
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
        text = json.dumps(text, indent=2) if isinstance(text, dict) else text
        yield f"{key:{width}}  {text}"
