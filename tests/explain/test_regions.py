"""Regions lie where a face has them, whichever way it is turned, and the sentence names the hottest."""

import numpy as np
import pytest

from maskcls import labels
from maskcls.explain.regions import REGIONS, measure, of_face, parts
from maskcls.face import Face

# A face upright in a crop of 100 pixels.
UPRIGHT = np.array([[38, 40], [62, 40], [50, 52], [41, 62], [59, 62]], float)
CROP = (0.0, 0.0, 100.0, 100.0)


def region_at(landmarks: np.ndarray, x: float, y: float) -> str:
    return REGIONS[parts(landmarks, CROP)[int(y * 0.64), int(x * 0.64)]]


def spot(x: float, y: float) -> np.ndarray:
    """Return a map of 20 × 20 cells that is hot in one."""
    heat = np.zeros((20, 20), np.float32)
    heat[int(y // 5), int(x // 5)] = 1
    return heat


def test_an_empty_map():
    found = measure(np.zeros((8, 8)), UPRIGHT, CROP)
    assert set(found.shares) == set(REGIONS)
    assert set(found.shares.values()) == {0.0}
    assert found.sentence("with_mask") == "Nothing in this face spoke for “mask worn”."


@pytest.mark.parametrize(
    ("place", "region"),
    [
        ((50, 25), "forehead"),
        ((38, 40), "eyes"),
        ((50, 52), "nose"),
        ((50, 62), "mouth"),
        ((50, 72), "chin"),
        ((32, 55), "cheeks"),
        ((5, 5), "outside"),
        ((50, 95), "outside"),
    ],
)
def test_places(place: tuple[float, float], region: str):
    assert region_at(UPRIGHT, *place) == region
    shares = measure(spot(*place), UPRIGHT, CROP).shares
    assert sum(shares.values()) == pytest.approx(1)


def test_a_face_on_its_side():
    turned = np.column_stack([100 - UPRIGHT[:, 1], UPRIGHT[:, 0]])
    assert region_at(turned, 75, 50) == "forehead"
    assert region_at(turned, 48, 50) == "nose"
    assert region_at(turned, 28, 50) == "chin"


def test_points_on_one_line_do_no_harm():
    line = np.repeat([[50.0, 50.0]], 5, axis=0)
    assert set(np.unique(parts(line, CROP))) <= set(range(len(REGIONS)))


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        (labels.WITHOUT_MASK, (50, 52), "at the uncovered nose"),
        (labels.WITH_MASK, (50, 62), "at the covered mouth"),
        (labels.PARTIAL_MASK, (50, 52), "at the uncovered nose"),
        (labels.PARTIAL_MASK, (50, 74), "at the chin"),
        ("helmet", (50, 25), "at the forehead"),
        (labels.WITH_MASK, (5, 5), "do not trust"),
    ],
)
def test_sentences(name: str, place: tuple[float, float], words: str):
    assert words in measure(spot(*place), UPRIGHT, CROP).sentence(name)


def test_why_not_says_nothing_of_covers():
    found = measure(spot(50, 52), UPRIGHT, CROP)
    assert found.sentence(labels.WITHOUT_MASK, answered=False) == "What little speaks for “no mask” lies at the nose."
    beside = measure(spot(5, 5), UPRIGHT, CROP)
    assert "do not trust" not in beside.sentence(labels.WITH_MASK, answered=False)


def test_an_even_map_is_not_beside_the_face():
    assert "do not trust" not in measure(np.ones((8, 8)), UPRIGHT, CROP).sentence(labels.WITH_MASK)


def test_the_hottest_place_not_the_largest():
    heat = np.zeros((20, 20), np.float32)
    heat[4:15, 5:15] = 0.3
    heat[10, 9:11] = 3
    assert measure(heat, UPRIGHT, CROP).sentence(labels.WITHOUT_MASK).endswith("the uncovered nose.")


def test_of_a_face():
    evidence = np.stack([spot(50, 52), spot(50, 25)], axis=-1)
    place = {"box_xyxy": (20.0, 20.0, 80.0, 80.0), "score": 1.0, "evidence": evidence, "crop_xyxy": CROP}
    face = Face(**place, landmarks=UPRIGHT, probabilities={"a": 0.9, "b": 0.1})
    assert of_face(face).sentence("a").endswith("the nose.")
    assert of_face(face, "b").sentence("b").endswith("the forehead.")
    assert of_face(Face(**place, landmarks=None, probabilities={"a": 0.9, "b": 0.1})) is None
