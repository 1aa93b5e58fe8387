"""Patterns on a grid: each is what its name says, in its own scale."""

import numpy as np
import pytest

from maskcls.data.prints import KINDS, Print, as_rgb, draw_print, dyed, printed

BLACK = (0, 0, 0)
X, Y = np.meshgrid(np.linspace(-1, 1, 400, dtype=np.float32), np.linspace(0, 2, 400, dtype=np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_of_no_points(kind: str):
    assert printed(Print(kind, BLACK), np.empty((0, 5)), np.empty((0, 5))).shape == (0, 5)


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


def test_cloth_is_plain_or_of_two_colours():
    assert dyed((10, 20, 30), None, X, Y).tolist() == [10, 20, 30]
    colours = dyed((10, 20, 30), Print("stripes", (200, 0, 0)), X, Y)
    assert colours.shape == (400, 400, 3)
    found = set(map(tuple, colours.reshape(-1, 3).round().astype(int).tolist()))
    assert {(10, 20, 30), (200, 0, 0)} <= found


def test_colours_stay_colours():
    assert as_rgb(np.array([-3.0, 127.6, 300.0])) == (0, 128, 255)


def test_draws_of_prints():
    rng = np.random.default_rng(0)
    drawn = [draw_print(rng) for _ in range(60)]
    assert {one.kind for one in drawn} == set(KINDS)
    assert all(0.09 <= one.period <= 0.5 and 0 <= one.degrees <= 180 for one in drawn)
    assert draw_print(np.random.default_rng(0)) == drawn[0]


def changes(line: np.ndarray) -> int:
    return int((np.diff(line > 0.5) != 0).sum())


def test_stripes_have_a_period_and_a_direction():
    upright = printed(Print("stripes", BLACK, period=0.25), X, Y)
    assert changes(upright[0]) == pytest.approx(2 * 2 / 0.25, abs=1)
    assert changes(upright[:, 0]) == 0
    level = printed(Print("stripes", BLACK, period=0.25, degrees=90), X, Y)
    assert (changes(level[0]), changes(level[:, 0])) == (0, pytest.approx(16, abs=1))


def test_checks_are_stripes_both_ways():
    share = printed(Print("checks", BLACK, period=0.25), X, Y)
    assert changes(share[10]) == pytest.approx(16, abs=1)
    assert changes(share[:, 10]) == pytest.approx(16, abs=1)


def test_every_other_row_of_dots_is_moved():
    """A period of 0.5 has four rows in two units; where one has dots, the next has gaps."""
    share = printed(Print("dots", BLACK, period=0.5), X, Y)
    rows = [share[50 + 100 * i] > 0.5 for i in range(4)]
    assert all(row.any() for row in rows)
    assert np.array_equal(rows[0], rows[2])
    assert (np.roll(rows[0], 50) == rows[1]).mean() > 0.95
    assert (rows[0] == rows[1]).mean() < 0.5


def test_blotches_hang_on_their_seed():
    one, same, other = (printed(Print("blotches", BLACK, seed=seed), X, Y) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
