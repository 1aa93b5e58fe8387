"""`python -m maskcls classify`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from maskcls import drawing, images, report
from maskcls.analysis import Settings, analyse
from maskcls.cli.common import FILE, as_json_option, check_writable, make_folder, model_option, say, tracked, write_file
from maskcls.cli.paths import file_key, pictures, text_of
from maskcls.errors import MaskclsError, SettingsError
from maskcls.face import Face
from maskcls.registry import Registry
from maskcls.video.files import annotate, faces_in
from maskcls.video.reading import SUFFIXES as VIDEO_SUFFIXES

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.finder.finder import Finder


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@as_json_option
@click.option("--csv", "csv_path", type=FILE, metavar="FILE", help="Also write a table with a row per face.")
@click.option(
    "--annotate",
    "annotate_dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write each picture with its boxes drawn, as <name>.annotated.jpg (videos: .mp4 and .events.csv).",
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

    A video (MP4, MOV, WebM, MKV, AVI) is a line too: file, width_px, height_px, seconds, frames, events, timeline,
    shortened, error. Its faces are followed, from 32 pixels up; --annotate writes it anew, with a table of events.

    \b
    Examples:
      python -m maskcls classify photo.jpg
      python -m maskcls classify "holiday/**/*.jpg" --csv faces.csv
      python -m maskcls classify photos/ --json --annotate out/ > faces.jsonl
      python -m maskcls classify clip.mp4 --annotate out/
    """  # noqa: D301 - Click keeps the lines below this sign
    chosen = list(pictures(paths))
    check_writable(csv_path)
    annotator = _Annotator(annotate_dir, [path for path, _ in chosen]) if annotate_dir else None
    registry = Registry()
    settings = Settings(min_score=min_score, min_face_px=min_face_px)
    eye = _Eye(registry.finder(), registry.classifier(model), settings, annotator)
    pictures_seen = []
    failed = 0
    for path, problem in tracked(chosen):
        if not problem and path.suffix.lower() in VIDEO_SUFFIXES:
            seen, text = eye.video(path), report.video_text
        else:
            seen, text = eye.picture(path, problem), report.picture_text
            pictures_seen.append(seen)
        say(json.dumps(seen) if as_json else text(seen), err=seen["error"] is not None and not as_json)
        failed += seen["error"] is not None
    if csv_path:
        write_file(csv_path, report.csv_text(report.rows(pictures_seen)).encode())
    if failed:
        click.echo(f"{failed} of {len(chosen)} could not be classified.", err=True)
        ctx.exit(1)


class _Eye:
    """Looks at pictures and videos with these models, and annotates them if that is wanted."""

    def __init__(
        self, finder: "Finder", classifier: "Classifier", settings: Settings, annotator: "_Annotator | None"
    ) -> None:
        self._finder, self._classifier, self._settings, self._annotator = finder, classifier, settings, annotator

    def picture(self, path: Path, problem: str | None) -> dict[str, Any]:
        """Return what `report.picture_json` makes of a picture, or of the problem why there is none."""
        shape, faces = None, []
        try:
            if problem:
                raise SettingsError(problem)
            image_rgb = images.read_file(path)
            shape = image_rgb.shape
            faces = analyse(image_rgb, self._finder, self._classifier, self._settings)
        except MaskclsError as error:
            return report.picture_json(text_of(path), shape, [], str(error))
        if self._annotator:
            self._annotator.write(path, image_rgb, faces)
        return report.picture_json(text_of(path), shape, faces, None)

    def video(self, path: Path) -> dict[str, Any]:
        """Return what `report.video_json` makes of a video."""
        target = self._annotator.free_name(path.stem, ".annotated.mp4") if self._annotator else None
        try:
            find_faces = faces_in(self._finder, self._classifier, self._settings)
            outcome = annotate(path, target, find_faces, name=text_of(path))
        except MaskclsError as error:
            return report.video_json(text_of(path), None, str(error))
        if self._annotator:
            table = report.csv_text(report.event_rows(outcome.events))
            write_file(self._annotator.free_name(path.stem, ".events.csv"), table.encode())
        return report.video_json(text_of(path), outcome)


class _Annotator:
    """Writes pictures with their boxes into one folder, over none of this run's other pictures, given or written."""

    def __init__(self, folder: Path, given: Sequence[Path]) -> None:
        make_folder(folder)
        self._folder = folder.resolve()
        self._taken = {file_key(path) for path in given}

    def write(self, path: Path, image_rgb: np.ndarray, faces: Sequence[Face]) -> None:
        """Write the picture that came from `path`."""
        boxes = np.array([face.box_xyxy for face in faces], np.float32).reshape(-1, 4)
        drawn = drawing.draw_boxes(image_rgb, boxes, [face.verdict for face in faces])
        write_file(self.free_name(path.stem, ".annotated.jpg"), images.encode(drawn, suffix=".jpg"))

    def free_name(self, stem: str, ending: str) -> Path:
        """Return a name that nothing of this run has, and keep it for the caller."""
        number, target = 1, self._folder / f"{stem}{ending}"
        while file_key(target) in self._taken:
            number += 1
            target = self._folder / f"{stem}-{number}{ending}"
        self._taken.add(file_key(target))
        return target
