"""`python -m maskcls explain`."""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from maskcls import drawing, images
from maskcls.analysis import Settings, analyse, crop_of
from maskcls.cli.common import as_json_option, make_folder, model_option, write_file
from maskcls.cli.paths import text_of
from maskcls.errors import SettingsError
from maskcls.explain.explanation import Explanation, explain_face
from maskcls.explain.methods import METHODS, method
from maskcls.explain.network import open_version
from maskcls.face import Face
from maskcls.registry import Registry

_SHOWN_PX = 384
_OPACITY = 0.6


@click.command()
@click.argument("photo", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--method", "by", type=click.Choice(list(METHODS)), default="evidence", show_default=True)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
    help="Where each face's heatmap (PNG) and raw map (npz) go.",
)
@click.option("--class", "name", metavar="CLASS", help="Which class to explain; each face's likeliest when left out.")
@click.option("--layer", metavar="NAME", help="Which layer's features to use; the last ones when left out.")
@click.option(
    "--no-check", is_flag=True, help="Leave out the sanity check with shuffled weights, which doubles the time."
)
@model_option
@as_json_option
def explain(
    photo: Path,
    *,
    by: str,
    folder: Path,
    name: str | None,
    layer: str | None,
    no_check: bool,
    model: str | None,
    as_json: bool,
) -> None:
    """Say why each face in PHOTO got its class: where the model looked, and how far that can be trusted.

    \b
    Examples:
      python -m maskcls explain photo.jpg --out why/
      python -m maskcls explain photo.jpg --method grad-cam --class with_mask --out why/ --json
    """  # noqa: D301 - Click keeps the lines below this sign
    image_rgb = images.read_file(photo)
    registry = Registry()
    version = registry.version(model) if model else registry.at_work()
    network = open_version(version)
    if name is not None and name not in network.classes:
        raise SettingsError(
            f"The model {version.name} knows no class {name!r}. It knows: {', '.join(network.classes)}."
        )
    used = (layer or network.default_layer) if method(by).uses_layer else ""
    if used:
        network.check_spatial(used)
    make_folder(folder)
    faces = analyse(image_rgb, registry.finder(), registry.classifier(version.name), Settings())
    ignorant = None if no_check else network.randomised()
    told = []
    for number, face in enumerate(faces, 1):
        crop_rgb = crop_of(face, image_rgb, size_px=network.input_px)
        found = explain_face(network, face, crop_rgb, name=name or face.label, by=by, layer=used, ignorant=ignorant)
        files = _write(folder / f"{photo.stem}.face{number}.{by}", found, crop_of(face, image_rgb, size_px=_SHOWN_PX))
        told.append({"box_xyxy": face.as_json()["box_xyxy"], **found.as_json(), "files": files})
    result = {"file": text_of(photo), "method": by, "layer": used if method(by).uses_layer else None, "faces": told}
    click.echo(json.dumps(result) if as_json else "\n".join(_lines(result, faces)))


def _write(stem: Path, found: Explanation, crop_rgb: np.ndarray) -> list[str]:
    shown = drawing.overlay(crop_rgb, found.visible, opacity=_OPACITY)
    written = {".png": images.encode(shown), ".npz": found.as_npz()}
    for ending, data in written.items():
        write_file(stem.with_name(stem.name + ending), data)
    return [text_of(stem.with_name(stem.name + ending)) for ending in written]


def _lines(result: dict[str, Any], faces: list[Face]) -> list[str]:
    if not faces:
        return [f"{result['file']}: no face found."]
    return [
        f"{result['file']}, face {number}: {told['class']}. {told['sentence']} ({told['files'][0]})"
        for number, told in enumerate(result["faces"], 1)
    ]
