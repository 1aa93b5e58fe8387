"""Whole photographs with a box around each face, in the Pascal-VOC layout `images/*.jpg` + `annotations/*.xml`.

Everingham et al., "The Pascal Visual Object Classes Challenge", 2010, describes the annotation files.
"""

import codecs
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.etree import ElementTree

import numpy as np

from maskcls import images, labels
from maskcls.data.store import Store
from maskcls.errors import DatasetError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}

# Where the two kinds of file lie: the names of our data, and those of the Pascal challenge itself.
_KIND_FOLDERS = {"images", "jpegimages", "annotations"}

# No picture is as wide as this: a number that a mistake or a mischief-maker wrote.
_FAR_AWAY_PX = 1e6


@dataclass(frozen=True)
class Scene:
    """One photograph and the faces that people drew boxes around.

    Attributes:
        name: The picture's name inside its store.
        boxes_xyxy: `(n, 4) float32`.
        classes: The class of each box.
        difficult: `(n,) bool`; boxes that count neither way.
    """

    name: PurePosixPath
    boxes_xyxy: np.ndarray
    classes: tuple[str, ...]
    difficult: np.ndarray


def is_scenes(store: Store) -> bool:
    """Tell whether `store` holds annotations, rather than folders of face pictures."""
    return any(name.suffix.lower() == ".xml" for name in store.names())


def find_scenes(store: Store, *, split: str | None = None, skipped: list[tuple[str, str]] | None = None) -> list[Scene]:
    """Return every picture in `store` that has an annotation, in order of name.

    Args:
        store: Holds `[split/]images/` and `[split/]annotations/`.
        split: Only this one, for example "test"; everything when None.
        skipped: Gets the name of each annotation that cannot be used, and why; without it the first one is an error.

    Raises:
        DatasetError: There are none, or an annotation cannot be read.
    """
    return list(_scenes(store, split, skipped))


def read_image(store: Store, scene: Scene) -> np.ndarray:
    """Return the picture of `scene` as `(h, w, 3) uint8` RGB."""
    return images.read(store.read(scene.name), name=str(scene.name))


def parse_annotation(data: bytes, *, name: str) -> tuple[np.ndarray, tuple[str, ...], np.ndarray]:
    """Return boxes `(n, 4) float32`, class names and difficult flags `(n,) bool` of one Pascal-VOC file.

    A box without area says that something is there but not where: it comes back as difficult.

    Raises:
        DatasetError: It is no such file.
    """
    try:
        objects = ElementTree.fromstring(_safe_text(data, name)).findall("object")  # noqa: S314 - see _safe_text
        boxes = np.array([_box(item) for item in objects], np.float32).reshape(-1, 4)
    except (ElementTree.ParseError, ValueError) as error:
        raise DatasetError(f"{name} is not a Pascal-VOC annotation: {error}. Correct or remove it.") from error
    classes = tuple(labels.canonical(item.findtext("name", "").strip()) for item in objects)
    if "" in classes:
        raise DatasetError(f"{name} has an object without a name. Correct or remove it.")
    difficult = np.array([item.findtext("difficult", "0").strip() == "1" for item in objects], bool)
    return boxes, classes, difficult | (boxes[:, 0] >= boxes[:, 2]) | (boxes[:, 1] >= boxes[:, 3])


_SIDES = ("xmin", "ymin", "xmax", "ymax")


def _box(item: ElementTree.Element) -> list[float]:
    texts = [item.findtext(f"bndbox/{side}") for side in _SIDES]
    box = [float(text) for text in texts if text is not None]
    if len(box) < len(_SIDES):
        raise ValueError(f"an object lacks one of {', '.join(_SIDES)}")
    if not all(math.isfinite(side) and abs(side) < _FAR_AWAY_PX for side in box):
        raise ValueError(f"a box lies at {box}")
    return box


def _safe_text(data: bytes, name: str) -> str:
    """Decode an annotation and refuse a document type, which is all that an XML bomb needs and no annotation does.

    The parser gets the text that was checked here, not the bytes: they could name an encoding of their own.
    """
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if "<!DOCTYPE" in text:
        raise DatasetError(f"{name} declares a document type, which an annotation has no use for; it was not read.")
    return text


def _scenes(store: Store, split: str | None, skipped: list[tuple[str, str]] | None) -> Iterator[Scene]:
    names = [name for name in store.names() if split is None or split in name.parts[:-1]]
    pictures = {_key(name): name for name in names if name.suffix.lower() in IMAGE_SUFFIXES}
    annotations = [name for name in names if name.suffix.lower() == ".xml"]
    if not annotations:
        where = f" for the split {split}. Look at the names of its folders" if split else ""
        raise DatasetError(f"{store.source} holds no annotations{where}.")
    for annotation in annotations:
        try:
            yield _scene(store, annotation, pictures.get(_key(annotation)))
        except DatasetError as error:
            if skipped is None:
                raise
            skipped.append((str(annotation), str(error)))


def _scene(store: Store, annotation: PurePosixPath, picture: PurePosixPath | None) -> Scene:
    if picture is None:
        raise DatasetError(f"{annotation} in {store.source} has no picture of that name under images/.")
    return Scene(picture, *parse_annotation(store.read(annotation), name=str(annotation)))


def _key(name: PurePosixPath) -> tuple[str, ...]:
    """Return what a picture and its annotation have in common: the folders but the last of the two kinds, the stem."""
    folders = list(name.parts[:-1])
    kinds = [index for index, folder in enumerate(folders) if folder.lower() in _KIND_FOLDERS]
    if kinds:
        del folders[kinds[-1]]
    return (*folders, name.stem)
