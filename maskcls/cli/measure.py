"""`python -m maskcls evaluate`, `stress` and `benchmark`."""

import json
from pathlib import Path, PurePosixPath
from typing import Any

import click
import numpy as np

from maskcls import evaluation, images, report
from maskcls.cli.common import FILE, as_json_option, check_writable, model_option, tracked, write_file
from maskcls.data.scenes import is_scenes
from maskcls.data.store import Store
from maskcls.errors import SettingsError
from maskcls.evaluation.options import LABELS
from maskcls.evaluation.stress import evaluate_stress
from maskcls.registry import Registry
from maskcls.sheets import contact_sheet
from maskcls.training.runs import asking

# The surest errors tell most, and a picture of thousands opens nowhere.
_MOST_DRAWN = 270
# Enough for a steady figure; the older way takes a minute for it.
_MOST_TIMED = 2000


def _sheet_of_errors(store: Store, result: dict[str, Any]) -> np.ndarray:
    wrong = result["errors"][:_MOST_DRAWN]
    pictures = (images.read(store.read(PurePosixPath(one["file"])), name=one["file"]) for one in wrong)
    return contact_sheet(pictures, [f"{one['label'][:7]} > {one['answer'][:7]}" for one in wrong])


split_option = click.option(
    "--split", metavar="NAME", help="Only this folder of the data, such as test; everything when left out."
)
cut_option = click.option(
    "--cut",
    "cut_scale",
    type=float,
    default=1.0,
    show_default=True,
    metavar="SCALE",
    help="Face pictures only: each shows SCALE times the width and height of its face.",
)
labels_option = click.option(
    "--labels",
    type=click.Choice(LABELS),
    default=LABELS[0],
    show_default=True,
    help="As the data set has them, or with our table of corrections.",
)


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@split_option
@model_option
@cut_option
@click.option(
    "--min-face-px",
    type=click.FloatRange(min=0),
    default=0,
    help="Faces whose longer side is smaller count neither way.",
)
@labels_option
@click.option(
    "--compare-finder",
    type=FILE,
    metavar="FILE.onnx",
    help="Photographs only: run this YuNet face finder on the same pictures at 640 px and report it beside ours.",
)
@click.option(
    "--errors",
    type=FILE,
    metavar="FILE.png",
    help="Face pictures only: draw those that were answered wrongly here, the surest first.",
)
@click.option(
    "--explanations",
    is_flag=True,
    help="Face pictures only: measure how faithful the maps of each explanation method are.",
)
@click.option(
    "--faces", type=click.IntRange(min=1), default=200, show_default=True, help="For --explanations: of how many faces."
)
@as_json_option
def evaluate(
    data: Path,
    *,
    split: str | None,
    model: str | None,
    cut_scale: float,
    min_face_px: float,
    labels: str,
    compare_finder: Path | None,
    errors: Path | None,
    explanations: bool,
    faces: int,
    as_json: bool,
) -> None:
    """Measure a model version on pictures whose truth is known.

    DATA is a folder or a ZIP archive, either of face pictures in a folder per class ([split/]class/picture), or of
    photographs with Pascal-VOC boxes ([split/]images/ and [split/]annotations/).

    \b
    Examples:
      python -m maskcls evaluate faces.zip --split test --cut 1.6
      python -m maskcls evaluate scenes.zip --split test --min-face-px 24 --json
    """  # noqa: D301 - Click keeps the lines below this sign
    check_writable(errors)
    options = evaluation.Options(split, cut_scale, min_face_px, labels, compare_finder)
    with Store(data) as store:
        if errors and is_scenes(store):
            raise SettingsError("--errors draws face pictures; these are photographs with boxes. Leave it out.")
        if explanations:
            result = _explanations(store, model, options, faces)
            click.echo(json.dumps(result) if as_json else report.explanations_text(result))
            return
        result = evaluation.evaluate(store, Registry(), model=model, options=options, track=tracked)
        click.echo(json.dumps(result) if as_json else report.evaluation_text(result))
        if errors:
            write_file(errors, images.encode(_sheet_of_errors(store, result)))


def _explanations(store: Store, model: str | None, options: evaluation.Options, faces: int) -> dict[str, Any]:
    # TensorFlow takes seconds to load, and no other evaluation needs it.
    from maskcls.evaluation.explanations import evaluate_explanations
    from maskcls.explain.network import open_version

    if is_scenes(store):
        raise SettingsError("--explanations wants face pictures; these are photographs with boxes. Leave it out.")
    registry = Registry()
    version = registry.version(model) if model else registry.at_work()
    classifier = registry.classifier(version.name)
    head = {"data": str(store.source), "split": options.split, "labels": options.labels, "model": version.name}
    network = open_version(version)
    return head | evaluate_explanations(store, classifier, network, faces=faces, options=options, track=tracked)


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@split_option
@model_option
@cut_option
@labels_option
@as_json_option
def stress(data: Path, *, split: str | None, model: str | None, cut_scale: float, labels: str, as_json: bool) -> None:
    """Measure how a model version holds up when faces are small, blurred, dark, tilted, badly boxed, or half hidden.

    DATA is a folder or a ZIP archive of face pictures in a folder per class ([split/]class/picture). Pictures in a
    folder not_face tell how often something else gets a verdict.
    """
    options = evaluation.Options(split, cut_scale, labels=labels)
    with Store(data) as store:
        result = evaluate_stress(store, Registry(), model=model, options=options, track=tracked)
    click.echo(json.dumps(result) if as_json else report.stress_text(result))


@click.command()
@click.option(
    "--yunet",
    type=FILE,
    metavar="FILE.onnx",
    help="Let the tutorials' way find faces with this YuNet; without it the true boxes are handed to it for free.",
)
@model_option
@click.option("--runs", type=click.IntRange(min=1), default=20, show_default=True, help="The median of how many.")
@click.option(
    "--live", is_flag=True, help="Measure the Live page instead, with Chromium and a camera that plays a clip."
)
@click.option(
    "--soak", type=click.FloatRange(min=2), metavar="MINUTES", help="Watch a Live stream's memory and threads."
)
@click.option(
    "--data", metavar="NAME", help="Time decoding and augmentation of a data set instead, against ImageDataGenerator."
)
@as_json_option
def benchmark(
    *, yunet: Path | None, model: str | None, runs: int, live: bool, soak: float | None, data: str | None, as_json: bool
) -> None:
    """Time our way from a picture to heatmaps against the way that tutorials do it, in one run on the same pictures.

    Ours: find, classify, heatmap. The tutorials': YuNet (see --yunet), Keras' MobileNetV2 at 224 px with model.predict
    for each face, Grad-CAM by a GradientTape for each face. Look at the ratios; times hang on the machine.
    """
    if live or soak:
        from maskcls import benchmark_live

        measured = benchmark_live.soak(minutes=soak) if soak else benchmark_live.benchmark_live()
        click.echo(json.dumps(measured) if as_json else report.figures_text(measured))
        if soak and not benchmark_live.is_steady(measured):
            raise click.ClickException("Memory grew by more than 5 %, or threads were left.")
        return
    if data is not None:
        from maskcls.benchmark_data import benchmark_data

        timed = benchmark_data(asking.shelf().open(data), pictures=_MOST_TIMED)
        click.echo(json.dumps(timed) if as_json else report.figures_text(timed))
        return
    from maskcls import benchmark as bench

    registry = Registry()
    result = bench.benchmark(registry.finder(), registry.classifier(model), yunet=yunet, runs=runs)
    click.echo(json.dumps(result) if as_json else report.benchmark_text(result))
