"""The session's desk, without Streamlit."""

import numpy as np
import pytest

from maskcls import images
from maskcls.ui.desk import MAX_PICTURES, Desk

PNG = images.encode(np.zeros((20, 30, 3), np.uint8))


def test_nothing_on_it():
    desk = Desk()
    desk.add([])
    desk.remove("x")
    desk.clear()
    assert (desk.pictures, desk.latest) == ({}, ())


def test_same_bytes_under_two_names_are_two_pictures_with_one_content():
    desk = Desk()
    desk.add([("a.png", PNG), ("b.png", PNG), ("a.png", PNG)])
    assert [one.name for one in desk.pictures.values()] == ["a.png", "b.png"]
    assert len({one.content for one in desk.pictures.values()}) == 1
    assert len(desk.latest) == 3


def test_what_exceeds_the_limit_is_left_out():
    desk = Desk()
    desk.add((f"{n}.png", PNG) for n in range(MAX_PICTURES + 1))
    desk.add([("0.png", PNG)])
    assert len(desk.pictures) == MAX_PICTURES
    assert desk.left_out == [f"{MAX_PICTURES}.png"]
    assert desk.latest == (next(iter(desk.pictures)),)


def test_few_pictures_stay_decoded():
    desk = Desk()
    desk.add((f"{n}.png", PNG) for n in range(5))
    for one in desk.pictures.values():
        assert desk.image(one).shape == (20, 30, 3)
    assert len(desk._decoded) == 2


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ((0, 0, 0, 0), []),
        ((5, 5, 5.5, 15), []),
        ((-9, -9, -1, -1), []),
        ((40, 40, 50, 50), []),
        ((1, 2, 11, 12), [(1.0, 2.0, 11.0, 12.0)]),
        ((-5, -5, 99, 99), [(0.0, 0.0, 30.0, 20.0)]),
    ],
)
def test_drawn_boxes_are_held_inside_the_picture(box: tuple[float, ...], kept: list[tuple[float, ...]]):
    desk = Desk()
    assert desk.draw("x", box, (20, 30, 3)) == bool(kept)
    assert desk.drawn["x"] == kept


def test_a_box_is_drawn_once_and_can_be_erased():
    desk = Desk()
    for _ in range(2):
        desk.draw("x", (1, 2, 11, 12), (20, 30))
    assert len(desk.drawn["x"]) == 1
    desk.erase("x", (1.0, 2.0, 11.0, 12.0))
    desk.erase("y", (1.0, 2.0, 11.0, 12.0))
    assert desk.drawn["x"] == []


def test_boxes_are_limited():
    desk = Desk()
    assert [desk.draw("x", (0, 0, 2 + n / 10, 9), (20, 30)) for n in range(21)] == [True] * 20 + [False]
