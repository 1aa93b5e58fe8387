"""A view keeps boxes and landmarks on the faces: coloured discs are painted where the faces are, and looked for."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from maskcls.training.finder.crops import View, apply_view, draw_view
from maskcls.training.teacher import Truth

COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255]])
BOXES = np.array([[40, 60, 140, 160], [220, 40, 280, 130], [300, 200, 324, 224]], np.float32)
# Eyes, nose, mouth corners in a box of 1 × 1.
POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.55], [0.35, 0.7], [0.65, 0.7]], np.float32)
LANDMARKS = BOXES[:, None, :2] + POINTS * (BOXES[:, 2:] - BOXES[:, :2])[:, None]
NOBODY = np.zeros((0, 4), np.float32)


def photograph() -> np.ndarray:
    """Return a black picture with a disc in each box, as wide and as high as the box."""
    image_rgb = np.zeros((280, 360, 3), np.uint8)
    for box, colour in zip(BOXES.tolist(), COLOURS.tolist(), strict=True):
        x, y = (np.arange(360) + 0.5)[None], (np.arange(280) + 0.5)[:, None]
        across, down = (
            (x - (box[0] + box[2]) / 2) * 2 / (box[2] - box[0]),
            (y - (box[1] + box[3]) / 2) * 2 / (box[3] - box[1]),
        )
        image_rgb[across**2 + down**2 <= 1] = colour
    return image_rgb


def truth(boxes: np.ndarray = BOXES, landmarks: np.ndarray = LANDMARKS, ignored: np.ndarray = NOBODY) -> Truth:
    return Truth(boxes, landmarks, np.linspace(0, 1, len(boxes), dtype=np.float32), ignored)


def where(crop: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Return the box around a colour: `(4,)`, or NaN when it is not there."""
    y, x = np.nonzero(np.abs(crop.astype(int) - colour).max(axis=2) < 100)
    return np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) if len(x) else np.full(4, np.nan)


def colour_of(crop: np.ndarray, box: np.ndarray) -> int:
    """Return which disc lies in the middle of a box."""
    x, y = np.clip(((box[:2] + box[2:]) / 2).astype(int), 0, len(crop) - 1)
    return int(np.abs(COLOURS - crop[y, x]).sum(axis=1).argmin())


def test_a_photograph_without_faces(rng: np.random.Generator):
    nobody = Truth(NOBODY, np.zeros((0, 5, 2), np.float32), np.zeros(0, np.float32), NOBODY)
    for _ in range(20):
        view = draw_view(rng, nobody, (280, 360, 3), size_px=96)
        crop, seen = apply_view(view, photograph(), nobody, size_px=96)
        assert crop.shape == (96, 96, 3)
        assert (seen.boxes_xyxy.shape, seen.landmarks.shape, seen.ignored_xyxy.shape) == ((0, 4), (0, 5, 2), (0, 4))


def test_boxes_stay_on_their_faces(rng: np.random.Generator):
    checked = 0
    for _ in range(300):
        view = replace(draw_view(rng, truth(), (280, 360, 3), size_px=160), fill_rgb=(0, 0, 0))
        crop, seen = apply_view(view, photograph(), truth(), size_px=160)
        assert crop.dtype == np.uint8
        assert crop.flags.c_contiguous
        for box in seen.boxes_xyxy:
            assert (box >= 0).all()
            assert (box <= 160).all()
            painted = where(crop, COLOURS[colour_of(crop, box)])
            assert np.abs(painted - box).max() < 3
            checked += 1
    assert checked > 200


def test_landmarks_stay_on_their_faces(rng: np.random.Generator):
    """The eyes of each face are painted yellow, its nose white, the corners of its mouth turquoise."""
    image_rgb = photograph()
    paints = np.array([[255, 255, 0], [255, 255, 0], [255, 255, 255], [0, 255, 255], [0, 255, 255]])
    two = truth(BOXES[:2], LANDMARKS[:2])
    for x, y, paint in ((*point, paints[i]) for face in two.landmarks for i, point in enumerate(face)):
        cv2.circle(image_rgb, (round(x), round(y)), 6, paint.tolist(), -1)
    checked = 0
    for _ in range(200):
        view = draw_view(rng, two, image_rgb.shape, size_px=200)
        crop, seen = apply_view(view, image_rgb, two, size_px=200)
        for box, points in zip(seen.boxes_xyxy, seen.landmarks, strict=True):
            if (box[2:] - box[:2]).min() < 60 or not ((points > 2) & (points < 197)).all():
                continue
            x, y = points.astype(int).T
            assert np.abs(crop[y, x].astype(int) - paints).max() < 90
            assert points[0, 0] < points[1, 0]
            assert points[3, 0] < points[4, 0]
            checked += 1
    assert checked > 60


