"""Metrics against numbers worked out by hand, and against scikit-learn on random answers."""

import numpy as np
import pytest
from sklearn import metrics as reference

from maskcls import metrics

CLASSES = ("a", "b", "c")


def scores_of(truth: list[int], probabilities: list[list[float]], *, threshold: float = 0.5, classes=CLASSES) -> dict:
    array = np.array(probabilities, np.float32).reshape(-1, len(classes))
    return metrics.classification(np.array(truth), array, classes=classes, threshold=threshold)


def test_classification_of_nothing():
    scores = scores_of([], [])
    assert scores["n"] == 0
    assert scores["accuracy"] is scores["accuracy_among_present"] is scores["macro_f1"] is scores["ece"] is None
    assert scores["sure"] == {"share": None, "accuracy": None}
    assert scores["confusion"] == [[0, 0, 0]] * 3
    assert scores["per_class"]["a"] == {"precision": None, "recall": None, "f1": None, "n": 0}


def test_classification_by_hand():
    scores = scores_of(
        [0, 0, 1, 1], [[0.9, 0.1, 0.0], [0.3, 0.6, 0.1], [0.2, 0.8, 0.0], [0.1, 0.4, 0.5]], threshold=0.6
    )
    assert scores["n"] == 4
    assert scores["accuracy"] == 0.5
    assert scores["confusion"] == [[1, 1, 0], [0, 1, 1], [0, 0, 0]]
    assert scores["per_class"]["a"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "n": 2}
    assert scores["per_class"]["b"] == {"precision": 0.5, "recall": 0.5, "f1": 0.5, "n": 2}
    # The third class is not in the truth: it has no figures of its own and no say in the mean.
    assert scores["per_class"]["c"] == {"precision": None, "recall": None, "f1": None, "n": 0}
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0.5) / 2)
    # A probability of just the threshold is sure.
    assert scores["sure"]["share"] == 0.75
    assert scores["sure"]["accuracy"] == pytest.approx(2 / 3)


def test_answers_that_the_data_cannot_hold():
    """Of data with "a" and "c", "b" is always wrong; between these two, the second answer is right."""
    scores = scores_of([0, 0, 2], [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.3, 0.6, 0.1]])
    assert scores["accuracy"] == pytest.approx(1 / 3)
    assert scores["accuracy_among_present"] == pytest.approx(2 / 3)
    full = scores_of([0, 1, 2], [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.3, 0.6, 0.1]])
    assert full["accuracy_among_present"] == full["accuracy"]


def test_a_class_never_answered_has_precision_zero():
    scores = scores_of([0, 1], [[0.9, 0.1], [0.9, 0.1]], classes=("a", "b"))
    assert scores["per_class"]["b"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 1}


def test_nobody_is_sure():
    assert scores_of([0], [[0.4, 0.3, 0.3]])["sure"] == {"share": 0.0, "accuracy": None}


def test_shapes_that_do_not_belong_together():
    with pytest.raises(ValueError, match=r"Expected probabilities of shape \(1, 3\)"):
        metrics.classification(np.array([0]), np.zeros((1, 2)), classes=CLASSES, threshold=0.5)


@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_classification_agrees_with_scikit_learn(n_classes: int):
    random = np.random.default_rng(n_classes)
    truth = random.integers(n_classes, size=500)
    probabilities = random.dirichlet(np.ones(n_classes), size=500)
    probabilities[np.arange(500), truth] += 0.3
    probabilities /= probabilities.sum(1, keepdims=True)
    names = [str(index) for index in range(n_classes)]
    scores = metrics.classification(truth, probabilities, classes=names, threshold=0.5)
    answer = probabilities.argmax(1)
    assert scores["accuracy"] == pytest.approx(reference.accuracy_score(truth, answer))
    assert scores["macro_f1"] == pytest.approx(reference.f1_score(truth, answer, average="macro"))
    assert scores["confusion"] == reference.confusion_matrix(truth, answer).tolist()
    expected = reference.precision_recall_fscore_support(truth, answer)
    for index, name in enumerate(names):
        got = scores["per_class"][name]
        assert [got["precision"], got["recall"], got["f1"], got["n"]] == pytest.approx([row[index] for row in expected])


@pytest.mark.parametrize(
    ("truth", "probabilities", "error"),
    [
        ([], np.empty((0, 2)), None),
        ([0], [[1.0, 0.0]], 0.0),
        ([1], [[1.0, 0.0]], 1.0),
        # Two in one bin, one of them right: accuracy 0.5 against 0.9. A bin further down is right at 0.6.
        ([0, 1], [[0.9, 0.1], [0.9, 0.1]], 0.4),
        ([0, 1, 0], [[0.9, 0.1], [0.9, 0.1], [0.6, 0.4]], (2 * 0.4 + 0.4) / 3),
        # Gaps of opposite sign cancel inside a bin, never between bins.
        ([0, 1], [[0.99, 0.01], [0.51, 0.49]], (0.01 + 0.51) / 2),
    ],
)
def test_calibration_error(truth: list[int], probabilities, error: float | None):
    got = metrics.calibration_error(np.array(truth, int), np.array(probabilities))
    assert got == (None if error is None else pytest.approx(error))


def box(left: float, side: float = 40) -> tuple:
    return (left, 0.0, left + side, side)


