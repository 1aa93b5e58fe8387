"""What the finder makes of the network's grids: scales, tiles of the input, limits."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from maskcls.cards import Card
from maskcls.engines import LiteRTEngine
from maskcls.errors import ModelError
from maskcls.finder.finder import Finder

SETTINGS = {"strides": [8, 16, 32], "long_sides_px": [640, 1280]}


@pytest.fixture(scope="module")
def finder(models_folder: Path) -> Finder:
    engine = LiteRTEngine(models_folder / "squares" / "model.tflite")
    return Finder(Card("squares", "finder", settings=SETTINGS), engine)


class WatchedEngine:
    """Finds nothing, and keeps what it was shown."""

    device = "paper"

    def __init__(self) -> None:
        self.shown: list[np.ndarray] = []

    def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        self.shown.append(images_rgb)
        return [np.full((1, *(side // s for side in images_rgb.shape[1:3]), 15), -9, np.float32) for s in (8, 16, 32)]


def middles(found: list) -> list[list[float]]:
    boxes = np.array([face.box_xyxy for face in found]).reshape(-1, 4)
    return np.sort((boxes[:, :2] + boxes[:, 2:]) / 2, axis=0).round(1).tolist()


def test_an_empty_picture(finder: Finder):
    assert finder.find(np.zeros((480, 640, 3), np.uint8)) == []


def test_faces_are_where_they_are(finder: Finder, squares_picture: np.ndarray):
    found = finder.find(squares_picture)
    assert middles(found) == [[112, 80], [528, 336]]
    for face in found:
        left, top, right, bottom = face.box_xyxy
        assert (right - left, bottom - top) == pytest.approx((64, 64))
        assert 0.9 < face.score <= 1
        assert type(face.score) is type(left) is float
        assert face.landmarks.shape == (5, 2)
        eye, other_eye, nose = face.landmarks[:3]
        assert eye[0] < nose[0] < other_eye[0]
        assert nose == pytest.approx([(left + right) / 2, (top + bottom) / 2])


def test_the_surest_comes_first(finder: Finder, squares_picture: np.ndarray):
    squares_picture[64:96, 96:128] = 235
    first, second = finder.find(squares_picture)
    assert first.score > second.score
    assert first.box_xyxy[0] > second.box_xyxy[0]
    assert len(finder.find(squares_picture, min_score=(first.score + second.score) / 2)) == 1


@pytest.mark.parametrize(("min_face_px", "count"), [(0, 2), (63, 2), (65, 0)])
def test_small_faces_are_left_out(finder: Finder, squares_picture: np.ndarray, min_face_px: float, count: int):
    assert len(finder.find(squares_picture, min_face_px=min_face_px)) == count


@pytest.mark.parametrize("factor", [1.5, 2, 3.5])
def test_large_pictures_give_boxes_in_their_own_pixels(finder: Finder, squares_picture: np.ndarray, factor: float):
    size = (round(640 * factor), round(480 * factor))
    found = finder.find(cv2.resize(squares_picture, size, interpolation=cv2.INTER_NEAREST))
    corners = [one.box_xyxy for one in found if one.box_xyxy[2] - one.box_xyxy[0] > 60 * factor]
    assert len(corners) >= 2
    assert any(abs((b[0] + b[2]) / 2 / factor - 112) < 4 and abs((b[1] + b[3]) / 2 / factor - 80) < 4 for b in corners)


@pytest.mark.parametrize("shape", [(1, 1), (5, 900), (900, 5), (33, 31), (480, 640), (1000, 3000)])
def test_pictures_of_any_shape_fit_the_grids(shape: tuple[int, int]):
    engine = WatchedEngine()
    assert Finder(Card("watched", "finder", settings=SETTINGS), engine).find(np.zeros((*shape, 3), np.uint8)) == []
    for shown in engine.shown:
        assert shown.dtype == np.uint8
        assert all(side % 64 == 0 for side in shown.shape[1:3])
        assert max(shown.shape) <= 1280
    assert len(engine.shown) == (2 if max(shape) > 1.4 * 640 else 1)


def test_a_picture_is_never_enlarged_and_the_rest_is_black():
    engine = WatchedEngine()
    Finder(Card("watched", "finder", settings=SETTINGS), engine).find(np.full((50, 70, 3), 7, np.uint8))
    (shown,) = engine.shown
    assert shown.shape == (1, 64, 128, 3)
    assert (shown[0, :50, :70] == 7).all()
    assert shown.sum() == 7 * 50 * 70 * 3


def test_boxes_end_with_the_picture(finder: Finder):
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:32, :32] = 255
    (face,) = finder.find(picture)
    assert face.box_xyxy == (0, 0, 48, 48)


@pytest.mark.parametrize("settings", [{}, {"strides": [8]}, {"strides": [8], "long_sides_px": []}, {"strides": "8"}])
def test_a_card_that_lacks_something(settings: dict):
    with pytest.raises(ModelError, match="has no usable"):
        Finder(Card("blind", "finder", settings=settings), WatchedEngine())


def test_where_it_runs(finder: Finder):
    assert finder.device == "CPU (LiteRT)"


@pytest.mark.parametrize(
    ("long_side", "looks"),
    [
        (1, [64]),
        (256, [256]),
        (300, [320]),
        (640, [640, 256]),
        (800, [832, 256]),
        (1000, [1024, 640, 256]),
        (4000, [1280, 640, 256]),
    ],
)
def test_looks_at_scales_that_differ(long_side: int, looks: list[int]):
    engine = WatchedEngine()
    settings = SETTINGS | {"long_sides_px": [256, 640, 1280]}
    Finder(Card("watched", "finder", settings=settings), engine).find(np.zeros((20, long_side, 3), np.uint8))
    assert [shown.shape[2] for shown in engine.shown] == looks


@pytest.mark.parametrize(("face_px", "count"), [(16, 0), (23, 0), (25, 1), (100, 1)])
def test_a_smaller_look_is_for_large_faces(face_px: float, count: int):
    class SmallLook(WatchedEngine):
        """Sees one face in the middle of a small picture, none in a large one."""

        def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
            grids = super().run(images_rgb)
            if images_rgb.shape[2] <= 256:
                grids[0][0, 12, 16] = [9, 0, 0, *[np.log(face_px / 8)] * 2, *[0] * 10]
            return grids

    settings = SETTINGS | {"long_sides_px": [256, 640]}
    found = Finder(Card("small", "finder", settings=settings), SmallLook()).find(np.zeros((480, 640, 3), np.uint8))
    assert len(found) == count
    for face in found:
        assert face.box_xyxy[2] - face.box_xyxy[0] == pytest.approx(face_px * 2.5, rel=1e-3)
