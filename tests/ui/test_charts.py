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
