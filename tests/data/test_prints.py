"""Patterns on a grid: each is what its name says, in its own scale."""

import numpy as np
import pytest

from maskcls.data.prints import KINDS, Print, printed

BLACK = (0, 0, 0)
X, Y = np.meshgrid(np.linspace(-1, 1, 400, dtype=np.float32), np.linspace(0, 2, 400, dtype=np.float32))


def test_of_no_points():
    assert printed(Print("dots", BLACK), np.empty((0, 5)), np.empty((0, 5))).shape == (0, 5)


@pytest.mark.parametrize(("kind", "period"), [("tartan", 0.2), ("dots", 0.0), ("dots", -1.0), ("dots", float("nan"))])
def test_what_cannot_be_printed(kind: str, period: float):
    with pytest.raises(ValueError, match="Expected a print"):
        Print(kind, BLACK, period)


@pytest.mark.parametrize("kind", KINDS)
def test_both_colours_show(kind: str):
    share = printed(Print(kind, BLACK, seed=4), X, Y)
    assert share.dtype == np.float32
    assert (share.min(), share.max()) == (0, 1)
    assert 0.15 < share.mean() < 0.75


def changes(line: np.ndarray) -> int:
    return int((np.diff(line > 0.5) != 0).sum())


def test_stripes_have_a_period_and_a_direction():
    upright = printed(Print("stripes", BLACK, period=0.25), X, Y)
    assert changes(upright[0]) == pytest.approx(2 * 2 / 0.25, abs=1)
    assert changes(upright[:, 0]) == 0
    level = printed(Print("stripes", BLACK, period=0.25, degrees=90), X, Y)
    assert (changes(level[0]), changes(level[:, 0])) == (0, pytest.approx(16, abs=1))


def test_blotches_hang_on_their_seed():
    one, same, other = (printed(Print("blotches", BLACK, seed=seed), X, Y) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
