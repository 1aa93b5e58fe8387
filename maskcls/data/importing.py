"""From a folder or a ZIP of pictures to a data set: every picture read, cut where it is wanted, hashed and grouped."""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from maskcls import images
from maskcls.data import copies, splits
from maskcls.data.class_names import guess_all
from maskcls.data.datasets import PICTURES, Dataset, Row, Shelf, check_given
from maskcls.data.scenes import IMAGE_SUFFIXES, find_scenes, read_image
from maskcls.data.store import Store
from maskcls.errors import DatasetError, MaskclsError, SettingsError
from maskcls.finder.cut import crop_squares, cut
from maskcls.labels import NOT_SURE

if TYPE_CHECKING:
    from maskcls.finder.finder import Finder

MAX_PICTURES = 100_000
_MOST_BYTES = 10 << 30
# A face is kept with so much around it, at its own resolution: training shifts and turns it.
_CUT_SCALE = 1.6
_LEAST_PX, _MOST_PX = 32, 512
_WIDEST = 10
_ARCHIVES = {".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"}
_STARTS = {b"\x89PNG": ".png", b"\xff\xd8": ".jpg", b"BM": ".bmp"}
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_ .-]{0,58}[A-Za-z0-9_-])?")
_MOST_FOLDERS = 50


@dataclass(frozen=True)
class Plan:
    """How to import.

    Attributes:
        name: Of the data set; a version is added.
        classes: What a folder's pictures show, for folders whose names do not say; empty text leaves a folder out.
        as_faces: The pictures are faces already; else the largest face of each is found and cut out.
        cut_scale: Of pictures that are faces already: each shows so many times the width and height of its face.
        expires: Until when the data set may be kept; empty for as long as people want.
        source: What the pictures came as, for people; the name of the folder or archive when empty.
        seed: Of the splits, where none are given.
    """

    name: str
    classes: Mapping[str, str] = field(default_factory=dict)
    as_faces: bool = True
    cut_scale: float = 1.0
    expires: str = ""
    source: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if not 1 <= self.cut_scale <= _WIDEST:
            raise SettingsError(f"A picture shows 1 to {_WIDEST} times its face. Got: {self.cut_scale}")


@dataclass(frozen=True)
class _Item:
    """A picture on its way in: bytes that are kept as they are, or pixels that were cut."""

    source: str
    folder: str
    split: str
    photo: str
    read: Callable[[], tuple[bytes, np.ndarray]]


def import_pictures(
    path: Path,
    shelf: Shelf,
    plan: Plan,
    *,
    finder: "Finder | None" = None,
    tell: Callable[[float], object] = lambda _: None,
) -> Dataset:
    """Make a data set of a folder or ZIP archive with a folder per class, or of photographs with Pascal-VOC boxes.

    Folders named train, validation or test above the classes are the splits. Pictures that cannot be read are named in
    the data set and left out. An import that fails leaves nothing behind.

    Args:
        path: The folder or archive.
        shelf: Where the data set goes.
        plan: How.
        finder: Finds the faces, where pictures are not faces already.
        tell: Is told how much is done; whatever it raises stops the import.

    Raises:
        DatasetError: There are no pictures, too many, or folders of which nobody said what they show.
    """
    check_given(plan.name)
    skipped: list[dict[str, str]] = []
    with Store(path) as store, shelf.draft() as draft:
        if store.unpacked_bytes() > _MOST_BYTES:
            raise DatasetError(f"{path.name} would fill more than {_MOST_BYTES >> 30} GiB. Bring it in parts.")
        scenes = _is_boxed(store)
        items = list(_boxed(store, skipped) if scenes else _in_folders(store, plan, finder, skipped))
        if not items:
            raise DatasetError(_nothing_in(path))
        if len(items) > MAX_PICTURES:
            raise DatasetError(f"{path.name} holds {len(items)} pictures; {MAX_PICTURES} can be taken at once.")
        labels = _labels({item.folder for item in items}, plan.classes)
        rows, photos = _read(items, labels, draft, skipped, tell)
        return shelf.keep(
            draft,
            _grouped(rows, photos, plan.seed),
            name=plan.name,
            source=images.plain_name(plan.source or path.name),
            classes=tuple(sorted({row.label for row in rows})),
            cut_scale=_CUT_SCALE if scenes or not plan.as_faces else plan.cut_scale,
            split_given=any(row.split for row in rows),
            skipped=tuple(skipped),
            expires=plan.expires,
        )