def match(boxes: list, scores: list, truth: list, ignored: list | None = None, **settings) -> metrics.Matches:
    return metrics.match(
        np.array(boxes, float).reshape(-1, 4),
        np.array(scores),
        truth_xyxy=np.array(truth, float).reshape(-1, 4),
        ignored=np.array(ignored or [False] * len(truth), bool),
        min_iou=0.5,
        **settings,
    )


@pytest.mark.parametrize(
    ("boxes", "scores", "truth", "ignored", "expected"),
    [
        ([], [], [], [], []),
        ([], [], [box(0)], [False], []),
        ([box(0)], [0.9], [], [], [-1]),
        # The higher score chooses first, the second finds it taken.
        ([box(0), box(1)], [0.5, 0.9], [box(0)], [False], [-1, 0]),
        # It takes the best one, and the next takes what is left.
        ([box(2), box(3)], [0.9, 0.8], [box(10), box(0)], [False, False], [1, 0]),
        # A true box that counts goes before one that does not, however well that overlaps.
        ([box(0)], [0.9], [box(0), box(5)], [True, False], [1]),
    ],
)
def test_match(boxes: list, scores: list, truth: list, ignored: list, expected: list):
    matches = match(boxes, scores, truth, ignored)
    assert matches.truth_index.tolist() == expected
    assert matches.n_truth == len(truth) - sum(ignored)


def test_detections_of_ignored_faces_count_neither_way():
    matches = match([box(0), box(1), box(200)], [0.9, 0.8, 0.7], [box(0)], [True])
    assert matches.ignored.tolist() == [True, True, False]
    assert matches.n_truth == 0


def test_small_detections_count_only_when_they_are_right():
    matches = match([box(0, 22), box(100, 22), box(200, 30)], [0.9, 0.8, 0.7], [box(0, 25)], min_face_px=24)
    assert matches.truth_index.tolist() == [0, -1, -1]
    assert matches.ignored.tolist() == [False, True, False]


def fixed(
    scores: list[float], right: list[bool], *, n_truth: int, ignored: list[bool] | None = None
) -> metrics.Matches:
    index = np.where(right, 0, -1) if scores else np.empty(0, int)
    return metrics.Matches(np.array(scores), index, np.array(ignored or [False] * len(scores), bool), n_truth)


@pytest.mark.parametrize(
    ("matches", "ap", "recall"),
    [
        ([], None, None),
        ([fixed([], [], n_truth=0)], None, None),
        ([fixed([0.9], [False], n_truth=0)], None, None),
        ([fixed([], [], n_truth=2)], 0.0, 0.0),
        ([fixed([0.9], [True], n_truth=1)], 1.0, 1.0),
        ([fixed([0.9, 0.8], [False, True], n_truth=1)], 0.5, 0.0),
        # Precision 1, 1/2, 2/3 at recall 1/4, 1/4, 2/4: the dip in the middle is filled.
        ([fixed([0.9, 0.8, 0.7], [True, False, True], n_truth=4)], 0.25 + 0.25 * 2 / 3, 0.25),
        # The same from two pictures, and with a detection that counts neither way.
        ([fixed([0.9, 0.7], [True, True], n_truth=2), fixed([0.8], [False], n_truth=2)], 0.25 + 0.25 * 2 / 3, 0.25),
        ([fixed([0.9, 0.8], [True, False], n_truth=1, ignored=[False, True])], 1.0, 1.0),
        # Equal scores come together, whichever stands first.
        ([fixed([0.9, 0.9], [True, False], n_truth=1)], 0.5, 0.0),
        ([fixed([0.9, 0.9], [False, True], n_truth=1)], 0.5, 0.0),
    ],
)
def test_average_precision_and_recall(matches: list, ap: float | None, recall: float | None):
    assert metrics.average_precision(matches) == (None if ap is None else pytest.approx(ap))
    assert metrics.recall_at_precision(matches, 0.9) == (None if recall is None else pytest.approx(recall))


def test_average_precision_is_no_less_than_without_interpolation():
    random = np.random.default_rng(0)
    scores, right = random.random(300), random.random(300) < 0.6
    plain = reference.average_precision_score(right, scores)
    ours = metrics.average_precision([fixed(list(scores), list(right), n_truth=int(right.sum()))])
    assert plain <= ours <= plain + 0.05


def test_average_precision_against_scikit_learns_curve():
    random = np.random.default_rng(1)
    scores, right = np.round(random.random(300), 2), random.random(300) < 0.4
    precision, recall, _ = reference.precision_recall_curve(right, scores)
    best = np.maximum.accumulate(precision)  # scikit-learn's curve starts at full recall
    expected = float((-np.diff(recall) * best[:-1]).sum())
    ours = metrics.average_precision([fixed(list(scores), list(right), n_truth=int(right.sum()))])
    assert ours == pytest.approx(expected)


def test_reliability_of_nothing():
    assert metrics.reliability(np.zeros(0, int), np.zeros((0, 3))) == []


def test_reliability_by_bins():
    probabilities = np.array([[0.9, 0.1], [0.92, 0.08], [0.4, 0.6], [0.0, 1.0]])
    points = metrics.reliability(np.array([0, 1, 1, 1]), probabilities)
    assert [point["n"] for point in points] == [1, 2, 1]
    assert [point["accuracy"] for point in points] == [1, 0.5, 1]
    assert [point["confidence"] for point in points] == [pytest.approx(c) for c in (0.6, 0.91, 1)]
