"""Bare faces of the training set with masks painted on them: partial masks are what photographs show too seldom."""

import hashlib
import logging
from pathlib import Path

import numpy as np

from maskcls.data.synthesis import LABELS, apply_synthetic, draw_synthetic
from maskcls.labels import CLASSES
from maskcls.training.classifier.pictures import PAINTED, Picture
from maskcls.training.finder.teacher import Teacher

log = logging.getLogger(__name__)

_BARE = "without_mask"
# Half of them from each: one shows people in the street, the other portraits.
_ARCHIVES = ("faces.zip", "kaggle12k.zip")
# On a smaller face no eye can tell where a mask sits.
_LEAST_PX = 48
_SURE_SCORE = 0.8


def paint_pictures(
    pictures: dict[tuple[str, str], list[Picture]], teacher: Teacher, *, count: int, answers: Path
) -> dict[tuple[str, str], list[Picture]]:
    """Return `count` painted pictures for each class that masks can be painted of; always the same ones.

    Args:
        pictures: What `load_pictures` returned.
        teacher: Who finds the landmarks.
        count: How many of each class.
        answers: An `.npz` file where the teacher's answers are kept, so that it is asked only once.
    """
    known = dict(np.load(answers)) if answers.exists() else {}
    bare = {archive: _with_landmarks(pictures.get((archive, _BARE), []), teacher, known) for archive in _ARCHIVES}
    np.savez_compressed(answers, **known)
    some = [faces for faces in bare.values() if faces]
    if not some:
        return {}
    rng = np.random.default_rng(0)
    result: dict[tuple[str, str], list[Picture]] = {}
    for label in LABELS:
        for i in range(count):
            faces = some[i % len(some)]
            picture, landmarks = faces[int(rng.integers(len(faces)))]
            image_rgb = apply_synthetic(draw_synthetic(rng, label), picture.image_rgb, landmarks)
            result.setdefault((PAINTED, label), []).append(Picture(image_rgb, CLASSES.index(label), picture.cut))
        log.info("%d pictures painted as %s", count, label)
    return result


def _with_landmarks(
    pictures: list[Picture], teacher: Teacher, known: dict[str, np.ndarray]
) -> list[tuple[Picture, np.ndarray]]:
    """Return the pictures on which the teacher is sure of one face, with its landmarks `(5, 2)`."""
    faces = []
    for picture in pictures:
        key = hashlib.sha256(picture.image_rgb.tobytes()).hexdigest()
        if key not in known:
            known[key] = teacher.find(picture.image_rgb)
        sure = known[key][known[key][:, 14] >= _SURE_SCORE]
        if len(sure) == 1 and (sure[0, 2:4] - sure[0, :2]).max() >= _LEAST_PX:
            faces.append((picture, sure[0, 4:14].reshape(5, 2)))
    return faces
