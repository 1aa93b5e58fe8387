"""From a picture to faces, with a finder that finds what it is told and a classifier that looks at colours."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from maskcls import labels
from maskcls.analysis import Settings, analyse, classify_boxes, heat, judge_crop
from maskcls.cards import Card
from maskcls.classifier.classifier import Classifier
from maskcls.errors import SettingsError
from maskcls.face import Face
from maskcls.finder.finder import DEFAULT_MIN_SCORE, Found

CARD = Card("colours", "classifier", classes=("red", "green", "blue"), input_px=32, cut_scale=1.5, threshold=0.6)
STRAIGHT = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)


@dataclass
class ColourEngine:
    """Answers with the share of each colour in the crop, and evidence about its middle."""

    device: str = "paper"
    batches: list[np.ndarray] = field(default_factory=list)

    def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        self.batches.append(images_rgb)
        evidence = images_rgb[:, ::8, ::8].astype(np.float32) - 100
        totals = images_rgb.astype(np.float32).mean(axis=(1, 2)) + 1e-3
        return [totals / totals.sum(axis=1, keepdims=True), evidence]


@dataclass
class ToldFinder:
    found: list[Found]
    asked: list[dict] = field(default_factory=list)

    def find(self, _image_rgb: np.ndarray, **settings: float) -> list[Found]:
        self.asked.append(settings)
        return self.found


@pytest.fixture
def engine() -> ColourEngine:
    return ColourEngine()


@pytest.fixture
def classifier(engine: ColourEngine) -> Classifier:
    return Classifier(CARD, engine)


def a_picture(height: int = 200, width: int = 300) -> np.ndarray:
    """Red stripes on black, sharp everywhere."""
    image_rgb = np.zeros((height, width, 3), np.uint8)
    image_rgb[:, np.arange(width) % 16 < 10] = (250, 40, 0)
    return image_rgb


def found_at(*box: float, landmarks: np.ndarray = STRAIGHT, score: float = 0.9) -> Found:
    left, top, right, bottom = box
    return Found(box, score, landmarks * (right - left, bottom - top) + np.array([left, top], np.float32))


def test_no_face(classifier: Classifier, engine: ColourEngine):
    assert analyse(a_picture(), ToldFinder([]), classifier) == []
    assert classify_boxes(a_picture(), [], classifier) == []
    assert classify_boxes(a_picture(), np.zeros((0, 4)), classifier) == []
    assert engine.batches == []


def test_a_face(classifier: Classifier):
    (face,) = analyse(a_picture(), ToldFinder([found_at(100, 50, 160, 130)]), classifier)
    assert (face.label, face.verdict, face.reasons) == ("red", "red", ())
    assert list(face.probabilities) == ["red", "green", "blue"]
    assert (face.box_xyxy, face.score) == ((100, 50, 160, 130), 0.9)
    assert face.crop_xyxy == (70, 30, 190, 150)
    assert face.landmarks is not None
    assert face.landmarks.shape == (5, 2)
    assert face.evidence.shape == (4, 4, 3)


def test_settings_reach_the_finder(classifier: Classifier):
    finder = ToldFinder([])
    analyse(a_picture(), finder, classifier, Settings(min_score=0.3, min_face_px=40, longest_px=320))
    analyse(a_picture(), finder, classifier)
    assert finder.asked == [
        {"min_score": 0.3, "min_face_px": 40, "longest_px": 320},
        {"min_score": DEFAULT_MIN_SCORE, "min_face_px": 16, "longest_px": None},
    ]


def test_stages_are_timed(classifier: Classifier):
    stages: dict[str, float] = {}
    analyse(a_picture(), ToldFinder([found_at(100, 50, 160, 130)]), classifier, stages_ms=stages)
    assert set(stages) == {"find", "classify"}
    assert min(stages.values()) >= 0


@pytest.mark.parametrize(
    "wrong", [{"min_score": 0}, {"min_score": 1}, {"min_score": float("nan")}, {"min_face_px": -1}, {"longest_px": 0}]
)
def test_settings_that_make_no_sense(wrong: dict):
    with pytest.raises(SettingsError, match="Got"):
        Settings(**wrong)


def test_fifty_faces_are_one_call(classifier: Classifier, engine: ColourEngine):
    picture = np.zeros((500, 1000, 3), np.uint8)
    found = []
    for i in range(50):
        x, y = 100 * (i % 10), 100 * (i // 10)
        picture[y : y + 100, x : x + 100, i % 3] = 200
        found.append(found_at(x + 30, y + 30, x + 70, y + 70, score=1 - i / 100))
    faces = analyse(picture, ToldFinder(found), classifier)
    assert [len(batch) for batch in engine.batches] == [50]
    assert [face.label for face in faces] == [CARD.classes[i % 3] for i in range(50)]
    assert [face.score for face in faces] == [one.score for one in found]


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 300, 200),
        (-40, -40, 30, 30),
        (280, 180, 400, 300),
        (-900, -900, -800, -800),
        (5000, 10, 5100, 90),
        (-1000, -1000, 2000, 2000),
        (10, 10, 10, 10),
        (60, 60, 50, 50),
        (299.4, 199.4, 300, 200),
        (0, 0, 1, 200),
    ],
)
def test_boxes_at_the_border_and_outside(classifier: Classifier, engine: ColourEngine, box: tuple[float, ...]):
    (face,) = classify_boxes(a_picture(), [box], classifier)
    assert engine.batches[0].shape == (1, 32, 32, 3)
    assert sum(face.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert face.box_xyxy == box
    assert face.crop_xyxy[2] - face.crop_xyxy[0] == pytest.approx(face.crop_xyxy[3] - face.crop_xyxy[1])


def test_drawn_boxes_keep_their_order_and_have_no_landmarks(classifier: Classifier):
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, :100, 2], picture[:, 200:, 1] = 200, 200
    faces = classify_boxes(picture, np.array([[230, 30, 270, 70], [30, 30, 70, 70]]), classifier)
    assert [face.label for face in faces] == ["green", "blue"]
    assert all(face.landmarks is None and face.score == 1.0 for face in faces)
    assert all("turned_away" not in face.reasons for face in faces)
    assert all(type(side) is float for face in faces for side in face.box_xyxy)


@pytest.mark.parametrize("shape", [(200, 300), (300, 200), (1, 1), (3, 900)])
def test_the_whole_picture_as_one_face(classifier: Classifier, shape: tuple[int, int]):
    height, width = shape
    (face,) = classify_boxes(a_picture(height, width), [(0, 0, width, height)], classifier)
    assert face.label == "red"
    assert face.face_px == max(shape)


def test_the_picture_stays_as_it_is(classifier: Classifier):
    picture = a_picture()
    analyse(picture, ToldFinder([found_at(-10, 0, 60, 90)]), classifier)
    assert np.array_equal(picture, a_picture())


# ------------------------------------------------------------------ reasons

TURNED_LEFT = STRAIGHT.copy()
TURNED_LEFT[2, 0] = 0.32
TURNED_RIGHT = STRAIGHT.copy()
TURNED_RIGHT[2, 0] = 0.75
TILTED = STRAIGHT @ np.array([[0, 1], [-1, 0]], np.float32) + np.array([1, 0], np.float32)
NOBODY_LOOKED = np.full((5, 2), np.nan, np.float32)
ONE_POINT = np.full((5, 2), 0.5, np.float32)


@pytest.mark.parametrize(
    ("landmarks", "turned"),
    [
        (NOBODY_LOOKED, False),
        (ONE_POINT, False),
        (STRAIGHT, False),
        (TILTED, False),
        (TURNED_LEFT, True),
        (TURNED_RIGHT, True),
    ],
)
def test_turned_away(classifier: Classifier, landmarks: np.ndarray, turned: bool):
    (face,) = analyse(a_picture(), ToldFinder([found_at(100, 50, 160, 110, landmarks=landmarks)]), classifier)
    assert ("turned_away" in face.reasons) is turned


@pytest.mark.parametrize(("side", "small"), [(8, True), (19, True), (20, False), (60, False)])
def test_too_small(classifier: Classifier, side: int, small: bool):
    (face,) = classify_boxes(a_picture(), [(100, 50, 100 + side, 50 + side / 2)], classifier)
    assert ("too_small" in face.reasons) is small


def test_blurred(classifier: Classifier):
    flat = np.full((200, 300, 3), (200, 20, 0), np.uint8)
    (large,) = classify_boxes(flat, [(100, 50, 160, 110)], classifier)
    assert large.reasons == ("blurred",)
    (small,) = classify_boxes(flat, [(100, 50, 110, 60)], classifier)
    assert small.reasons == ("too_small",)  # which says it all
    (sharp,) = classify_boxes(a_picture(), [(100, 50, 160, 110)], classifier)
    assert sharp.reasons == ()


@pytest.mark.parametrize(("threshold", "verdict"), [(0.0, "red"), (0.5, "red"), (0.51, "not_sure"), (1.0, "not_sure")])
def test_low_confidence(engine: ColourEngine, threshold: float, verdict: str):
    """Exactly the threshold is sure, as in the figures of the evaluation."""
    picture = np.full((100, 100, 3), (100, 50, 50), np.uint8)
    engine.run = lambda images: [np.full((len(images), 3), (0.5, 0.25, 0.25), np.float32), np.zeros((1, 2, 2, 3))]
    (face,) = classify_boxes(picture, [(0, 0, 100, 100)], Classifier(replace(CARD, threshold=threshold), engine))
    assert (face.label, face.verdict) == ("red", verdict)


# ------------------------------------------------------------------ heat


def test_heat_is_what_speaks_for_a_class():
    evidence = np.array([[[1.0, -2.0], [-3.0, 4.0]]], np.float32)
    face = Face((0, 0, 1, 1), 1.0, None, {"a": 0.5, "b": 0.5}, evidence, (0, 0, 1, 1))
    assert heat(face, "a").tolist() == [[1, 0]]
    assert heat(face, "b").tolist() == [[0, 4]]
    assert face.evidence.min() == -3


@pytest.mark.parametrize(("threshold", "verdict"), [(0.1, "blue"), (0.9, labels.NOT_SURE)])
def test_another_crop_of_a_face(engine: ColourEngine, threshold: float, verdict: str):
    classifier = Classifier(replace(CARD, threshold=threshold), engine)
    (face,) = classify_boxes(np.full((50, 50, 3), (250, 0, 0), np.uint8), [(0, 0, 50, 50)], classifier)
    crop = np.full((CARD.input_px, CARD.input_px, 3), (50, 0, 200), np.uint8)
    seen = judge_crop(face, crop, classifier)
    assert (seen.label, seen.verdict) == ("blue", verdict)
    assert (seen.box_xyxy, seen.crop_xyxy) == (face.box_xyxy, face.crop_xyxy)
