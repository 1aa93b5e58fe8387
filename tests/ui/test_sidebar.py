import pytest

from maskcls.ui.sidebar import flat


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({}, {}),
        ({"a": {}}, {}),
        ({"a": 1, "b": None, "c": [1, 2]}, {"a": "1", "b": "not measured", "c": "1–2"}),
        ({"faces": {"test": {"accuracy": 0.94321}}}, {"faces · test · accuracy": "0.9432"}),
    ],
)
def test_flat(figures: dict, expected: dict[str, str]):
    assert flat(figures) == expected
