"""Labels that somebody looked at again: a small table beside this file, and how it changes what a data set says.

Labels were judged by eye, without looking at what any model answers, by one definition. *with_mask*: the mask covers
nose, mouth and chin. *partial_mask*: a mask is on the face or hangs from it, but nose or mouth is bare. *without_mask*:
no mask on the face; one in the hand counts as none. (Networks may choose which training faces are looked at again, see
`maskcls.training.classifier.suspects`; of test faces all are, or none.)

Every picture of `faces.zip` was judged anew by somebody who saw neither its label nor what others said. Of test faces
three such judgements decide by majority; two of them agree on 98.4 %. A training or validation face whose new judgement
differs from its label was judged once more, among others, and the majority of the three holds.

The table's columns: `archive`, `file`, `box`, `old`, `new`, `reason`. A line about a picture of one face holds for its
face in the whole photograph too: `faces.zip` names its pictures after the photograph and the number of the box. A line
with a `box` (x1 y1 x2 y2) adds a face that nobody had drawn.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from maskcls.data.scenes import Scene
from maskcls.errors import DatasetError

TABLE = Path(__file__).with_name("corrections.csv")
# What cannot be judged: left out of face pictures, counted neither way in photographs.
DROPPED = "dropped"
# Of an added face that cannot be judged only the place matters, but every box has a class.
_ANY_CLASS = "without_mask"


@dataclass(frozen=True)
class Correction:
    """One line of the table.

    Attributes:
        file: The picture's name in its archive.
        box_xyxy: Of a face that nobody had drawn, else None.
        old: The label as given; empty for an added face.
        new: The label as judged, or `DROPPED`.
    """

    file: PurePosixPath
    box_xyxy: tuple[float, ...] | None
    old: str
    new: str


class Corrections:
    """The lines of a table, ready to be applied.

    Args:
        lines: In any order.
    """

    def __init__(self, lines: Sequence[Correction]) -> None:
        """Sort the lines by what they speak of."""
        self._faces = {line.file: line for line in lines if line.box_xyxy is None}
        self._objects = {_object_key(line.file): line for line in self._faces.values()}
        self._added: dict[PurePosixPath, list[Correction]] = {}
        for line in lines:
            if line.box_xyxy is not None:
                self._added.setdefault(line.file, []).append(line)

    def label(self, file: PurePosixPath, given: str) -> str | None:
        """Return the label of a face picture, None for one that cannot be judged."""
        line = self._faces.get(file)
        new = line.new if line and line.old == given else given
        return None if new == DROPPED else new

    def crops(self, found: Sequence[tuple[PurePosixPath, str]]) -> list[tuple[PurePosixPath, str]]:
        """Return face pictures with their labels as judged, without those that cannot be."""
        judged = [(file, self.label(file, given)) for file, given in found]
        return [(file, label) for file, label in judged if label is not None]

    def scene(self, scene: Scene) -> Scene:
        """Return a photograph with its faces as judged, and those that nobody had drawn."""
        classes, difficult = list(scene.classes), scene.difficult.copy()
        for i, given in enumerate(scene.classes):
            line = self._objects.get((scene.name.parts[0], f"{scene.name.stem}_{i}"))
            if line and line.old == given:
                classes[i] = given if line.new == DROPPED else line.new
                difficult[i] |= line.new == DROPPED
        added = self._added.get(scene.name, [])
        boxes = np.array([line.box_xyxy for line in added], np.float32).reshape(-1, 4)
        classes += [_ANY_CLASS if line.new == DROPPED else line.new for line in added]
        return replace(
            scene,
            boxes_xyxy=np.concatenate([scene.boxes_xyxy, boxes]),
            classes=tuple(classes),
            difficult=np.concatenate([difficult, [line.new == DROPPED for line in added]]).astype(bool),
        )


def read_corrections(path: Path = TABLE) -> Corrections:
    """Return the corrections in a table.

    Raises:
        DatasetError: It is missing or no such table.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return Corrections([_line(row) for row in csv.DictReader(file)])
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}.") from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise DatasetError(f"{path} is no table of corrections ({error}). Restore it.") from error


def _line(row: dict[str, str | None]) -> Correction:
    file, box_text, old, new = (row[column] for column in ("file", "box", "old", "new"))
    if file is None or box_text is None or old is None or not new:
        raise ValueError("a line lacks something")
    box = tuple(float(side) for side in box_text.split()) or None
    if box and len(box) != 4:
        raise ValueError(f"a box of {len(box)} numbers")
    return Correction(PurePosixPath(file), box, old, new)


def _object_key(file: PurePosixPath) -> tuple[str, str]:
    return file.parts[0], file.stem
