import numpy as np
import pytest
from scipy.special import softmax

from maskcls.training.classifier.calibration import choose_temperature, choose_threshold


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_of_scaled_logits_is_found(rng: np.random.Generator, temperature: float):
    """Labels are drawn by the true chances, then the logits are scaled."""
    logits = rng.normal(0, 2, (8000, 3))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < rng.random((8000, 1))).sum(axis=1)
    assert choose_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.06)


def test_a_model_that_is_always_right_ends_at_the_bound():
    temperature = choose_temperature(np.eye(3) * 4, np.arange(3))
    assert 0.13 < temperature < 0.15


def answers(*pairs: tuple[float, bool]) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of two classes and labels, from confidences and whether each is right."""
    confidence = np.array([one for one, _ in pairs], np.float32)
    return np.stack([confidence, 1 - confidence], axis=1), np.array([0 if right else 1 for _, right in pairs])


@pytest.mark.parametrize(
    ("pairs", "accuracy", "most_unsure", "threshold"),
    [
        ([(0.7, True)], 0.9, 1.0, 0.7),
        # All are right: nobody has to be unsure.
        ([(0.9, True), (0.8, True), (0.7, True), (0.6, True)], 1.0, 1.0, 0.6),
        # The last one is wrong.
        ([(0.9, True), (0.8, True), (0.7, True), (0.6, False)], 1.0, 1.0, 0.7),
        # A wrong one may be made up for further down.
        ([(0.9, False), (0.8, True), (0.7, True), (0.6, True)], 0.75, 1.0, 0.6),
        # Not more than a half may be unsure, however wrong they are.
        ([(0.9, True), (0.8, True), (0.7, False), (0.6, False)], 1.0, 0.5, 0.8),
        ([(0.9, True), (0.8, False), (0.7, False), (0.6, False)], 1.0, 0.5, 0.8),
        # Nothing reaches the accuracy: the surest answer stays, or as many as must.
        ([(0.9, False), (0.8, False)], 0.9, 1.0, 0.9),
        ([(0.9, False), (0.8, False), (0.7, False), (0.6, False)], 0.9, 0.25, 0.7),
        # Answers of one confidence come together: with them there is a wrong one.
        ([(0.9, True), (0.8, True), (0.8, False), (0.6, True)], 1.0, 1.0, 0.9),
        ([(0.9, True), (0.8, False), (0.8, True), (0.6, True)], 1.0, 1.0, 0.9),
    ],
)
def test_choose_threshold(pairs: list, accuracy: float, most_unsure: float, threshold: float):
    chosen = choose_threshold(*answers(*pairs), accuracy=accuracy, most_unsure=most_unsure)
    assert chosen == pytest.approx(threshold)


def test_the_threshold_keeps_its_promise(rng: np.random.Generator):
    for _ in range(50):
        probabilities = rng.dirichlet([0.5, 0.5, 0.5], 400).round(2)
        labels = np.where(rng.random(400) < probabilities.max(1), probabilities.argmax(1), rng.integers(0, 3, 400))
        threshold = choose_threshold(probabilities, labels, accuracy=0.9, most_unsure=1.0)
        sure = probabilities.max(1) >= threshold
        assert (probabilities.argmax(1) == labels)[sure].mean() >= 0.9
