"""The mask painter, on a plain grey head: what is covered, what stays bare, and that nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest

from maskcls.data import painter
from maskcls.data.prints import Print

# Eyes 60 px apart, mouth 54 px below them.
LANDMARKS = np.array([[120, 100], [180, 100], [150, 132], [126, 154], [174, 154]], np.float32)
EYES, NOSE, MOUTH, CHIN, NECK = (150, 100), (150, 130), (150, 154), (150, 190), (150, 228)
GREEN = (20, 200, 40)


def head(level: int = 150) -> np.ndarray:
    return np.full((300, 300, 3), level, np.uint8)


def greenness(picture: np.ndarray) -> np.ndarray:
    return picture[..., 1].astype(int) - picture[..., 0]


@pytest.mark.parametrize(
    ("position", "covered", "bare"),
    [
        ("worn", [NOSE, MOUTH, CHIN], [EYES, NECK]),
        ("below_nose", [MOUTH, CHIN], [EYES, NOSE, NECK]),
        ("chin", [CHIN], [EYES, NOSE, MOUTH]),
    ],
)
def test_each_position_covers_what_it_says(position, covered, bare):
    green = greenness(painter.paint_mask(head(), LANDMARKS, position=position, colour=GREEN))
    assert all(green[y, x] > 60 for x, y in covered)
    assert all(green[y, x] == 0 for x, y in bare)


def test_every_position_of_the_table_is_painted():
    pictures = [painter.paint_mask(head(), LANDMARKS, position=position) for position in painter.POSITIONS]
    assert len(pictures) >= 3
    for i, picture in enumerate(pictures):
        assert all((picture != other).any() for other in [head(), *pictures[:i]])


def test_the_picture_given_is_left_alone_and_the_rest_stays():
    before = head()
    painted = painter.paint_mask(before, LANDMARKS)
    assert np.array_equal(before, head())
    assert painted.dtype == np.uint8
    assert np.array_equal(painted[:90], before[:90])
    assert np.array_equal(painted[:, :60], before[:, :60])
    assert np.array_equal(painted[:, 240:], before[:, 240:])


def test_it_is_the_same_every_time():
    assert np.array_equal(painter.paint_mask(head(), LANDMARKS), painter.paint_mask(head(), LANDMARKS))


def test_the_mask_has_its_colour_and_folds():
    painted = painter.paint_mask(head(), LANDMARKS)
    middle = painted[135:200, 150].astype(float)
    assert np.abs(middle.mean(axis=0) / middle.mean() - np.divide(painter.SURGICAL_BLUE, 201.7)).max() < 0.05
    below, above = middle[1:].mean(axis=1), middle[:-1].mean(axis=1)
    assert (below - above).min() < -10  # the shadow line of a pleat


def test_it_follows_the_light():
    def brightness(picture: np.ndarray, columns: slice) -> float:
        return float(painter.paint_mask(picture, LANDMARKS)[140:180, columns].mean())

    left, right = slice(110, 140), slice(160, 190)
    assert brightness(head(60), left) < brightness(head(220), left) - 40
    from_right = np.repeat(np.linspace(60, 240, 300).astype(np.uint8)[None, :, None], 300, axis=0).repeat(3, axis=2)
    assert brightness(from_right, right) > brightness(from_right, left) + 10
    assert brightness(from_right[:, ::-1], left) > brightness(from_right[:, ::-1], right) + 10


def test_a_quarter_turn_turns_the_mask():
    turned = np.stack([LANDMARKS[:, 1], 300 - LANDMARKS[:, 0]], axis=1)
    upright = greenness(painter.paint_mask(head(), LANDMARKS, colour=GREEN)) > 30
    lying = greenness(painter.paint_mask(head(), turned, colour=GREEN)) > 30
    assert (np.rot90(upright) != lying).mean() < 0.01
    assert upright.mean() > 0.05


def test_the_mask_follows_a_turned_nose():
    nose_right = LANDMARKS + np.array([[0, 0], [0, 0], [14, 0], [0, 0], [0, 0]])

    def top(landmarks: np.ndarray) -> int:
        green = greenness(painter.paint_mask(head(), landmarks, colour=GREEN)) > 60
        row = green[np.argmax(green.any(axis=1)) + 1]
        return int(np.flatnonzero(row).mean())

    assert top(nose_right) >= top(LANDMARKS) + 8


@pytest.mark.parametrize("factor", [0.05, 0.2, 1, 8])
def test_any_size_of_face(factor):
    size = int(300 * factor) + 1
    painted = painter.paint_mask(np.full((size, size, 3), 150, np.uint8), LANDMARKS * factor, colour=GREEN)
    x, y = (int(value * factor) for value in MOUTH)
    assert greenness(painted)[y, x] > 30
    assert greenness(painted)[0, 0] == 0


@pytest.mark.parametrize("shift", [(-150, 0), (150, 0), (0, -180), (0, 180), (-110, -150), (148, 90)])
def test_faces_at_the_border(shift):
    inside = painter.paint_mask(np.full((900, 900, 3), 150, np.uint8), LANDMARKS + 300 + shift, colour=GREEN)
    at_border = painter.paint_mask(head(), LANDMARKS + shift, colour=GREEN)
    # The light is measured on what is there to see, hence the tolerance.
    assert np.abs(greenness(inside)[300:600, 300:600] - greenness(at_border)).max() < 40
    assert (greenness(at_border) > 30).any()


@pytest.mark.parametrize("shift", [(-1000, 0), (1e7, 1e7), (0, -227.5), (230.5, 0)])
def test_faces_outside_do_not_crash(shift):
    painted = painter.paint_mask(head(), LANDMARKS + np.array(shift))
    assert painted.shape == head().shape


@pytest.mark.parametrize(
    "landmarks",
    [np.zeros((0, 2)), np.zeros((5, 2)), LANDMARKS[:4], LANDMARKS * [1, np.nan], np.stack([np.arange(5)] * 2, axis=1)],
)
def test_landmarks_that_span_no_face_are_refused(landmarks):
    with pytest.raises(ValueError, match="Expected"):
        painter.paint_mask(head(), landmarks)


def test_unknown_positions_are_refused():
    with pytest.raises(ValueError, match=r"worn, below_nose, chin.* Got: 'hat'"):
        painter.paint_mask(head(), LANDMARKS, position="hat")


def test_a_ridge_parts_the_light():
    """A filtering half mask is folded down its middle: the fold is bright, and its sides look away from the light."""
    flat, folded = (
        painter.paint_mask(head(), LANDMARKS, colour=(200, 200, 200), style=replace(painter.CLOTH, ridge=ridge))
        for ridge in (0.0, painter.FFP2.ridge)
    )
    fold = [picture[150, 150, 0] - picture[150, [145, 155], 0].mean() for picture in (flat, folded)]
    assert fold[1] > 1.4 * fold[0] > 0


def test_cloth_has_no_pleats():
    pleated, plain = (
        painter.paint_mask(head(), LANDMARKS, colour=(200, 200, 200), style=style)[140:200, 150, 0].astype(int)
        for style in (painter.SURGICAL, painter.CLOTH)
    )
    assert np.abs(np.diff(pleated)).max() > 2 * np.abs(np.diff(plain)).max()


def test_a_print_is_on_the_cloth_and_nowhere_else():
    style = replace(painter.CLOTH, print=Print("stripes", (250, 0, 0), period=0.3))
    plain = painter.paint_mask(head(), LANDMARKS, colour=GREEN, style=painter.CLOTH)
    painted = painter.paint_mask(head(), LANDMARKS, colour=GREEN, style=style)
    red = painted[..., 0].astype(int) - painted[..., 1] > 60
    assert 0.3 < red[165, 125:176].mean() < 0.7
    assert np.array_equal((painted != head()).any(axis=2), (plain != head()).any(axis=2))


def test_a_mask_slides_through_the_positions():
    assert [painter.slid(share) for share in (0, 0.5, 1)] == list(painter.POSITIONS.values())
    tops = [
        greenness(painter.paint_mask(head(), LANDMARKS, position=painter.slid(s), colour=GREEN)) for s in (0.2, 0.8)
    ]
    first, second = (int(np.argmax((top > 40).any(axis=1))) for top in tops)
    assert first < second
    assert painter.slid(7) == painter.POSITIONS["chin"]
