import numpy as np
import pytest
import streamlit as st

from maskcls.ui import draw_box


@pytest.mark.parametrize("shape", [(1, 1, 3), (20, 4000, 3), (3000, 20, 3), (64, 64, 3)])
def test_figure_has_the_pictures_pixels_as_axes(shape: tuple[int, int, int]):
    figure = draw_box.box_figure(np.zeros(shape, np.uint8), (0, 0, 1, 1))
    assert tuple(figure.layout.xaxis.range) == (0, shape[1])
    assert tuple(figure.layout.yaxis.range) == (shape[0], 0)
    assert figure.layout.images[0].source.startswith("data:image/jpeg;base64,")
    assert 60 <= figure.layout.height <= 420


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (None, None),
        ({"selection": {"box": []}}, None),
        ({"selection": {"box": [{"x": ["a", 1], "y": [1, 2]}]}}, None),
        ({"selection": {"box": [{"x": [], "y": []}]}}, None),
        ({"selection": {"box": [{"x": [float("inf"), 1], "y": [1, 2]}]}}, None),
        ({"selection": {"box": [{"x": [80.4, 10.6], "y": [5, 999]}]}}, ((11, 80), (5, 60))),
    ],
)
def test_sliders_follow_what_was_dragged(event: dict | None, expected: tuple | None, monkeypatch: pytest.MonkeyPatch):
    state: dict = {}
    monkeypatch.setattr(st, "session_state", state)
    draw_box._follow(event, "across", "down", (100, 60))
    assert (tuple(state.values()) or None) == expected