@dataclass(frozen=True)
class Contents:
    """What a folder or archive holds, before anything is imported.

    Attributes:
        folders: How many pictures each class folder holds; of photographs with boxes, how many boxes of each class.
        boxed: Whether they are photographs with Pascal-VOC boxes.
        classes: What the folders' pictures show, as far as their names say.
        unclear: The folders that somebody has to be asked about.
    """

    folders: dict[str, int]
    boxed: bool
    classes: dict[str, str]
    unclear: list[str]


def look_into(path: Path) -> Contents:
    """Return what a folder or ZIP archive holds.

    Raises:
        DatasetError: It cannot be opened, or there are no pictures in class folders.
    """
    with Store(path) as store:
        boxed = _is_boxed(store)
        if boxed:
            found = Counter(name for scene in find_scenes(store, skipped=[]) for name in scene.classes)
        else:
            found = Counter(place[0] for name in store.names() if (place := place_of(name)) is not None)
    if not found:
        raise DatasetError(_nothing_in(path))
    if len(found) > _MOST_FOLDERS:
        raise DatasetError(f"{path.name} holds {len(found)} class folders; {_MOST_FOLDERS} are the most.")
    classes, unclear = guess_all(found)
    # A name that cannot be a class's is asked about too.
    odd = [name for name, label in classes.items() if not _LABEL.fullmatch(label)]
    clear = {name: label for name, label in classes.items() if name not in odd}
    return Contents(dict(sorted(found.items())), boxed, clear, sorted([*unclear, *odd]))


def _nothing_in(path: Path) -> str:
    return f"{path.name} holds no pictures in class folders. Expected [split/]class/picture."


def _read(
    items: list[_Item],
    labels: Mapping[str, str],
    draft: Path,
    skipped: list[dict[str, str]],
    tell: Callable[[float], object],
) -> tuple[list[Row], list[str]]:
    """Return a row for each picture that was written into the draft, and the photograph that each is from.

    Those that cannot be used are added to `skipped`.

    Raises:
        DatasetError: Those that can do not show two classes.
    """
    rows, photos = [], []
    for done, item in enumerate(items):
        tell(done / len(items))
        if not labels[item.folder]:
            continue
        try:
            rows.append(_kept(item, labels[item.folder], draft))
            photos.append(item.photo)
        except MaskclsError as error:
            skipped.append(_left_out(item.source, str(error)))
    if len({row.label for row in rows}) < 2:
        raise DatasetError(
            "The pictures that can be used do not show two classes. Left out, the first: "
            f"{skipped[0]['reason'] if skipped else 'nothing'}"
        )
    return rows, photos


def _is_boxed(store: Store) -> bool:
    """Tell whether there are annotations where Pascal-VOC has them, rather than some other file of that kind."""
    return any(name.suffix.lower() == ".xml" and name.parent.name.lower() == "annotations" for name in store.names())


def _in_folders(store: Store, plan: Plan, finder: "Finder | None", skipped: list[dict[str, str]]) -> Iterator[_Item]:
    for name in store.names():
        place = place_of(name)
        if place is not None:
            yield _Item(str(name), *place, str(name), _reader(store, name, None if plan.as_faces else finder))
        elif name.suffix.lower() in _ARCHIVES:
            skipped.append(_left_out(str(name), "An archive in the archive; unpack it and import it by itself."))
        elif name.suffix.lower() in IMAGE_SUFFIXES:
            skipped.append(_left_out(str(name), "It lies in no class folder, so nobody says what it shows."))


def _left_out(file: str, reason: str) -> dict[str, str]:
    # Names come from strangers, with whatever a terminal or a file cannot hold.
    return {"file": images.plain_name(file, longest=200), "reason": images.plain_name(reason, longest=300)}


def place_of(name: PurePosixPath) -> tuple[str, str] | None:
    """Return the class folder and the split of a picture; None for what is no picture of a class."""
    *above, folder = ["", *name.parts[:-1]]
    if name.suffix.lower() not in IMAGE_SUFFIXES or not folder or splits.canonical_split(folder):
        return None
    return folder, next((split for part in reversed(above) if (split := splits.canonical_split(part))), "")


def _reader(store: Store, name: PurePosixPath, finder: "Finder | None") -> Callable[[], tuple[bytes, np.ndarray]]:
    def read() -> tuple[bytes, np.ndarray]:
        data = store.read(name)
        image_rgb = images.read(data, name=name.name)
        if finder is None:
            return data, image_rgb
        found = finder.find(image_rgb)
        if not found:
            raise DatasetError("No face was found in it.")
        largest = max(found, key=lambda one: one.box_xyxy[2] - one.box_xyxy[0])
        return _cut_out(image_rgb, np.array(largest.box_xyxy))

    return read


