"""The deeds of maskcls from a shell: `python -m maskcls --help`.

Results go to stdout, everything else to stderr. What went wrong comes as one sentence and exit code 1; a command that
was not understood exits with 2.
"""

import glob
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from maskcls import __version__, drawing, images, report
from maskcls.analysis import Settings, analyse
from maskcls.errors import MaskclsError, ModelError, SettingsError
from maskcls.face import Face
from maskcls.registry import Registry, Version

# What is looked for in folders; a file that is named is tried whatever its suffix.
PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif"}

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
_model = click.option("--model", metavar="NAME", help="A version from `models list`; the one at work when left out.")
_file = click.Path(dir_okay=False, path_type=Path)


class _PlainErrors(click.Group):
    """A group of commands that shows an error of ours as its sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MaskclsError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_PlainErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="maskcls")
def main() -> None:
    """Find faces in pictures and say of each whether a mask is worn, worn partially, or missing.

    \b
    Try:
      python -m maskcls classify photo.jpg
      python -m maskcls classify holiday/ --csv faces.csv --annotate out/
      python -m maskcls evaluate scenes.zip --split test
    """  # noqa: D301 - Click keeps the lines below this sign


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_as_json
@click.option("--csv", "csv_path", type=_file, metavar="FILE", help="Also write a table with a row per face.")
@click.option(
    "--annotate",
    "annotate_dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write each picture with its boxes drawn, as <name>.annotated.jpg.",
)
@_model
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=Settings().min_score,
    show_default=True,
    help="How sure the face finder has to be.",
)
@click.option(
    "--min-face-px",
    type=click.FloatRange(min=0),
    default=Settings().min_face_px,
    show_default=True,
    help="Leave out faces whose longer side is smaller.",
)
@click.pass_context
def classify(
    ctx: click.Context,
    paths: tuple[str, ...],
    *,
    as_json: bool,
    csv_path: Path | None,
    annotate_dir: Path | None,
    model: str | None,
    min_score: float,
    min_face_px: float,
) -> None:
    """Find and classify the faces in pictures.

    PATH is a picture, a folder (searched for pictures, with the folders inside it) or a pattern in quotes. With
    --json each picture is one line: file, width_px, height_px, faces, error. A picture that cannot be read is named,
    the others are done, and the exit code is 1.

    \b
    Examples:
      python -m maskcls classify photo.jpg
      python -m maskcls classify "holiday/**/*.jpg" --csv faces.csv
      python -m maskcls classify photos/ --json --annotate out/ > faces.jsonl
    """  # noqa: D301 - Click keeps the lines below this sign
    pictures = list(_pictures(paths))
    _check_writable(csv_path)
    annotator = _Annotator(annotate_dir, [path for path, _ in pictures]) if annotate_dir else None
    registry = Registry()
    finder, classifier = registry.finder(), registry.classifier(model)
    settings = Settings(min_score=min_score, min_face_px=min_face_px)
    results = []
    for path, problem in _tracked(pictures):
        image_rgb, faces = None, []
        try:
            if problem:
                raise SettingsError(problem)
            image_rgb = images.read_file(path)
            faces = analyse(image_rgb, finder, classifier, settings)
        except MaskclsError as error:
            problem = str(error)
        shape = None if image_rgb is None else image_rgb.shape
        result = report.picture_json(_text_of(path), shape, faces, problem)
        _say(json.dumps(result) if as_json else report.picture_text(result), err=bool(problem) and not as_json)
        if annotator and image_rgb is not None and not problem:
            annotator.write(path, image_rgb, faces)
        results.append(result)
    if csv_path:
        _write(csv_path, report.csv_text(report.rows(results)).encode())
    failed = sum(result["error"] is not None for result in results)
    if failed:
        click.echo(f"{failed} of {len(results)} could not be classified.", err=True)
        ctx.exit(1)


@main.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--split", metavar="NAME", help="Only this folder of the data, such as test; everything when left out.")
@_model
@click.option(
    "--cut",
    "cut_scale",
    type=float,
    default=1.0,
    show_default=True,
    metavar="SCALE",
    help="Face pictures only: each shows SCALE times the width and height of its face.",
)
@click.option(
    "--min-face-px",
    type=click.FloatRange(min=0),
    default=0,
    help="Faces whose longer side is smaller count neither way.",
)
@click.option(
    "--compare-finder",
    type=_file,
    metavar="FILE.onnx",
    help="Photographs only: run this YuNet face finder on the same pictures at 640 px and report it beside ours.",
)
@_as_json
def evaluate(
    data: Path,
    *,
    split: str | None,
    model: str | None,
    cut_scale: float,
    min_face_px: float,
    compare_finder: Path | None,
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
    from maskcls import evaluation
    from maskcls.data.store import Store

    options = evaluation.Options(split, cut_scale, min_face_px, compare_finder)
    with Store(data) as store:
        result = evaluation.evaluate(store, Registry(), model=model, options=options, track=_tracked)
    click.echo(json.dumps(result) if as_json else report.evaluation_text(result))


@main.command()
@click.option(
    "--yunet",
    type=_file,
    metavar="FILE.onnx",
    help="Let the tutorials' way find faces with this YuNet; without it the true boxes are handed to it for free.",
)
@_model
@click.option("--runs", type=click.IntRange(min=1), default=20, show_default=True, help="The median of how many.")
@_as_json
def benchmark(*, yunet: Path | None, model: str | None, runs: int, as_json: bool) -> None:
    """Time our way from a picture to heatmaps against the way that tutorials do it, in one run on the same pictures.

    Ours: find, classify, heatmap. The tutorials': YuNet (see --yunet), Keras' MobileNetV2 at 224 px with model.predict
    for each face, Grad-CAM by a GradientTape for each face. Look at the ratios; times hang on the machine.
    """
    from maskcls import benchmark as bench

    registry = Registry()
    result = bench.benchmark(registry.finder(), registry.classifier(model), yunet=yunet, runs=runs)
    click.echo(json.dumps(result) if as_json else report.benchmark_text(result))


@main.group()
def models() -> None:
    """List the model versions, show one, put one to work."""


@models.command("list")
@_as_json
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
@_as_json
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


class _Annotator:
    """Writes pictures with their boxes into one folder, over none of this run's other pictures, given or written."""

    def __init__(self, folder: Path, given: Sequence[Path]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"The folder {folder} cannot be made: {error.strerror}. Choose another one.") from error
        self._folder = folder.resolve()
        self._taken = {_file_key(path) for path in given}

    def write(self, path: Path, image_rgb: np.ndarray, faces: Sequence[Face]) -> None:
        """Write the picture that came from `path`."""
        boxes = np.array([face.box_xyxy for face in faces], np.float32).reshape(-1, 4)
        drawn = drawing.draw_boxes(image_rgb, boxes, [face.verdict for face in faces])
        _write(self._free_name(path.stem), images.encode(drawn, suffix=".jpg"))

    def _free_name(self, stem: str) -> Path:
        number, target = 1, self._folder / f"{stem}.annotated.jpg"
        while _file_key(target) in self._taken:
            number += 1
            target = self._folder / f"{stem}-{number}.annotated.jpg"
        self._taken.add(_file_key(target))
        return target


