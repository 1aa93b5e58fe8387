"""Pictures with their faces, and batches that are the same whenever an epoch is gone through again."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.training.finder import pictures as module
from maskcls.training.finder.pictures import BATCH, CROP_PX, CropBatches, load_pictures
from maskcls.training.teacher import Truth

NOBODY = np.zeros((0, 4), np.float32)
SURE = np.ones(1, np.float32)


class CountingTeacher:
    def __init__(self) -> None:
        self.asked = 0

    def find(self, _image_rgb: np.ndarray) -> np.ndarray:
        self.asked += 1
        row = np.zeros((1, 15), np.float32)
        row[0, :4], row[0, 14] = (60, 60, 80, 80), 0.9
        return row


def scenes(root: Path) -> Path:
    for folder in ("images", "annotations"):
        (root / "train" / folder).mkdir(parents=True)
    for name in ("a", "b"):
        image_rgb = np.full((100, 120, 3), 50, np.uint8)
        (root / "train" / "images" / f"{name}.png").write_bytes(images.encode(image_rgb))
        boxes = "".join(
            f"<object><name>with_mask</name><difficult>{difficult}</difficult><bndbox><xmin>{x}</xmin><ymin>10</ymin>"
            f"<xmax>{x + 20}</xmax><ymax>30</ymax></bndbox></object>"
            for x, difficult in ((10, 0), (80, 1))
        )
        (root / "train" / "annotations" / f"{name}.xml").write_text(f"<annotation>{boxes}</annotation>")
    return root


def test_the_teacher_is_asked_once(tmp_path: Path):
    data, answers, teacher = scenes(tmp_path / "scenes"), tmp_path / "answers.npz", CountingTeacher()
    for _ in range(2):
        loaded = load_pictures(data, teacher, split="train", answers=answers)
        assert teacher.asked == 2
        assert len(loaded) == 2
        for image_rgb, truth in loaded:
            assert image_rgb.shape == (100, 120, 3)
            # The drawn box that is not difficult, and what the teacher is sure of.
            assert truth.boxes_xyxy == pytest.approx(np.array([[10, 10, 30, 30], [60, 61.56, 80, 80.68]]))


@pytest.fixture(scope="module")
def pictures() -> list:
    rng = np.random.default_rng(0)
    some = []
    for _ in range(3):
        boxes = np.array([[20, 20, 60, 70], [90, 30, 130, 80]], np.float32)
        landmarks = boxes[:, None, :2] + rng.uniform(0, 40, (2, 5, 2)).astype(np.float32)
        some.append((rng.integers(0, 256, (120, 160, 3), np.uint8), Truth(boxes, landmarks, SURE.repeat(2), NOBODY)))
    return some


def test_batches_can_be_repeated(pictures: list):
    first, again = CropBatches(pictures, steps=2, first_epoch=3), CropBatches(pictures, steps=2)
    for _ in range(3):
        again.on_epoch_end()
    assert len(first) == 2
    crops, target = first[1]
    assert crops.shape == (BATCH, CROP_PX, CROP_PX, 3)
    assert crops.dtype == np.uint8
    assert target.shape == (BATCH, sum((CROP_PX // stride) ** 2 for stride in (8, 16, 32)), 19)
    assert np.isfinite(target).all()
    assert np.array_equal(again[1][0], crops)
    assert np.array_equal(again[1][1], target)
    again.on_epoch_end()
    assert not np.array_equal(again[1][0], crops)


def test_portraits_come_up_by_their_share():
    image_rgb = np.full((60, 60, 3), 90, np.uint8)
    landscape = (image_rgb, Truth(NOBODY, np.zeros((0, 5, 2), np.float32), SURE[:0], NOBODY))
    face = np.array([[5, 5, 55, 55]], np.float32)
    portrait = (image_rgb, Truth(face, np.full((1, 5, 2), 30, np.float32), SURE, NOBODY))
    for portraits, least, most in (([], 0, 0), ([portrait], 0.05, 0.18)):
        batches = CropBatches([landscape], portraits, steps=1)
        faces = [len(batches._view(np.random.default_rng(i), 64)[1].boxes_xyxy) for i in range(300)]
        assert least <= np.mean(faces) <= most


def test_crowds_come_up_more_often():
    alone, crowd = (
        Truth(np.full((n, 4), (5, 5, 20, 20), np.float32), np.zeros((n, 5, 2)), SURE.repeat(n), NOBODY) for n in (1, 10)
    )
    batches = CropBatches(
        [(np.full((60, 60, 3), grey, np.uint8), t) for grey, t in ((0, alone), (200, crowd))], steps=1
    )
    bright = [batches._view(np.random.default_rng(i), 64)[0].max() >= 200 for i in range(300)]
    assert 0.75 < np.mean(bright) < 0.95


def test_faces_of_portraits_are_pasted_into_crops():
    """Nobody is in the views: every face in a crop was pasted."""
    rng = np.random.default_rng(0)
    nobody = Truth(NOBODY, np.zeros((0, 5, 2), np.float32), SURE[:0], NOBODY)
    landscape = (rng.integers(0, 256, (60, 60, 3), np.uint8), nobody)
    face = Truth(np.array([[20, 20, 40, 40]], np.float32), np.full((1, 5, 2), 30, np.float32), SURE, NOBODY)
    portrait = (np.full((60, 60, 3), 90, np.uint8), face)
    batches = CropBatches([landscape], [portrait], steps=1)
    batches._view = lambda _rng, size_px: (np.zeros((size_px, size_px, 3), np.uint8), landscape[1])
    positive = [batches._example(np.random.default_rng(i))[1][:, 1].any() for i in range(40)]
    assert 0.25 < np.mean(positive) < 0.75


@pytest.mark.parametrize("a_side", [1, 2, 3])
def test_a_mosaic_puts_every_view_in_its_place(a_side: int):
    views = []
    for i in range(a_side**2):
        ignored = np.array([[0, 0, 8, 8]], np.float32)
        one = Truth(np.array([[10, 12, 30, 34]], np.float32), np.full((1, 5, 2), 20, np.float32), SURE * i, ignored)
        views.append((np.full((64, 64, 3), 20 * (i + 1), np.uint8), one))
    crop, truth = module._mosaic(views, a_side)
    assert crop.shape == (64 * a_side, 64 * a_side, 3)
    for i in range(a_side**2):
        x, y = 64 * (i % a_side), 64 * (i // a_side)
        assert truth.boxes_xyxy[i].tolist() == [x + 10, y + 12, x + 30, y + 34]
        assert truth.landmarks[i].tolist() == [[x + 20, y + 20]] * 5
        assert truth.sureness[i] == i
        assert truth.ignored_xyxy[i].tolist() == [x, y, x + 8, y + 8]
        assert (crop[y : y + 64, x : x + 64] == 20 * (i + 1)).all()
