"""`python -m maskcls data import|check|list`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from maskcls.cli.common import as_json_option, model_option
from maskcls.data import kaggle
from maskcls.data.checks import Findings, check
from maskcls.data.datasets import Dataset
from maskcls.data.importing import Plan, import_pictures
from maskcls.errors import DatasetError, SettingsError
from maskcls.registry import Registry
from maskcls.training.runs.asking import shelf

_NAMED = 5
_KAGGLE = "kaggle:"


@click.group()
def data() -> None:
    """Bring in pictures to teach with, look what is wrong with them, and list what there is."""


@data.command("import")
@click.argument("path")
@click.option("--name", required=True, help="What to call it; a version is added: mine-1, mine-2, …")
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="FOLDER=CLASS",
    help="What the pictures in a folder show, where its name does not say; nothing after = leaves the folder out.",
)
@click.option("--find-faces", is_flag=True, help="The pictures are photographs: find the largest face in each.")
@click.option(
    "--cut",
    "cut_scale",
    default=1.0,
    show_default=True,
    help="Of pictures that are faces: each is so many times as wide and high as the face in its middle.",
)
@as_json_option
def data_import(
    path: str, *, name: str, classes: tuple[str, ...], find_faces: bool, cut_scale: float, as_json: bool
) -> None:
    """Make a data set of PATH: a folder or ZIP of [split/]class/picture, or of photographs with Pascal-VOC boxes.

    kaggle:OWNER/NAME in place of a path downloads a data set of Kaggle.
    """
    told = dict(_pair(text) for text in classes)
    finder = Registry().finder() if find_faces else None
    source = kaggle.download(path.removeprefix(_KAGGLE)) if path.startswith(_KAGGLE) else Path(path)
    made = import_pictures(
        source, shelf(), Plan(name, told, as_faces=not find_faces, cut_scale=cut_scale), finder=finder
    )
    click.echo(json.dumps(_told(made)) if as_json else "\n".join(_lines(made)))


@data.command("check")
@click.argument("name")
@model_option
@as_json_option
def data_check(name: str, *, model: str | None, as_json: bool) -> None:
    """Look for copies, leaks between splits, bad pictures and labels that look wrong in the data set NAME."""
    dataset = shelf().open(name)
    found = check(dataset, classifier=Registry().classifier(model))
    click.echo(json.dumps(asdict(found)) if as_json else "\n".join(_findings(dataset, found)))


@data.command("list")
@as_json_option
def data_list(*, as_json: bool) -> None:
    """List the data sets that there are."""
    there = shelf()
    listed = []
    for name in there.names():
        try:
            listed.append(there.open(name))
        except DatasetError as error:
            click.echo(str(error), err=True)
    if as_json:
        click.echo(json.dumps([_told(one) for one in listed]))
    elif not listed:
        click.echo("There is no data set yet. Make one with `data import`.")
    else:
        for one in listed:
            click.echo(f"{one.name}  {len(one.rows)} pictures of {', '.join(one.about.classes)}")


def _pair(text: str) -> tuple[str, str]:
    folder, sign, label = text.partition("=")
    if not sign or not folder:
        raise SettingsError(f"--class wants FOLDER=CLASS. Got: {text[:80]}")
    return folder, label


def _told(dataset: Dataset) -> dict[str, object]:
    return {**asdict(dataset.about), "pictures": len(dataset.rows), "counts": dataset.counts()}


def _lines(dataset: Dataset) -> list[str]:
    lines = [f"{dataset.name}: {len(dataset.rows)} pictures"]
    for split, counts in dataset.counts().items():
        lines.append(f"  {split:10} " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    skipped = dataset.about.skipped
    lines += [f"  left out: {one['file']}: {one['reason']}" for one in skipped[:_NAMED]]
    return lines + ([f"  … and {len(skipped) - _NAMED} more"] if len(skipped) > _NAMED else [])


def _findings(dataset: Dataset, found: Findings) -> list[str]:
    rows = dataset.rows
    lines = _lines(dataset)
    for words, groups in (
        ("the same picture twice or more", found.copies),
        ("pictures that look the same", found.near_copies),
        ("LEAK: look the same, in different splits", found.leaks),
        ("look the same, with different classes", found.contradictions),
    ):
        lines += [f"{len(groups)} groups: {words}"] if groups else []
        lines += [f"  {' = '.join(rows[i].source for i in group[:_NAMED])}" for group in groups[:_NAMED]]
    for words, ones in (
        ("tiny", found.tiny),
        ("blurred", found.blurred),
        ("dark", found.dark),
        ("unreadable", found.unreadable),
    ):
        lines += [f"{len(ones)} {words}: {', '.join(rows[i].source for i in ones[:_NAMED])}"] if ones else []
    lines += [f"{name} has no picture to train on." for name in found.untaught]
    if found.mislabelled:
        lines.append(f"{len(found.mislabelled)} labels look wrong to the model at work:")
        lines += [f"  {rows[i].source}: {rows[i].label}, it says {name}" for i, name in found.mislabelled[:_NAMED]]
    if not found.is_balanced and found.imbalance > 1:
        lines.append(f"The largest class has {found.imbalance:.1f} times the pictures of the smallest.")
    return lines
