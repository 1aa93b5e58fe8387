import numpy as np
import pytest

from maskcls.cards import Card
from maskcls.classifier.classifier import Classifier
from maskcls.errors import ModelError


class CountingEngine:
    """Answers for a number of classes, with probabilities that name the crop."""

    device = "paper"

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.calls = 0

    def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        self.calls += 1
        n = len(images_rgb)
        marks = images_rgb[:, 0, 0, :1].astype(np.float32) / 255
        probabilities = np.repeat((1 - marks) / (self.classes - 1), self.classes, axis=1)
        probabilities[:, :1] = marks
        return [probabilities, np.ones((n, 2, 2, self.classes), np.float32)]


def classifier(*classes: str, answers: int | None = None) -> Classifier:
    card = Card("fake", "classifier", classes=classes, input_px=8)
    return Classifier(card, CountingEngine(answers or len(classes)))


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c"), tuple("abcdefg")])
@pytest.mark.parametrize("n", [0, 1, 50])
def test_shapes(classes: tuple[str, ...], n: int):
    crops = np.arange(n, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2).repeat(3, 3)
    probabilities, evidence = classifier(*classes).classify(crops)
    assert probabilities.shape == (n, len(classes))
    assert evidence.shape[0] == n
    assert evidence.shape[-1] == len(classes)
    assert probabilities.dtype == evidence.dtype == np.float32
    assert probabilities[:, 0] * 255 == pytest.approx(np.arange(n), abs=1e-3)


def test_no_crop_never_reaches_the_engine():
    one = classifier("a", "b")
    one.classify(np.zeros((0, 8, 8, 3), np.uint8))
    assert one._engine.calls == 0


@pytest.mark.parametrize("answers", [2, 4])
def test_a_network_that_does_not_fit_its_card(answers: int):
    with pytest.raises(ModelError, match=f"fake answers with {answers} classes, but its card lists 3"):
        classifier("a", "b", "c", answers=answers).classify(np.zeros((1, 8, 8, 3), np.uint8))


@pytest.mark.parametrize("shapes", [[], [(1, 2, 2, 3), (1, 3)], [(1, 2, 2, 15), (1, 1, 1, 15), (1, 1, 1, 15)]])
def test_a_network_that_is_no_classifier_of_ours(shapes: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch):
    one = classifier("a", "b", "c")
    monkeypatch.setattr(one._engine, "run", lambda _: [np.zeros(shape, np.float32) for shape in shapes])
    with pytest.raises(ModelError, match="fake does not answer with probabilities"):
        one.classify(np.zeros((1, 8, 8, 3), np.uint8))


def test_a_network_without_evidence(monkeypatch: pytest.MonkeyPatch):
    one = classifier("a", "b", "c")
    monkeypatch.setattr(one._engine, "run", lambda crops: [np.full((len(crops), 3), 1 / 3, np.float32)])
    probabilities, evidence = one.classify(np.zeros((2, 8, 8, 3), np.uint8))
    assert probabilities.shape == (2, 3)
    assert (evidence.shape, evidence.dtype) == ((2, 0, 0, 3), np.float32)


def test_where_it_runs():
    assert classifier("a", "b").device == "paper"


class Left:
    """Believes in the first class as far as the left column is bright, and has its evidence in the left cell."""

    device = "paper"

    def __init__(self) -> None:
        self.asked: list[int] = []

    def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        self.asked.append(len(images_rgb))
        logits = images_rgb[:, :, 0].mean(axis=(1, 2)) / 20 - 4
        evidence = np.zeros((len(images_rgb), 1, 2, 2), np.float32)
        evidence[:, 0, 0, 0] = 2 * logits
        share = 1 / (1 + np.exp(-logits))
        answers = np.stack([share, 1 - share], axis=1).astype(np.float32)
        # As LiteRT may: nobody is to write into what an engine answered.
        answers.flags.writeable = evidence.flags.writeable = False
        return [answers, evidence]


def test_what_is_not_clear_is_asked_again_in_the_mirror():
    engine = Left()
    one = Classifier(Card("left", "classifier", classes=("a", "b"), input_px=8), engine)
    crops = np.zeros((3, 8, 8, 3), np.uint8)
    crops[1, :, 0], crops[1, :, -1] = 100, 180  # logits 1 and 5
    crops[2, :, 0] = 255
    probabilities, evidence = one.classify(crops)
    assert engine.asked == [3, 1]
    assert probabilities[:, 0] == pytest.approx(1 / (1 + np.exp([4.0, -3.0, -8.75])), abs=1e-4)
    assert evidence[1, 0, :, 0] == pytest.approx([1.0, 5.0])
    # The evidence adds up to the answer before and after.
    assert evidence[..., 0].mean(axis=(1, 2)) == pytest.approx([-4.0, 3.0, 8.75])
    turned, turned_evidence = one.classify(crops[1:2, :, ::-1])
    assert turned[0] == pytest.approx([0.9933, 0.0067], abs=1e-4)
    assert turned_evidence[0, 0, :, 0] == pytest.approx([10.0, 0.0])


def test_what_is_clear_is_asked_once():
    engine = Left()
    one = Classifier(Card("left", "classifier", classes=("a", "b"), input_px=8), engine)
    one.classify(np.zeros((5, 8, 8, 3), np.uint8))
    assert engine.asked == [5]
