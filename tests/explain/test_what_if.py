"""Patches and painted masks lie where they were put, and a curve follows the mask."""

import numpy as np
import pytest

from maskcls import samples
from maskcls.explain import what_if
from maskcls.face import Face
from maskcls.registry import Registry

BOX = samples.ASTRONAUT_BOX_XYXY
CROP = (150.0, 45.0, 300.0, 195.0)


def face(landmarks: np.ndarray | None) -> Face:
    return Face(BOX, 0.9, landmarks, {"a": 1.0}, np.zeros((1, 1, 1), np.float32), CROP)


@pytest.fixture
def astronaut() -> Face:
    return face(np.array(samples.ASTRONAUT_LANDMARKS, np.float32))


def test_no_patch():
    crop = np.full((20, 20, 3), 7, np.uint8)
    assert (what_if.with_patch(crop, x=0.5, y=0.5, size=0) == crop).all()


def test_a_patch():
    crop = np.full((20, 20, 3), 7, np.uint8)
    covered = what_if.with_patch(crop, x=0.75, y=0.5, size=0.2)
    assert (covered[8:12, 13:17] == what_if.GREY).all()
    assert (covered == what_if.GREY).all(axis=2).sum() == 16
    assert (crop == 7).all()
    # Over the edge, only what is inside.
    assert (what_if.with_patch(crop, x=0, y=0, size=0.2) == what_if.GREY).all(axis=2).sum() == 4


def test_the_mask_slides_down(astronaut: Face):
    bare = samples.load("no_mask")
    tops = []
    for share in (0.0, 0.5, 1.0):
        crop = what_if.with_mask(bare, astronaut, share=share, size_px=100)
        blue = (crop[..., 2].astype(int) - crop[..., 0] > 25)[:, 40:60]
        tops.append(int(np.argmax(blue.any(axis=1))))
    assert tops == sorted(tops)
    assert tops[2] > tops[0] + 20


def test_the_curve_goes_from_worn_to_partial(astronaut: Face):
    classifier = Registry().classifier()
    shares, probabilities = what_if.slide(samples.load("no_mask"), astronaut, classifier, steps=7)
    assert (shares[0], shares[-1], len(shares)) == (0, 1, 7)
    assert probabilities.shape == (7, 3)
    names = classifier.card.classes
    assert names[probabilities[0].argmax()] == "with_mask"
    assert names[probabilities[-1].argmax()] == "partial_mask"


def test_a_face_without_landmarks():
    with pytest.raises(ValueError, match="landmarks"):
        what_if.with_mask(samples.load("no_mask"), face(None), share=0, size_px=50)
