import numpy as np
import pytest

from maskcls import labels
from maskcls.explain.network import Layer
from maskcls.ui import charts


@pytest.mark.parametrize("probabilities", [{"a": 1.0}, {"with_mask": 1 / 3, "without_mask": 1 / 3, "x": 1 / 3}])
def test_bars_add_up_and_keep_the_models_order(probabilities: dict[str, float]):
    track, bars = charts.probability_bars(probabilities).data
    assert round(sum(bars.x), 6) == 100.0
    assert [name.split(" ", 1)[1] for name in bars.y] == [labels.look(name).words for name in probabilities]
    assert list(track.text) == [f"{share:.1f} %" for share in bars.x]
    assert list(bars.marker.color) == [labels.look(name).colour for name in probabilities]


def test_in_words():
    assert charts.in_words({"with_mask": 0.9, "x": 0.1}) == "mask worn 90.0 %, x 10.0 %"


def test_the_reliability_diagram():
    points = [{"confidence": 0.5, "accuracy": 0.4, "n": 1}, {"confidence": 0.95, "accuracy": 0.97, "n": 100}]
    line, dots = charts.reliability(points).data
    assert list(line.x) == list(line.y) == [0, 1]
    assert (list(dots.x), list(dots.y)) == ([0.5, 0.95], [0.4, 0.97])
    small, large = dots.marker.size
    assert 6 < small < large / 3
    assert charts.reliability(points[:1]).layout.xaxis.range[0] <= 0.3
    assert charts.reliability([{**points[0], "confidence": 0.2}]).layout.xaxis.range[0] < 0.2
    assert "sure by 95%, right in 97% of 100" in charts.reliability_in_words(points)


def test_shares_of_the_last_minute():
    assert len(charts.shares({}).data) == 0
    bars = charts.shares({"with_mask": 2 / 3, "without_mask": 1 / 3}).data
    assert [bar.x[0] for bar in bars] == [66.7, 33.3]
    assert [bar.text for bar in bars] == ["67%", "33%"]


def test_curves():
    first, second = charts.trust_curves(np.linspace(0, 1, 5), np.linspace(1, 0, 5)).data
    assert list(first.x) == [0, 25, 50, 75, 100]
    assert list(second.y) == [1, 0.75, 0.5, 0.25, 0]
    *classes, now = charts.boundary(np.array([0, 1]), {"with_mask": np.array([1, 0])}, 0.3).data
    assert [list(one.y) for one in classes] == [[1, 0]]
    assert list(now.x) == [30, 30]


def test_the_architecture():
    layers = [
        Layer("stem", "Conv2D", (16, 16, 8), 224),
        Layer("means", "GlobalAveragePooling2D", (8,), 0),
        Layer("logits", "Dense", (2,), 18),
    ]
    (bars,) = charts.architecture(layers).data
    assert list(bars.y) == [16, 1, 1]
    assert list(bars.marker.color) == [3, 3, 1]
    assert bars.customdata[0][2] == "16 × 16 × 8"


def test_faces_in_space():
    assert charts.faces_in_space([])["data"]["values"] == []
    rows = [{"x": 0, "y": 1, "class": words, "picture": "a", "image": "data:,"} for words in ("mask worn", "helmet")]
    scale = charts.faces_in_space(rows)["encoding"]["color"]["scale"]
    assert scale["domain"] == ["mask worn", "helmet"]
    assert scale["range"][0] == labels.look("with_mask").colour


PACE = {"per_s": 1.0, "left_s": 1.0, "waited": 0.0}


def test_learning_curves():
    empty = charts.learning_curves([], "loss", pictures=10, epochs=3)
    assert [len(trace.x) for trace in empty.data] == [0, 0, 0]
    lines = [
        {"kind": "batch", "at": 5, "epoch": 0, "loss": 2.0, "accuracy": 0.5, **PACE},
        {"kind": "note", "at": 5, "text": "x"},
        {"kind": "batch", "at": 10, "epoch": 0, "loss": 1.0, "accuracy": 0.5, **PACE},
        {"kind": "epoch", "at": 10, "epoch": 0, "train": {"loss": 1.5, "accuracy": 0.5}, "validation": None, **PACE},
    ]
    steps, train, validation = charts.learning_curves(lines, "loss", pictures=10, epochs=3).data
    assert list(steps.x) == [0.5, 1.0]
    assert steps.y[0] == 2.0
    assert 1.0 < steps.y[1] < 2.0
    assert (list(train.x), list(train.y), len(validation.x)) == ([1], [1.5], 0)


def test_a_confusion_matrix():
    (heat,) = charts.confusion([[3, 1], [0, 0]], ["with_mask", "x"]).data
    assert [list(row) for row in heat.z] == [[0.75, 0.25], [0, 0]]
    assert [list(row) for row in heat.text] == [["3", "1"], ["0", "0"]]
    assert charts.confusion_in_words([[3, 1], [0, 2]], ["with_mask", "x"]) == (
        "Confusion matrix: of 4 mask worn: 3 as mask worn, 1 as x; of 2 x: 2 as x"
    )


def test_trials_as_lines():
    words = {"rate": "learning rate", "architecture": "network", "batch": "pictures"}
    trials = [
        {"value": 0.5, "params": {"rate": 0.001, "architecture": "maskcls"}},
        {"value": 0.4, "params": {"rate": 0.004, "architecture": "plain-cnn", "batch": 16}},
    ]
    (lines,) = charts.parallel_coordinates(trials, words, logarithmic=("rate",)).data
    rate, network, batch, loss = lines.dimensions
    assert rate.values[1] - rate.values[0] == pytest.approx(2)
    assert rate.ticktext[0] == "0.001"
    assert (list(network.values), list(network.ticktext)) == ([0, 1], ["maskcls", "plain-cnn"])
    assert list(batch.values) == [16, 16]
    assert list(loss.values) == [0.5, 0.4]


def test_what_mattered():
    (bars,) = charts.importances({"rate": 0.7, "batch": 0.3}).data
    assert list(bars.y) == ["batch", "rate"]
    assert list(bars.text) == ["30%", "70%"]
