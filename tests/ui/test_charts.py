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
