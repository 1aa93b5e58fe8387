"""Faces to compare one with: those of the samples, of one's pictures, and of a data set that one brings."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.typing import UploadedFile

from maskcls import images, samples
from maskcls.analysis import Settings, analyse, classify_boxes, crop_of
from maskcls.data.class_names import guess_all
from maskcls.data.importing import place_of
from maskcls.data.scenes import IMAGE_SUFFIXES
from maskcls.data.store import Store
from maskcls.errors import MaskclsError
from maskcls.ui import upload
from maskcls.ui.desk import Desk, Models
from maskcls.ui.words import counted, plain

_MOST_FACES = 400
_BOX, _SET, _TOLD, _DESK = "gallery", "gallery_set", "gallery_told", "gallery_desk"
_MEGABYTES = 200


@dataclass(eq=False)
class Gallery:
    """Faces with what is known of them.

    Attributes:
        crops: As the classifier sees them, `(s, s, 3) uint8` each.
        classes: The class of each: its folder's in a data set, else the model's verdict.
        origins: The picture that each is from.
    """

    crops: list[np.ndarray] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)

    @property
    def stacked(self) -> np.ndarray:
        """All crops, `(n, s, s, 3) uint8`."""
        return np.stack(self.crops) if self.crops else np.zeros((0, 1, 1, 3), np.uint8)

    def add(self, crop_rgb: np.ndarray, name: str, origin: str) -> None:
        """Add a face, unless there are as many as can be compared."""
        if len(self.crops) < _MOST_FACES:
            self.crops.append(crop_rgb)
            self.classes.append(name)
            self.origins.append(images.plain_name(origin))

    def extend(self, other: "Gallery") -> None:
        """Add another one's faces."""
        for face in zip(other.crops, other.classes, other.origins, strict=True):
            self.add(*face)


def show(of: Models, desk: Desk, settings: Settings) -> Gallery:
    """Show where a data set can be brought, and return all faces that there are, with the crops of these models."""
    with st.expander("Compare with a data set", icon=":material/folder_zip:"):
        file = st.file_uploader(
            "A ZIP of pictures, in a folder per class or not",
            ["zip"],
            key=upload.box_key(_BOX),
            max_upload_size=_MEGABYTES,
        )
        if file is not None:
            _take(file, of, settings)
            st.rerun()
        st.caption(f"Up to {_MOST_FACES} faces, drawn at random; kept in this server's memory for your session.")
        for words in st.session_state.pop(_TOLD, []):
            st.info(plain(words))
    size_px = of.classifier.card.input_px
    brought: tuple[str, Gallery] | None = st.session_state.get(_SET)
    gallery = Gallery()
    for part in (brought[1] if brought is not None and brought[0] == of.stamp else Gallery(), _samples(of, size_px)):
        gallery.extend(part)
    gallery.extend(_on_desk(of, desk, settings))
    return gallery


def _on_desk(of: Models, desk: Desk, settings: Settings) -> Gallery:
    """Return the faces on the desk, cut again only when something there has changed."""
    key = (of.stamp, settings, tuple(desk.pictures))
    known: tuple[tuple, Gallery] | None = st.session_state.get(_DESK)
    if known is not None and known[0] == key:
        return known[1]
    found = Gallery()
    for picture in desk.pictures.values():
        result = desk.analyse(picture, of, settings)
        if result.error is None and result.faces:
            image_rgb = desk.image(picture)
            for face in result.faces:
                crop_rgb = crop_of(face, image_rgb, size_px=of.classifier.card.input_px)
                found.add(crop_rgb, face.verdict, picture.name)
    st.session_state[_DESK] = (key, found)
    return found


def read_set(
    path: Path, of: Models, settings: Settings, *, tell: Callable[[float], object] = lambda _: None
) -> tuple[Gallery, int]:
    """Return the faces of a data set's pictures, and how many pictures could not be read.

    A picture in which no face is found is taken as one face.

    Args:
        path: A folder or a ZIP archive.
        of: Who finds and judges.
        settings: See `analyse`.
        tell: Is told how much is done.

    Raises:
        DatasetError: It cannot be opened.
    """
    gallery, unreadable = Gallery(), 0
    size_px = of.classifier.card.input_px
    with Store(path) as store:
        names = [name for name in store.names() if name.suffix.lower() in IMAGE_SUFFIXES]
        folders = {place[0] for name in names if (place := place_of(name)) is not None}
        classes, own = guess_all(folders)
        # One folder around all pictures is no class.
        classes = classes | {name: name for name in own} if len(folders) > 1 else {}
        chosen = np.random.default_rng(0).permutation(len(names))[:_MOST_FACES]
        for done, i in enumerate(chosen):
            tell(done / len(chosen))
            try:
                image_rgb = images.read(store.read(names[i]), name=names[i].name)
            except MaskclsError:
                unreadable += 1
                continue
            height, width = image_rgb.shape[:2]
            faces = analyse(image_rgb, of.finder, of.classifier, settings)
            for face in faces or classify_boxes(image_rgb, [(0, 0, width, height)], of.classifier):
                crop_rgb = crop_of(face, image_rgb, size_px=size_px)
                place = place_of(names[i])
                name = classes.get(place[0]) if place is not None else None
                gallery.add(crop_rgb, images.plain_name(name or face.verdict), str(names[i]))
    return gallery, unreadable


def _take(file: UploadedFile, of: Models, settings: Settings) -> None:
    bar = st.progress(0.0, "Looking for faces …")
    try:
        with tempfile.NamedTemporaryFile(suffix=".zip") as copy:
            copy.write(file.getbuffer())
            copy.flush()
            tell = partial(bar.progress, text="Looking for faces …")
            gallery, unreadable = read_set(Path(copy.name), of, settings, tell=tell)
        st.session_state[_SET] = (of.stamp, gallery)
        found = counted(len(gallery.crops), "face", "faces")
        skipped = f" {counted(unreadable, 'picture', 'pictures')} could not be read." if unreadable else ""
        st.session_state[_TOLD] = [f"{file.name}: {found}.{skipped}"]
    except MaskclsError as error:
        # The copy's name says nothing to anyone.
        st.session_state[_TOLD] = [str(error).replace(copy.name, file.name)]
    upload.empty_box(_BOX, [file])


def _samples(of: Models, size_px: int) -> Gallery:
    """Return the faces of the samples."""
    key = f"gallery_samples_{of.stamp}"
    if key not in st.session_state:
        found = Gallery()
        for name in samples.names():
            image_rgb = samples.load(name)
            for face in analyse(image_rgb, of.finder, of.classifier):
                found.add(crop_of(face, image_rgb, size_px=size_px), face.verdict, samples.title(name))
        st.session_state[key] = found
    gallery: Gallery = st.session_state[key]
    return gallery
