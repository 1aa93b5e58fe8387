"""Portraits as further training pictures of the face finder; the teacher draws their boxes.

Scenes show few faces that fill the picture. The archives of face pictures hold thousands.
"""

import logging
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from maskcls import images
from maskcls.data.store import Store
from maskcls.training.answers import kept
from maskcls.training.entries import training_entries
from maskcls.training.teacher import Picture, Teacher, complete

log = logging.getLogger(__name__)

ARCHIVES = ("kaggle12k.zip", "chandrikadeb7.zip")
_NONE_DRAWN = np.zeros((0, 4), np.float32)


def load_portraits(data: Path, teacher: Teacher, *, answers: Path) -> list[Picture]:
    """Return the pictures in which the teacher is sure of one face and sees no other.

    Args:
        data: Folder with the archives and their manifest.csv.
        teacher: Who draws boxes and landmarks.
        answers: An `.npz` file where the teacher's answers are kept, so that it is asked only once.
    """
    entries = training_entries(data)
    portraits = []
    with kept(answers) as known:
        for archive in ARCHIVES:
            files = [entry.file for entry in entries if entry.archive == archive]
            portraits += _of_one_face(data / archive, files, teacher, known)
            log.info("%s: %d portraits so far", archive, len(portraits))
    return portraits


def _of_one_face(
    archive: Path, files: Sequence[PurePosixPath], teacher: Teacher, known: dict[str, np.ndarray]
) -> list[Picture]:
    found = []
    with Store(archive) as store:
        for file in files:
            image = images.read(store.read(file), name=str(file))
            key = f"{archive.name}/{file}"
            if key not in known:
                known[key] = teacher.find(image)
            truth = complete(_NONE_DRAWN, known[key])
            if len(truth.boxes_xyxy) == 1 and not len(truth.ignored_xyxy):
                found.append((image, truth))
    return found
