"""Pictures for the classifier, and batches that are the same whenever an epoch is gone through again."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.training.classifier.pictures import CropBatches, Picture, load_pictures, random_crop
from maskcls.training.entries import training_entries

MANIFEST = """archive,file,label,split,source,group,face_px
faces.zip,train/with_mask/1.png,with_mask,train,ilc,a,50
faces.zip,train/with_mask/2.png,with_mask,train,ilc,a,50
"""


def test_load_pictures(tmp_path: Path):
    for name in ("train/with_mask/1.png", "train/with_mask/2.png"):
        (tmp_path / "faces.zip" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "faces.zip" / name).write_bytes(images.encode(np.full((20, 30, 3), 60, np.uint8)))
    (tmp_path / "manifest.csv").write_text(MANIFEST)
    assert load_pictures(tmp_path, []) == {}
    opinions = {"faces.zip/train/with_mask/2.png": np.array([0.5, 0.25, 0.25])}
    loaded = load_pictures(tmp_path, training_entries(tmp_path), opinions)
    assert list(loaded) == [("faces.zip", "with_mask")]
    for picture in loaded["faces.zip", "with_mask"]:
        assert (picture.image_rgb.shape, picture.label, picture.cut) == ((20, 30, 3), 0, (1.6, 1.6))
    certain, doubted = (picture.truth for picture in loaded["faces.zip", "with_mask"])
    assert certain.tolist() == [1, 0, 0]
    assert 0.5 < doubted[0] < 1
    assert doubted[1] == doubted[2] > 0
    assert doubted.sum() == pytest.approx(1)


@pytest.fixture
def pictures() -> dict:
    """Each class of one brightness, so that a crop shows which it came from."""
    pictures = {}
    for i, key in enumerate([("faces.zip", "with_mask"), ("faces.zip", "partial_mask")]):
        image_rgb = np.full((60, 60, 3), 20 + 215 * i, np.uint8)
        pictures[key] = [Picture(image_rgb, 2 * i, (1.6, 1.6))] * 3
    return pictures


def test_batches_can_be_repeated(pictures: dict):
    settings = {"size_px": 32, "cut_scale": 1.3, "steps": 5, "batch": 64}
    first, again = CropBatches(pictures, **settings, first_epoch=2), CropBatches(pictures, **settings)
    for _ in range(2):
        again.on_epoch_end()
    crops, labels = first[3]
    assert len(first) == 5
    assert (crops.shape, crops.dtype) == ((64, 32, 32, 3), np.uint8)
    assert (labels.shape, labels.dtype) == ((64, 3), np.float32)
    assert np.array_equal(again[3][0], crops)
    assert np.array_equal(again[3][1], labels)
    again.on_epoch_end()
    assert not np.array_equal(again[3][0], crops)


def test_another_seed_gives_other_crops(pictures: dict):
    one, same, other = (
        CropBatches(pictures, size_px=32, cut_scale=1.3, steps=1, batch=4, seed=seed)[0][0] for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_labels_stay_with_their_crops_and_classes_come_up_by_their_shares(pictures: dict):
    crops, truths = CropBatches(pictures, size_px=32, cut_scale=1.3, steps=1, batch=200)[0]
    labels = truths.argmax(axis=1)
    brightness = crops.mean(axis=(1, 2, 3))
    assert (np.where(brightness < 128, 0, 2) == labels).all()
    assert 60 < (labels == 0).sum() < 140  # both have the same share


def test_a_teacher_is_asked_about_the_very_crops(pictures: dict):
    settings = {"size_px": 32, "cut_scale": 1.3, "steps": 1, "batch": 20}
    crops, labels = CropBatches(pictures, **settings)[0]
    asked = []

    def teacher(crops_rgb: np.ndarray) -> np.ndarray:
        asked.append(crops_rgb)
        return np.tile(np.array([0.0, 1.0, 0.0], np.float32), (len(crops_rgb), 1))

    taught_crops, truths = CropBatches(pictures, **settings, teacher=teacher, taught=0.7)[0]
    assert np.array_equal(taught_crops, crops)
    assert np.array_equal(asked[0], crops)
    assert truths[:, 1] == pytest.approx(0.3 * labels[:, 1] + 0.7)
    assert truths.sum(axis=1) == pytest.approx(1)


def test_a_crop_stays_about_the_face(rng: np.random.Generator):
    """A bright disc as large as the face stays in the middle, and about as large, whatever chance does."""
    image_rgb = np.full((160, 160, 3), 40, np.uint8)
    yy, xx = np.mgrid[:160, :160] - 79.5
    image_rgb[np.hypot(xx, yy) < 50] = 230
    middles, shares = [], []
    for _ in range(60):
        crop = random_crop(rng, Picture(image_rgb, 0, (1.6, 1.6)), size_px=64, cut_scale=1.3)
        assert (crop.shape, crop.dtype) == ((64, 64, 3), np.uint8)
        grey = crop.mean(axis=2)
        bright = grey > (grey.min() + grey.max()) / 2
        middles.append(bright[24:40, 24:40].mean())
        shares.append(np.sqrt(bright.mean() * 4 / np.pi))
    assert np.mean(middles) > 0.97
    assert np.mean(shares) == pytest.approx(1 / 1.3, rel=0.08)


def test_the_corners_of_a_turned_face_show_what_lies_beside_it(rng: np.random.Generator):
    """Chessboard fields everywhere: where a border is repeated instead, there are streaks."""
    board = np.kron(np.indices((40, 40)).sum(axis=0) % 2 * 255, np.ones((8, 8)))
    picture = Picture(np.repeat(board[..., None], 3, axis=2).astype(np.uint8), 0, (2.6, 2.6))
    for _ in range(30):
        crop = random_crop(rng, picture, size_px=96, cut_scale=1.3)
        corners = [crop[y, x].std() for y in (slice(0, 16), slice(-16, None)) for x in (slice(0, 16), slice(-16, None))]
        assert min(corners) > 0.3 * crop[32:64, 32:64].std()


def test_faces_are_turned_both_ways(rng: np.random.Generator):
    """A face whose upper half is bright: turned, its brightness moves to the left or to the right."""
    image_rgb = np.full((160, 160, 3), 40, np.uint8)
    image_rgb[:80] = 220
    sides = []
    for _ in range(60):
        crop = random_crop(rng, Picture(image_rgb, 0, (1.6, 1.6)), size_px=64, cut_scale=1.3).mean(axis=2)
        assert crop[:16].mean() > crop[-16:].mean()
        sides.append(crop[:, :32].mean() - crop[:, 32:].mean())
    assert min(sides) < -10
    assert max(sides) > 10
