"""What one session has in front of it: pictures, what was found in them, and the boxes people drew.

Everything lies in `st.session_state` and goes with the session. Pictures are kept as the bytes that came, because a
hundred decoded photographs would not fit into memory; the last one or two stay decoded.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import streamlit as st

from maskcls import images
from maskcls.analysis import Settings, analyse, classify_boxes
from maskcls.classifier.classifier import Classifier
from maskcls.errors import ImageError
from maskcls.face import Face
from maskcls.finder.finder import Finder

MAX_PICTURES = 100
_RESULTS_KEPT = 2500
_DECODED_KEPT = 2
_BOXES_PER_PICTURE = 20
_KEY = "photos_desk"

Box = tuple[float, float, float, float]
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it came.

    Attributes:
        key: Unlike every other picture's in the session.
        content: Hash of the bytes: equal pictures are analysed once.
        name: What its owner called it, as it came; not to be trusted.
        data: The bytes.
    """

    key: str
    content: str
    name: str
    data: bytes


@dataclass(frozen=True, eq=False)
class Result:
    """What came out for a picture.

    Attributes:
        faces: What the finder found and the classifier said, surest first.
        shape: `(h, w, 3)`; None where the picture could not be read.
        error: Why it could not be read, for people; None where it could.
    """

    faces: tuple[Face, ...] = ()
    shape: tuple[int, ...] | None = None
    error: str | None = None


@dataclass(frozen=True)
class Models:
    """Finder and classifier with a stamp that changes whenever either does."""

    finder: Finder
    classifier: Classifier
    stamp: str


@dataclass
class Desk:
    """A session's pictures and results; not shared, so nothing here is locked.

    Attributes:
        pictures: In the order in which they came.
        drawn: The boxes drawn on each.
        left_out: Names of those there was no room for, until somebody was told.
        latest: Keys of those that came together last.
    """

    pictures: dict[str, Picture] = field(default_factory=dict)
    drawn: dict[str, list[Box]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    latest: tuple[str, ...] = ()
    _results: OrderedDict[tuple, Result] = field(default_factory=OrderedDict)
    _decoded: OrderedDict[str, np.ndarray] = field(default_factory=OrderedDict)

    def add(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Put pictures on the desk; the same one twice stays one, and what exceeds `MAX_PICTURES` is left out.

        Args:
            files: Name and bytes of each.
        """
        self.latest = tuple(key for name, data in files if (key := self._add(name, data)))

    def _add(self, name: str, data: bytes) -> str | None:
        content = hashlib.sha256(data).hexdigest()
        key = hashlib.sha256(f"{content}/{name}".encode(errors="replace")).hexdigest()[:16]
        if key not in self.pictures and len(self.pictures) >= MAX_PICTURES:
            self.left_out.append(name)
            return None
        self.pictures.setdefault(key, Picture(key, content, name, data))
        return key

    def remove(self, key: str) -> None:
        """Take a picture off the desk."""
        self.pictures.pop(key, None)
        self.drawn.pop(key, None)
        self._decoded.pop(key, None)

    def clear(self) -> None:
        """Take everything off the desk."""
        self.pictures.clear()
        self.drawn.clear()
        self.left_out.clear()
        self._results.clear()
        self._decoded.clear()
        self.latest = ()

    def image(self, picture: Picture) -> np.ndarray:
        """Return a picture's pixels `(h, w, 3) uint8`.

        Raises:
            ImageError: It cannot be read.
        """
        if picture.key not in self._decoded:
            self._decoded[picture.key] = images.read(picture.data, name=picture.name)
        return _recent(self._decoded, picture.key, _DECODED_KEPT)

    def known(self, picture: Picture, models: Models, settings: Settings) -> Result | None:
        """Return what is already known about a picture with these models and settings."""
        key = _result_key(picture, models, settings)
        return _recent(self._results, key, _RESULTS_KEPT) if key in self._results else None

    def analyse(self, picture: Picture, models: Models, settings: Settings) -> Result:
        """Find and judge the faces in a picture, unless that was done before; a bad picture is a result too."""
        known = self.known(picture, models, settings)
        if known is not None:
            return known
        try:
            image_rgb = self.image(picture)
            faces = tuple(analyse(image_rgb, models.finder, models.classifier, settings))
            result = Result(faces, image_rgb.shape)
        except ImageError as error:
            result = Result(error=str(error))
        return self._keep(_result_key(picture, models, settings), result)

    def draw(self, key: str, box: Sequence[float], shape: Sequence[int]) -> bool:
        """Note a box that somebody drew on a picture of `shape`; False where it is outside, empty or one too many."""
        height, width = shape[:2]
        left, top, right, bottom = (float(v) for v in np.clip(box, 0, (width, height, width, height)))
        boxes = self.drawn.setdefault(key, [])
        if right - left < 1 or bottom - top < 1 or len(boxes) >= _BOXES_PER_PICTURE:
            return False
        if (left, top, right, bottom) not in boxes:
            boxes.append((left, top, right, bottom))
        return True

    def erase(self, key: str, box: Box) -> None:
        """Forget a box that somebody drew."""
        self.drawn[key] = [other for other in self.drawn.get(key, []) if other != box]

    def drawn_faces(self, picture: Picture, models: Models) -> list[Face]:
        """Return what the classifier says of the boxes drawn on a picture, in their order."""
        faces: list[Face] = []
        for box in self.drawn.get(picture.key, []):
            key = (picture.content, models.stamp, box)
            if key not in self._results:
                image_rgb = self.image(picture)
                self._keep(key, Result(tuple(classify_boxes(image_rgb, [box], models.classifier)), image_rgb.shape))
            faces.extend(_recent(self._results, key, _RESULTS_KEPT).faces)
        return faces

    def _keep(self, key: tuple, result: Result) -> Result:
        self._results[key] = result
        return _recent(self._results, key, _RESULTS_KEPT)


def desk() -> Desk:
    """Return this session's desk."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Desk()
    found: Desk = st.session_state[_KEY]
    return found


def _result_key(picture: Picture, models: Models, settings: Settings) -> tuple:
    # The name is part of what is said about a bad picture.
    return (picture.content, picture.name, models.stamp, settings)


def _recent(kept: OrderedDict[K, V], key: K, limit: int) -> V:
    """Return an entry, mark it as used last, and drop the ones used longest ago."""
    kept.move_to_end(key)
    while len(kept) > limit:
        kept.popitem(last=False)
    return kept[key]
