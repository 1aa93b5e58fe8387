"""Bare faces of the training set with masks, or things that are none, painted on them.

Partial masks, and cups and scarves before a mouth, are what photographs show too seldom.
"""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from maskcls.data.objects import apply_thing, draw_thing
from maskcls.data.synthesis import LABELS, apply_synthetic, draw_synthetic
from maskcls.labels import CLASSES
from maskcls.training.answers import kept
from maskcls.training.classifier.pictures import PAINTED, Picture, load_pictures
from maskcls.training.entries import training_entries
from maskcls.training.teacher import Teacher

log = logging.getLogger(__name__)

_BARE = "without_mask"
# Half of them from each: one shows people in the street, the other portraits.
_ARCHIVES = ("faces.zip", "kaggle12k.zip")
# On a smaller face no eye can tell where a mask sits.
_LEAST_PX = 48
_SURE_SCORE = 0.8
_TRIES = 10
# Share of the face's box; a mask at one ear covers little, one that hangs beside the picture nothing.
_LEAST_COVERED = 0.06

# A picture, its face's box (4,) and landmarks (5, 2).
_Face = tuple[Picture, np.ndarray, np.ndarray]


def training_pictures(
    data: Path, weights: Path, *, painted: int, answers: Path, opinions: Mapping[str, np.ndarray] | None = None
) -> dict[tuple[str, str], list[Picture]]:
    """Return all that the shipped classifier learns from, by archive and class: photographs, and faces painted on.

    Args:
        data: Folder with the archives.
        weights: Folder with YuNet's weights, which finds the landmarks to paint at.
        painted: At most how many painted faces of each class.
        answers: As in `paint_pictures`.
        opinions: As in `load_pictures`.
    """
    pictures = load_pictures(data, training_entries(data), opinions)
    if painted:
        teacher = Teacher(weights / "yunet_n_dynamic.onnx")
        pictures |= paint_pictures(pictures, teacher, count=painted, answers=answers)
    for (archive, label), some in pictures.items():
        log.info("%s %s: %d pictures", archive, label, len(some))
    return pictures


def paint_pictures(
    pictures: dict[tuple[str, str], list[Picture]], teacher: Teacher, *, count: int, answers: Path
) -> dict[tuple[str, str], list[Picture]]:
    """Return at most `count` painted pictures for each class; always the same ones.

    Args:
        pictures: What `load_pictures` returned.
        teacher: Who finds the landmarks.
        count: How many of each class.
        answers: An `.npz` file where the teacher's answers are kept, so that it is asked only once.
    """
    with kept(answers) as known:
        bare = [_with_landmarks(pictures.get((archive, _BARE), []), teacher, known) for archive in _ARCHIVES]
    some = [faces for faces in bare if faces]
    if not some:
        return {}
    rng = np.random.default_rng(0)
    result: dict[tuple[str, str], list[Picture]] = {}
    for label in (*LABELS, _BARE):
        drawn = [_painted(rng, some[i % len(some)], label) for i in range(count)]
        result[PAINTED, label] = [picture for picture in drawn if picture is not None]
    return result


def _painted(rng: np.random.Generator, faces: list[_Face], label: str) -> Picture | None:
    """Return a face with a mask that shows what its class says, or a thing; None when a few tries gave none."""
    for _ in range(_TRIES):
        picture, box, landmarks = faces[int(rng.integers(len(faces)))]
        if label == _BARE:
            image_rgb = apply_thing(draw_thing(rng), picture.image_rgb, landmarks)
        else:
            image_rgb = apply_synthetic(draw_synthetic(rng, label), picture.image_rgb, landmarks)
        if _shows(label, (image_rgb != picture.image_rgb).any(axis=2), box, landmarks):
            return Picture(image_rgb, CLASSES.index(label), picture.cut)
    return None


def _shows(label: str, changed: np.ndarray, box: np.ndarray, landmarks: np.ndarray) -> bool:
    """Return whether enough of it lies on the face, and a mask covers nose and mouth just when its class says so."""
    x0, y0 = np.maximum(box[:2], 0).astype(int)
    x1, y1 = box[2:].astype(int)
    nose_and_mouth = np.stack([landmarks[2], landmarks[3:].mean(axis=0)])
    x, y = np.clip(nose_and_mouth, 0, np.array(changed.shape[::-1]) - 1).astype(int).T
    as_said = label == _BARE or changed[y, x].all() == (label == "with_mask")
    return bool(changed[y0:y1, x0:x1].mean() > _LEAST_COVERED and as_said)


def _with_landmarks(pictures: list[Picture], teacher: Teacher, known: dict[str, np.ndarray]) -> list[_Face]:
    """Return the pictures with a face in their middle that the teacher is sure of, and sees no other."""
    faces = []
    for picture in pictures:
        key = hashlib.sha256(picture.image_rgb.tobytes()).hexdigest()
        if key not in known:
            known[key] = teacher.find(picture.image_rgb)
        sure = known[key][known[key][:, 14] >= _SURE_SCORE]
        if len(sure) == 1 and _is_large_and_central(sure[0, :4], picture.image_rgb.shape):
            faces.append((picture, sure[0, :4], sure[0, 4:14].reshape(5, 2)))
    return faces


def _is_large_and_central(box: np.ndarray, shape: tuple[int, ...]) -> bool:
    middle = np.array(shape[1::-1]) / 2
    return bool((box[2:] - box[:2]).max() >= _LEAST_PX and (box[:2] < middle).all() and (middle < box[2:]).all())
