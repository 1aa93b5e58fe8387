"""What several commands share: options, progress, writing files."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from maskcls.errors import SettingsError

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
model_option = click.option(
    "--model", metavar="NAME", help="A version from `models list`; the one at work when left out."
)
FILE = click.Path(dir_okay=False, path_type=Path)


def check_writable(path: Path | None) -> None:
    """Say at once that a result will have no place, rather than after an hour's work."""
    if path and not path.absolute().parent.is_dir():
        raise SettingsError(f"There is no folder {path.absolute().parent} to write {path.name} into. Make it first.")


def make_folder(path: Path) -> None:
    """Make a folder for results.

    Raises:
        SettingsError: It cannot be made; says why.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The folder {path} cannot be made: {error.strerror}. Choose another one.") from error


def write_file(path: Path, data: bytes) -> None:
    """Write a file.

    Raises:
        SettingsError: It cannot be written; says why.
    """
    try:
        path.write_bytes(data)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}. Choose another place.") from error


def tracked(items: Sequence[Any]) -> Iterator[Any]:
    """Go through `items` with a progress bar on stderr, when that is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, show_pos=True, file=sys.stderr) as bar:
        yield from bar


def say(text: str, *, err: bool) -> None:
    """Print a result while a progress bar may be standing where it would go."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    click.echo(text, err=err)
