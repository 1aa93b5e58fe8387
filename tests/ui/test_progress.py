import pytest

from maskcls.ui.progress import _left


@pytest.mark.parametrize(
    ("done", "count", "passed_s", "expected"),
    [(0, 10, 0.0, ""), (0, 10, 9.0, ""), (9, 10, 9.0, ""), (5, 10, 10.0, " · about 10 s left"), (1, 3, 1.0, "")],
)
def test_time_left_is_said_when_it_is_worth_it(done: int, count: int, passed_s: float, expected: str):
    assert _left(done, count, passed_s) == expected
