"""What is drawn over pictures: boxes with verdicts that do not hide faces, heatmaps that show where the heat is."""

import itertools

import numpy as np
import pytest

from maskcls import drawing, labels

CANVAS = np.full((400, 600, 3), 120, np.uint8)
BOX = [200, 150, 300, 280]


def rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def count(picture: np.ndarray, colour: str) -> int:
    return int((picture == rgb(colour)).all(axis=2).sum())


@pytest.mark.parametrize(
    "boxes",
    [
        np.zeros((0, 4)),
        [[-90, 10, -5, 60]],
        [[600, 10, 700, 60]],
        [[10, 400, 60, 500]],
        [[10, -90, 60, 0]],
        [[50, 50, 50, 90]],
        [[90, 90, 50, 50]],
        [[np.nan, 50, 90, 90]],
        [[np.nan] * 4],
    ],
)
def test_boxes_that_show_nothing_draw_nothing(boxes):
    drawn = drawing.draw_boxes(CANVAS, np.array(boxes), [labels.WITH_MASK] * len(boxes))
    assert np.array_equal(drawn, CANVAS)
    assert not np.shares_memory(drawn, CANVAS)


@pytest.mark.parametrize(
    "box",
    [
        BOX,
        [0, 0, 600, 400],
        [-50, -50, 30, 30],
        [570, 370, 900, 900],
        [-1e12, -np.inf, np.inf, 1e12],
        [598, 398, 600, 400],
    ],
)
@pytest.mark.parametrize("name", [*labels.CLASSES, labels.NOT_SURE, "a_class_of_their_own"])
def test_boxes_wear_the_colour_of_their_verdict(box, name):
    before = CANVAS.copy()
    drawn = drawing.draw_boxes(CANVAS, np.array([box], np.float32), [name])
    assert drawn.shape == CANVAS.shape
    assert drawn.dtype == np.uint8
    assert count(drawn, labels.look(name).colour) > 100
    assert np.array_equal(CANVAS, before)


def test_a_box_lies_where_it_should():
    drawn = drawing.draw_boxes(CANVAS, np.array([BOX]), [labels.WITH_MASK])
    green = rgb(labels.look(labels.WITH_MASK).colour)
    for x, y in [(200, 200), (300, 200), (250, 150), (250, 280)]:
        assert drawn[y, x].tolist() == green
    assert np.array_equal(drawn[160:270, 210:290], CANVAS[160:270, 210:290])
    assert np.array_equal(drawn[290:], CANVAS[290:])


def test_symbols_differ(monkeypatch):
    drawings = []
    for symbol in "✓◐✕?●":
        monkeypatch.setattr(labels, "look", lambda _, symbol=symbol: labels.Look("", symbol, "#0072B2"))
        drawings.append(drawing.draw_boxes(CANVAS, np.array([BOX]), ["any"]))
        assert count(drawings[-1][:150], "#ffffff") > 10
    for one, other in itertools.combinations(drawings, 2):
        assert (one != other).any(axis=2).sum() > 20


@pytest.mark.parametrize("name", [*labels.CLASSES, labels.NOT_SURE, "another"])
def test_words_stand_out_from_their_tag(name):
    def luminance(colour: list[int]) -> float:
        linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    drawn = drawing.draw_boxes(np.full((400, 600, 3), 77, np.uint8), np.array([BOX]), [name])
    ink = max(("#000000", "#ffffff"), key=lambda colour: count(drawn[:140], colour))
    dark, light = sorted([luminance(rgb(ink)), luminance(rgb(labels.look(name).colour))])
    assert (light + 0.05) / (dark + 0.05) > 4.5


def test_a_tag_that_would_hide_another_face_keeps_only_its_symbol():
    colour = labels.look(labels.WITH_MASK).colour
    alone = drawing.draw_boxes(CANVAS, np.array([BOX]), [labels.WITH_MASK])
    crowded = drawing.draw_boxes(CANVAS, np.array([BOX, [200, 100, 290, 148]]), [labels.WITH_MASK, labels.NOT_SURE])
    assert count(crowded, colour) < count(alone, colour) - 500


@pytest.mark.parametrize("box", [[200, 150, 260, 200], [200, 2, 260, 52], [560, 2, 599, 40]])
def test_the_tag_does_not_hide_its_own_face(box):
    left, top, right, bottom = box
    inside = slice(top + 5, bottom - 4), slice(left + 5, right - 4)
    drawn = drawing.draw_boxes(CANVAS, np.array([box]), [labels.PARTIAL_MASK])
    assert np.array_equal(drawn[inside], CANVAS[inside])


def test_lines_grow_with_the_picture():
    def share(scale: int) -> float:
        canvas = np.full((400 * scale, 600 * scale, 3), 120, np.uint8)
        return float((drawing.draw_boxes(canvas, np.array([BOX]) * scale, ["with_mask"]) != canvas).any(axis=2).mean())

    assert share(5) == pytest.approx(share(1), rel=0.3)


def test_fifty_faces():
    corners = np.array([(x, y) for x in range(5, 600, 60) for y in range(5, 400, 80)])
    boxes = np.concatenate([corners, corners + 40], axis=1)
    drawn = drawing.draw_boxes(CANVAS, boxes, [labels.WITHOUT_MASK] * len(boxes))
    orange = rgb(labels.look(labels.WITHOUT_MASK).colour)
    assert len(boxes) == 50
    assert all((drawn[y + 39 : y + 42, x + 30] == orange).all(axis=1).any() for x, y in corners)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 300, 3), (300, 2, 3), (16, 16, 3)])
def test_tiny_pictures(shape):
    drawn = drawing.draw_boxes(np.zeros(shape, np.uint8), np.array([[0, 0, shape[1], shape[0]]]), ["partial_mask"])
    assert drawn.shape == shape


