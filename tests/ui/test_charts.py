import pytest

from maskcls import labels
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