def _boxed(store: Store, skipped: list[dict[str, str]]) -> Iterator[_Item]:
    """Yield every face in the boxes of photographs, each as an item of its class."""
    bad: list[tuple[str, str]] = []
    scenes = find_scenes(store, skipped=bad)
    skipped += [_left_out(name, reason) for name, reason in bad]
    # The boxes of a photograph come one after the other.
    photo = functools.lru_cache(maxsize=1)(lambda i: read_image(store, scenes[i]))
    for place, scene in enumerate(scenes):
        split = next((found for part in scene.name.parts[:-1] if (found := splits.canonical_split(part))), "")
        for i, (box, name) in enumerate(zip(scene.boxes_xyxy, scene.classes, strict=True)):
            if scene.difficult[i]:
                continue
            yield _Item(f"{scene.name}#{i}", name, split, str(scene.name), partial(_boxed_face, photo, place, box))


def _boxed_face(photo: Callable[[int], np.ndarray], place: int, box_xyxy: np.ndarray) -> tuple[bytes, np.ndarray]:
    return _cut_out(photo(place), box_xyxy)


def _cut_out(image_rgb: np.ndarray, box_xyxy: np.ndarray) -> tuple[bytes, np.ndarray]:
    squares = crop_squares(box_xyxy[None], scale=_CUT_SCALE)
    side = int(np.clip(round(float(squares[0, 2] - squares[0, 0])), _LEAST_PX, _MOST_PX))
    crop_rgb = cut(image_rgb, squares, size_px=side)[0]
    return images.encode(crop_rgb), crop_rgb


def _labels(folders: set[str], told: Mapping[str, str]) -> dict[str, str]:
    """Return each folder's class, empty for those to leave out.

    Raises:
        DatasetError: Nobody says what a folder shows, or a class cannot be one.
    """
    unknown = sorted(set(told) - folders)
    if unknown:
        raise DatasetError(
            f"There is no class folder {unknown[0][:80]!r}. There are: {', '.join(sorted(folders)[:20])}."
        )
    guessed, unclear = guess_all(folders - set(told))
    if told:
        # With classes that a person named, one's own are as good as ours.
        own = set(told.values()) - {""}
        guessed |= {name: name for name in unclear if name in own}
        unclear = [name for name in unclear if name not in own]
    if unclear:
        raise DatasetError(
            f"What do the pictures in {', '.join(unclear[:10])} show? Name the class of each: with_mask, without_mask, "
            "partial_mask, one of your own, or nothing to leave it out."
        )
    labels = guessed | dict(told)
    for name in labels.values():
        if name == NOT_SURE:
            raise DatasetError("not_sure is a verdict, not a class: it means that no class is likely enough.")
        if name and not _LABEL.fullmatch(name):
            raise DatasetError(f"{images.plain_name(name)} cannot name a class: use letters, digits, - and _.")
    if len(set(labels.values()) - {""}) < 2:
        raise DatasetError("There is only one class. A classifier needs two or more, each in a folder of its own.")
    return labels


def _kept(item: _Item, label: str, draft: Path) -> Row:
    data, image_rgb = item.read()
    height, width = image_rgb.shape[:2]
    digest = copies.exact_hash(data)
    # By what it is, not by what it is called.
    suffix = next((ending for start, ending in _STARTS.items() if data.startswith(start)), ".webp")
    file = f"{PICTURES}/{digest}{suffix}"
    if not (draft / file).exists():
        (draft / file).write_bytes(data)
    looks = f"{copies.perceptual_hash(image_rgb):016x}"
    return Row(file, label, item.split, 0, images.plain_name(item.source, longest=200), digest, looks, width, height)


def _grouped(rows: list[Row], photos: list[str], seed: int) -> list[Row]:
    looks = copies.groups(np.array([int(row.looks, 16) for row in rows], np.uint64))
    # Faces of one photograph show the same light, the same crowd, and a part of each other.
    found = copies.joined(looks, np.unique(photos, return_inverse=True)[1])
    chosen = splits.complete([row.split for row in rows], [row.label for row in rows], found.tolist(), seed=seed)
    return [replace(row, group=int(group), split=split) for row, group, split in zip(rows, found, chosen, strict=True)]
