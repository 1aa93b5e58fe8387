import pytest

from maskcls.ui.sidebar import flat, reliability_points


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, {}),
        ({"a": {}}, {}),
        ({"a": 1, "b": None, "c": [1, 2]}, {"a": "1", "b": "not measured", "c": "1–2"}),
        ({"reliability": [{"confidence": 0.5, "accuracy": 0.4, "n": 1}], "n": 9}, {"n": "9"}),
        ({"faces": {"test": {"accuracy": 0.94321}}}, {"faces · test · accuracy": "0.9432"}),
    ],
)
def test_flat(figures: dict, expected: dict[str, str]):
    assert flat(figures) == expected


BIN = {"confidence": 0.5, "accuracy": 0.4, "n": 1}


@pytest.mark.parametrize(
    ("figures", "points"),
    [
        ({}, []),
        ({"reliability": []}, []),
        ({"reliability": "good"}, []),
        ({"reliability": [0.5, 0.7]}, []),
        ({"reliability": [{**BIN, "accuracy": "good"}]}, []),
        ({"reliability": [{**BIN, "n": float("inf")}]}, []),
        ({"reliability": [{**BIN, "n": 10**400}]}, []),
        ({"reliability": [{**BIN, "confidence": float("nan")}]}, []),
        ({"reliability": [{**BIN, "accuracy": True}]}, []),
        ({"reliability": [BIN, {**BIN, "n": 0}]}, [BIN]),
    ],
)
def test_reliability_points(figures: dict, points: list):
    assert reliability_points(figures) == points
