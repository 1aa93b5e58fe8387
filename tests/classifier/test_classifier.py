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