@pytest.mark.parametrize("numbers", [[1, 2], [12, 7]])
def test_numbers_are_drawn_where_they_are_wanted(numbers: list[int]):
    boxes, names = np.array([BOX, [400, 150, 500, 280]]), ["with_mask", "without_mask"]
    plain = drawing.draw_boxes(CANVAS, boxes, names)
    numbered = drawing.draw_boxes(CANVAS, boxes, names, numbers=numbers)
    swapped = drawing.draw_boxes(CANVAS, boxes, names, numbers=numbers[::-1])
    for left in (200, 400):
        tag = slice(100, 150), slice(left, left + 180)
        assert not np.array_equal(plain[tag], numbered[tag])
        assert not np.array_equal(swapped[tag], numbered[tag])
    assert np.array_equal(plain[160:], numbered[160:])


def test_every_box_needs_a_number_when_there_are_any():
    with pytest.raises(ValueError, match=r"a number for each of 1 boxes\. Got: 2"):
        drawing.draw_boxes(CANVAS, np.array([BOX]), ["with_mask"], numbers=[1, 2])


def test_every_box_needs_a_name():
    with pytest.raises(ValueError, match=r"each of 1 boxes\. Got: 0"):
        drawing.draw_boxes(CANVAS, np.array([BOX]), [])


# ---------------------------------------------------------------------------------------------------------- heatmaps


@pytest.mark.parametrize(
    "heat",
    [np.zeros((0, 0)), np.zeros((7, 7)), np.full((7, 7), -3.0), np.full((7, 7), np.nan), np.zeros((1, 1), np.float32)],
)
def test_no_heat_gives_the_picture_back(heat):
    drawn = drawing.overlay(CANVAS, heat, opacity=1.0)
    assert np.array_equal(drawn, CANVAS)
    assert not np.shares_memory(drawn, CANVAS)


def test_heat_shows_where_it_is():
    heat = np.zeros((4, 6), np.float32)
    heat[1, 4] = 2.5
    drawn = drawing.overlay(CANVAS, heat, opacity=1.0)
    assert np.abs(drawn[150, 450].astype(int) - (253, 231, 37)).max() <= 6  # the bright end of viridis
    assert np.array_equal(drawn[:, :200], CANVAS[:, :200])
    assert drawn.dtype == np.uint8


def test_heat_is_scaled_by_its_own_maximum():
    heat = np.random.default_rng(0).random((5, 5)).astype(np.float32)
    assert np.array_equal(drawing.overlay(CANVAS, heat, opacity=0.5), drawing.overlay(CANVAS, heat * 4096, opacity=0.5))


@pytest.mark.parametrize("colour_map", list(drawing.COLOUR_MAPS))
def test_a_map_by_itself(colour_map: str):
    empty = drawing.heat_picture(np.full((2, 2), -1.0), size_px=10, colour_map=colour_map)
    assert (empty.shape, empty.dtype) == ((10, 10, 3), np.uint8)
    assert (empty == empty[0, 0]).all()
    heat = np.zeros((5, 5))
    heat[0, 0] = 7
    shown = drawing.heat_picture(heat, size_px=50, colour_map=colour_map).astype(int)
    # Perceptually even maps get brighter with the heat.
    assert shown[2, 2].sum() > shown[10, 10].sum() > shown[40, 40].sum()
    over = drawing.overlay(CANVAS, heat, opacity=1.0, colour_map=colour_map)
    assert (over != CANVAS).any()


def test_opacity_blends():
    heat = np.ones((3, 3), np.float32)
    clear, half, full = (drawing.overlay(CANVAS, heat, opacity=o).astype(int) for o in (0.0, 0.5, 1.0))
    assert np.array_equal(clear, CANVAS)
    assert np.abs((clear + full) / 2 - half).max() <= 1
    assert not np.array_equal(clear, full)


def test_draw_boxes_numbers_tell_boxes_apart():
    plain = drawing.draw_boxes(CANVAS, np.array([BOX]), [labels.WITH_MASK])
    first, second = (drawing.draw_boxes(CANVAS, np.array([BOX]), [labels.WITH_MASK], numbers=[n]) for n in (1, 2))
    assert (plain != first).any()
    assert (first != second).any()
    with pytest.raises(ValueError, match="Expected a number for each of 1 boxes"):
        drawing.draw_boxes(CANVAS, np.array([BOX]), [labels.WITH_MASK], numbers=[1, 2])


@pytest.mark.parametrize("crop", [[-500, 10, -300, 210], [700, 0, 800, 100], [50, 50, 50, 50], [80, 80, 60, 60]])
def test_heat_outside_the_picture_shows_nothing(crop: list[float]):
    shown = CANVAS.copy()
    drawing.overlay_face(shown, np.ones((3, 3)), crop, opacity=1.0)
    assert np.array_equal(shown, CANVAS)


def test_heat_of_a_face_stays_on_its_crop():
    shown = CANVAS.copy()
    drawing.overlay_face(shown, np.ones((3, 3)), [500, -50, 700, 150], opacity=1.0)
    changed = (shown != CANVAS).any(axis=2)
    assert changed[:150, 500:].all()
    assert not changed[150:].any()
    assert not changed[:, :500].any()


@pytest.mark.parametrize("words", ["", "No mask for 5 s", "x" * 500])
@pytest.mark.parametrize("shape", [(480, 640, 3), (20, 30, 3), (1, 1, 3)])
def test_a_banner_keeps_to_the_lower_edge(words: str, shape: tuple[int, ...]):
    shown = np.full(shape, 120, np.uint8)
    drawing.banner(shown, words)
    rows = (shown != 120).any(axis=(1, 2))
    assert rows[-1]
    assert rows.sum() <= max(16, shape[0] // 10)
