"""Intervals against what is known of them: a binomial's, and what belongs together counting once."""

import numpy as np
import pytest

from maskcls import intervals, metrics

CLASSES = ("a", "b", "c")


def answers(rng: np.random.Generator, n: int, *, right: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    truth = rng.integers(0, 3, n)
    said = np.where(rng.random(n) < right, truth, (truth + 1) % 3)
    probabilities = np.full((n, 3), 0.1, np.float32)
    probabilities[np.arange(n), said] = 0.8
    return truth, probabilities


def of_classification(truth: np.ndarray, probabilities: np.ndarray, groups: list) -> dict:
    return intervals.of_classification(truth, probabilities, groups, classes=CLASSES, threshold=0.5)


@pytest.mark.parametrize("groups", [[], ["one", "one", "one"]])
def test_nothing_can_be_said_of_less_than_two_groups(groups: list):
    truth = np.zeros(len(groups), int)
    said = of_classification(truth, np.eye(3, dtype=np.float32)[truth], groups)
    assert said["accuracy"] is said["macro_f1"] is None
    assert said["f1"] == dict.fromkeys(CLASSES)
    assert said["sure"] == {"share": None, "accuracy": None}
    assert intervals.of_share(truth == 0, groups) is None


def test_a_share_has_the_interval_of_a_binomial():
    right = np.arange(400) % 5 > 0
    low, high = intervals.of_share(right, range(400))
    expected = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    assert low == pytest.approx(0.8 - expected, abs=0.006)
    assert high == pytest.approx(0.8 + expected, abs=0.006)


@pytest.mark.parametrize(("right", "expected"), [(True, [0.8865, 1]), (False, [0, 0.1135])])
def test_without_an_exception_an_interval_is_no_certainty(right: bool, expected: list):
    """Wilson's interval of 30 of 30, and of none of 30; ten copies of each change nothing."""
    assert intervals.of_share(np.full(30, right), range(30)) == pytest.approx(expected, abs=1e-3)
    assert intervals.of_share(np.full(300, right), np.arange(300) % 30) == pytest.approx(expected, abs=1e-3)


def test_copies_say_nothing_new():
    right = np.arange(100) % 5 > 0
    once = intervals.of_share(right, range(100))
    assert intervals.of_share(np.repeat(right, 9), np.repeat(np.arange(100), 9)) == once
    # … but taken for pictures of their own, they seem to.
    narrow = intervals.of_share(np.repeat(right, 9), range(900))
    assert narrow[1] - narrow[0] < 0.5 * (once[1] - once[0])


def test_intervals_hold_the_figures(rng: np.random.Generator):
    truth, probabilities = answers(rng, 300)
    figures = metrics.classification(truth, probabilities, classes=CLASSES, threshold=0.5)
    said = of_classification(truth, probabilities, list(range(300)))
    pairs = [(figures[name], said[name]) for name in ("accuracy", "macro_f1")]
    pairs += [(figures["per_class"][name]["f1"], said["f1"][name]) for name in CLASSES]
    pairs += [(figures["sure"]["accuracy"], said["sure"]["accuracy"])]
    for figure, (low, high) in pairs:
        assert 0.01 < figure - low < 0.12
        assert 0.01 < high - figure < 0.12
    assert said["sure"]["share"] == [pytest.approx(300 / 303.84, abs=1e-3), 1]
    assert said == of_classification(truth, probabilities, list(range(300)))


def test_a_class_that_does_not_occur_has_no_interval():
    truth = np.array([0, 1, 0, 1])
    said = of_classification(truth, np.eye(3, dtype=np.float32)[[0, 1, 1, 1]], list("wxyz"))
    assert said["f1"]["c"] is None
    assert said["macro_f1"][1] == 1
    assert said["accuracy"] == [0.25, 1]
