"""Portraits as further training pictures of the face finder; the teacher draws their boxes.

Scenes show few faces that fill the picture. The archives of face pictures hold thousands.
"""

import logging
from pathlib import Path

import numpy as np

from maskcls import images
from maskcls.data.store import Store
from maskcls.training.entries import training_entries
from maskcls.training.finder.teacher import Picture, Teacher, complete

log = logging.getLogger(__name__)

_ARCHIVES = ("kaggle12k.zip", "chandrikadeb7.zip")
_NONE_DRAWN = np.zeros((0, 4), np.float32)


def load_portraits(data: Path, teacher: Teacher, *, answers: Path) -> list[Picture]:
    """Return the pictures in which the teacher is sure of one face and sees no other.

    Args:
        data: Folder with the archives and their manifest.csv.
        teacher: Who draws boxes and landmarks.
        answers: An `.npz` file where the teacher's answers are kept, so that it is asked only once.
    """
    known = dict(np.load(answers)) if answers.exists() else {}
    entries = training_entries(data)
    portraits = []
    for archive in _ARCHIVES:
        with Store(data / archive) as store:
            for entry in (entry for entry in entries if entry.archive == archive):
                image = images.read(store.read(entry.file), name=str(entry.file))
                key = f"{archive}/{entry.file}"
                if key not in known:
                    known[key] = teacher.find(image)
                truth = complete(_NONE_DRAWN, known[key])
                if len(truth.boxes_xyxy) == 1 and not len(truth.ignored_xyxy):
                    portraits.append((image, truth))
        log.info("%s: %d portraits so far", archive, len(portraits))
    np.savez_compressed(answers, **known)
    return portraits
