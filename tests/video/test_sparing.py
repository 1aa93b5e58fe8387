"""Every face comes back from every frame; the classifier sees each of them in turn, and new ones at once."""

from collections import Counter

import numpy as np
import pytest

from maskcls.analysis import Settings
from maskcls.classifier.classifier import Classifier
from maskcls.finder.finder import Found
from maskcls.video.sparing import Sparing
from tests.test_analysis import CARD, ColourEngine, ToldFinder, found_at

# Clear enough that nobody is looked at twice in one frame.
RED, BLUE = (250, 4, 0), (0, 4, 250)


def picture(*colours: tuple[int, int, int]) -> np.ndarray:
    """Return faces of 100 pixels side by side, each of one colour, striped."""
    image_rgb = np.zeros((100, 100 * max(1, len(colours)), 3), np.uint8)
    for i, colour in enumerate(colours):
        image_rgb[:, 100 * i + np.arange(100)[np.arange(100) % 16 < 10]] = colour
    return image_rgb


def side_by_side(count: int, *, moved: float = 0) -> list[Found]:
    return [found_at(100 * i + 10 + moved, 10, 100 * i + 90 + moved, 90) for i in range(count)]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> ColourEngine:
    monkeypatch.setattr("maskcls.video.sparing._SLOW_MS", 1e9)
    return ColourEngine()


def sparing(finder: ToldFinder, engine: ColourEngine) -> Sparing:
    return Sparing(finder, Classifier(CARD, engine))


def look(one: Sparing, image_rgb: np.ndarray) -> list[str]:
    stages: dict[str, float] = {}
    faces = one.faces(image_rgb, Settings(), stages)
    assert list(stages) == ["find", "classify"]
    return [face.label for face in faces]


def test_nobody(engine: ColourEngine):
    one = sparing(ToldFinder([]), engine)
    assert look(one, picture()) == look(one, picture()) == []
    assert engine.batches == []


def test_two_faces_are_judged_in_each_frame(engine: ColourEngine):
    one = sparing(ToldFinder(side_by_side(2)), engine)
    assert look(one, picture(RED, BLUE)) == ["red", "blue"]
    assert look(one, picture(BLUE, RED)) == ["blue", "red"]


def test_of_five_all_are_judged_at_first_and_then_two_in_turn(engine: ColourEngine):
    one = sparing(ToldFinder(side_by_side(5)), engine)
    assert look(one, picture(*[RED] * 5)) == ["red"] * 5
    blue = [Counter(look(one, picture(*[BLUE] * 5)))["blue"] for _ in range(3)]
    assert blue == [2, 4, 5]
    # Nobody is forgotten: within any three frames all have been looked at.
    assert [Counter(look(one, picture(*[RED] * 5)))["red"] for _ in range(3)] == [2, 4, 5]
    assert max(len(batch) for batch in engine.batches[1:]) == 2


def test_on_a_slow_machine_only_one_is_judged_in_turn(engine: ColourEngine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("maskcls.video.sparing._SLOW_MS", 0.0)
    one = sparing(ToldFinder(side_by_side(3)), engine)
    assert look(one, picture(*[RED] * 3)) == ["red"] * 3
    assert [Counter(look(one, picture(*[BLUE] * 3)))["blue"] for _ in range(3)] == [1, 2, 3]


def test_a_new_face_is_judged_at_once(engine: ColourEngine):
    finder = ToldFinder(side_by_side(3))
    one = sparing(finder, engine)
    look(one, picture(RED, RED, RED))
    finder.found = [*side_by_side(3)[::-1], *side_by_side(4)[3:]]
    assert look(one, picture(RED, RED, RED, BLUE)) == ["red", "red", "red", "blue"]


def test_a_face_that_is_not_judged_moves_on(engine: ColourEngine):
    finder = ToldFinder(side_by_side(3))
    one = sparing(finder, engine)
    look(one, picture(RED, RED, RED))
    finder.found = side_by_side(3, moved=6)
    stages: dict[str, float] = {}
    faces = one.faces(picture(BLUE, BLUE, BLUE), Settings(), stages)
    (kept,) = [face for face in faces if face.label == "red"]
    (place,) = [i for i, face in enumerate(faces) if face is kept]
    assert kept.box_xyxy == finder.found[place].box_xyxy
    assert np.array_equal(kept.landmarks, finder.found[place].landmarks)
    # The crop is a square around the box.
    left, _, right, _ = kept.crop_xyxy
    assert (left + right) / 2 == pytest.approx((kept.box_xyxy[0] + kept.box_xyxy[2]) / 2)