def _pictures(paths: Iterable[str]) -> Iterator[tuple[Path, str | None]]:
    """Yield each picture once, in the order given, with what is wrong where a path leads to none."""
    seen = set()
    for text in paths:
        for path, problem in _expanded(text):
            key = (path.resolve(), problem)
            if key not in seen:
                seen.add(key)
                yield path, problem


def _expanded(text: str) -> list[tuple[Path, str | None]]:
    path = Path(text)
    try:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file())
            return [(p, None) for p in found] or [(path, f"{path} is a folder without pictures.")]
        if path.exists() or not glob.has_magic(text):
            return [(path, None)]
    except OSError as error:
        return [(path, f"{path} cannot be opened: {error.strerror}.")]
    # A pattern that the shell left alone: in quotes, on Windows, or because nothing matched.
    matches = sorted(glob.glob(text, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
    return [item for match in matches for item in _expanded(match)] or [(path, f"Nothing matches {text}.")]


def _file_key(path: Path) -> str:
    # Some file systems take Photo.jpg and photo.JPG for the same file.
    return str(path.resolve()).casefold()


def _text_of(path: Path) -> str:
    """Return a path as text that can be printed: what is no UTF-8 in it is replaced."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _check_writable(path: Path | None) -> None:
    """Say at once that a result will have no place, rather than after an hour's work."""
    if path and not path.absolute().parent.is_dir():
        raise SettingsError(f"There is no folder {path.absolute().parent} to write {path.name} into. Make it first.")


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}. Choose another place.") from error


def _tracked(items: Sequence[Any]) -> Iterator[Any]:
    """Go through `items` with a progress bar on stderr, when that is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, show_pos=True, file=sys.stderr) as bar:
        yield from bar


def _say(text: str, *, err: bool) -> None:
    """Print a result while a progress bar may be standing where it would go."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)
    click.echo(text, err=err)


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
