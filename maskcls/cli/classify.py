"""`python -m maskcls classify`."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from maskcls import drawing, images, report
from maskcls.analysis import Settings, analyse
from maskcls.cli.common import FILE, as_json_option, check_writable, model_option, say, tracked, write_file
from maskcls.cli.paths import file_key, pictures, text_of
from maskcls.errors import MaskclsError, SettingsError
from maskcls.face import Face
from maskcls.registry import Registry


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@as_json_option
@click.option("--csv", "csv_path", type=FILE, metavar="FILE", help="Also write a table with a row per face.")
@click.option(
    "--annotate",
    "annotate_dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write each picture with its boxes drawn, as <name>.annotated.jpg.",
)
@model_option
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
    chosen = list(pictures(paths))
    check_writable(csv_path)
    annotator = _Annotator(annotate_dir, [path for path, _ in chosen]) if annotate_dir else None
    registry = Registry()
    finder, classifier = registry.finder(), registry.classifier(model)
    settings = Settings(min_score=min_score, min_face_px=min_face_px)
    results = []
    for path, problem in tracked(chosen):
        image_rgb, faces = None, []
        try:
            if problem:
                raise SettingsError(problem)
            image_rgb = images.read_file(path)
            faces = analyse(image_rgb, finder, classifier, settings)
        except MaskclsError as error:
            problem = str(error)
        shape = None if image_rgb is None else image_rgb.shape
        result = report.picture_json(text_of(path), shape, faces, problem)
        say(json.dumps(result) if as_json else report.picture_text(result), err=bool(problem) and not as_json)
        if annotator and image_rgb is not None and not problem:
            annotator.write(path, image_rgb, faces)
        results.append(result)
    if csv_path:
        write_file(csv_path, report.csv_text(report.rows(results)).encode())
    failed = sum(result["error"] is not None for result in results)
    if failed:
        click.echo(f"{failed} of {len(results)} could not be classified.", err=True)
        ctx.exit(1)


class _Annotator:
    """Writes pictures with their boxes into one folder, over none of this run's other pictures, given or written."""

    def __init__(self, folder: Path, given: Sequence[Path]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"The folder {folder} cannot be made: {error.strerror}. Choose another one.") from error
        self._folder = folder.resolve()
        self._taken = {file_key(path) for path in given}

    def write(self, path: Path, image_rgb: np.ndarray, faces: Sequence[Face]) -> None:
        """Write the picture that came from `path`."""
        boxes = np.array([face.box_xyxy for face in faces], np.float32).reshape(-1, 4)
        drawn = drawing.draw_boxes(image_rgb, boxes, [face.verdict for face in faces])
        write_file(self._free_name(path.stem), images.encode(drawn, suffix=".jpg"))

    def _free_name(self, stem: str) -> Path:
        number, target = 1, self._folder / f"{stem}.annotated.jpg"
        while file_key(target) in self._taken:
            number += 1
            target = self._folder / f"{stem}-{number}.annotated.jpg"
        self._taken.add(file_key(target))
        return target