def shifted(x: float, y: float, *, scale: float = 1.0, mirrored: bool = False) -> View:
    return View(np.array([[scale, 0, x], [0, scale, y]], float), mirrored, (7, 8, 9))


@pytest.mark.parametrize(
    ("left", "kept", "ignored"),
    [(0, 1, 0), (-50, 1, 0), (-58, 1, 0), (-62, 0, 1), (-94, 0, 1), (-97, 0, 0), (-300, 0, 0), (110, 0, 1)],
)
def test_half_hidden_faces_teach_nothing(left: float, kept: int, ignored: int):
    """A face of 100 pixels in a crop of 128, pushed over the border."""
    one = truth(BOXES[:1], LANDMARKS[:1])
    _, seen = apply_view(shifted(left - 40, -50), photograph(), one, size_px=128)
    assert (len(seen.boxes_xyxy), len(seen.ignored_xyxy)) == (kept, ignored)
    assert len(seen.landmarks) == kept


@pytest.mark.parametrize(("scale", "kept", "ignored"), [(0.2, 1, 0), (0.081, 1, 0), (0.07, 0, 1)])
def test_tiny_faces_teach_nothing(scale: float, kept: int, ignored: int):
    one = truth(BOXES[:1], LANDMARKS[:1])
    _, seen = apply_view(shifted(0, 0, scale=scale), photograph(), one, size_px=64)
    assert (len(seen.boxes_xyxy), len(seen.ignored_xyxy)) == (kept, ignored)


def test_ignored_places_move_along():
    hidden = truth(NOBODY, np.zeros((0, 5, 2), np.float32), BOXES[:1])
    _, seen = apply_view(shifted(-40, -50), photograph(), hidden, size_px=128)
    assert seen.ignored_xyxy == pytest.approx(np.array([[0, 10, 100, 110]]), abs=1e-3)
    _, seen = apply_view(shifted(-40, -50, mirrored=True), photograph(), hidden, size_px=128)
    assert seen.ignored_xyxy == pytest.approx(np.array([[28, 10, 128, 110]]), abs=1e-3)


def test_unknown_landmarks_stay_unknown(rng: np.random.Generator):
    unknown = truth(landmarks=np.full((3, 5, 2), np.nan, np.float32))
    view = draw_view(rng, unknown, (280, 360), size_px=128)
    _, seen = apply_view(view, photograph(), unknown, size_px=128)
    assert np.isnan(seen.landmarks).all()


def test_outside_lies_the_fill():
    crop, _ = apply_view(shifted(100, 100), photograph(), truth(), size_px=128)
    assert crop[50, 50].tolist() == [7, 8, 9]


def test_a_draw_says_all(rng: np.random.Generator):
    view = draw_view(rng, truth(), (280, 360), size_px=128)
    before = photograph()
    first, second = (apply_view(view, before, truth(), size_px=128) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1].boxes_xyxy, second[1].boxes_xyxy)
    assert np.array_equal(before, photograph())
    same = [draw_view(np.random.default_rng(5), truth(), (280, 360), size_px=128) for _ in range(2)]
    assert np.array_equal(same[0].matrix, same[1].matrix)
    assert (same[0].mirrored, same[0].fill_rgb) == (same[1].mirrored, same[1].fill_rgb)


def test_faces_of_all_sizes_come_up(rng: np.random.Generator):
    sizes = []
    for _ in range(300):
        view = draw_view(rng, truth(), (280, 360), size_px=320)
        _, seen = apply_view(view, np.zeros((280, 360, 3), np.uint8), truth(), size_px=320)
        sizes.extend(np.sqrt((seen.boxes_xyxy[:, 2:] - seen.boxes_xyxy[:, :2]).prod(axis=1)))
    assert np.percentile(sizes, 5) < 25
    assert np.percentile(sizes, 95) > 160


def test_a_view_shows_as_much_of_the_photograph_as_it_can(rng: np.random.Generator):
    """A photograph that covers the crop leaves no void, but for what a turn or a stretch opens at the corners."""
    white = np.full((280, 360, 3), 255, np.uint8)
    for _ in range(200):
        view = replace(draw_view(rng, truth(), white.shape, size_px=96), fill_rgb=(0, 0, 0))
        scale = float(np.sqrt(abs(np.linalg.det(view.matrix[:, :2]))))
        crop, _ = apply_view(view, white, truth(), size_px=96)
        covered = np.minimum(scale * np.array([280, 360]) / 96, 1).prod()
        assert (crop > 0).mean() > covered - 0.25


@pytest.mark.parametrize("x", [-500.0, 500.0])
def test_ignored_places_outside_the_view_are_none(x: float):
    ignored = np.array([[10, 10, 50, 60]], np.float32)
    _, seen = apply_view(shifted(x, 0), photograph(), truth(NOBODY, LANDMARKS[:0], ignored), size_px=128)
    assert seen.ignored_xyxy.shape == (0, 4)
