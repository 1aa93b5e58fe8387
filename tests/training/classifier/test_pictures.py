"""What the classifier may learn from, and batches that are the same whenever an epoch is gone through again."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.data.manifest import read_manifest
from maskcls.training.classifier.pictures import (
    SHARES,
    CropBatches,
    Picture,
    load_pictures,
    random_crop,
    training_entries,
)

MANIFEST = """archive,file,label,split,source,group,face_px
faces.zip,train/with_mask/1.jpg,with_mask,train,ilc,a,50
faces.zip,train/with_mask/2.jpg,with_mask,train,ilc,a,50
faces.zip,train/partial_mask/3.jpg,partial_mask,train,ilc,of-faces-test,50
faces.zip,validation/with_mask/4.jpg,with_mask,validation,ilc,of-faces-validation,50
faces.zip,test/with_mask/5.jpg,with_mask,test,ilc,of-faces-test,50
scenes.zip,test/images/6.jpg,,test,ilc,of-scenes-test,
kaggle12k.zip,Train/WithMask/7.png,with_mask,train,kaggle,b,
kaggle12k.zip,Train/WithMask/8.png,with_mask,train,kaggle,b,
kaggle12k.zip,Train/WithMask/9.png,with_mask,train,kaggle,of-kaggle-test,
kaggle12k.zip,Test/WithMask/10.png,with_mask,test,kaggle,of-kaggle-test,
kaggle12k.zip,Validation/WithMask/11.png,with_mask,validation,kaggle,c,
chandrikadeb7.zip,with_mask/12.jpg,with_mask,,chandrika,of-scenes-test,
chandrikadeb7.zip,with_mask/13.jpg,with_mask,,chandrika,of-faces-validation,
chandrikadeb7.zip,with_mask/14.jpg,with_mask,,chandrika,d,
impropermask.zip,partial/15.png,partial_mask,,james,e,
"""


def test_no_group_of_a_held_out_split_is_trained_on(tmp_path: Path):
    (tmp_path / "manifest.csv").write_text(MANIFEST)
    assert [int(entry.file.stem) for entry in training_entries(tmp_path)] == [1, 2, 7, 11, 14]


def test_no_group_of_a_held_out_split_is_trained_on_in_earnest(shared_data: Path):
    entries = training_entries(shared_data)
    trained = {entry.group for entry in entries}
    held_out = {
        entry.group
        for entry in read_manifest(shared_data / "manifest.csv")
        if (entry.archive in ("faces.zip", "scenes.zip") and entry.split in ("validation", "test"))
        or (entry.archive == "kaggle12k.zip" and entry.split == "test")
    }
    assert len(entries) > 4000
    assert held_out
    assert trained & held_out == set()
    assert {(entry.archive, entry.label) for entry in entries} == set(SHARES)


def test_load_pictures(tmp_path: Path):
    for name in ("train/with_mask/1.png", "train/with_mask/2.png"):
        (tmp_path / "faces.zip" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "faces.zip" / name).write_bytes(images.encode(np.full((20, 30, 3), 60, np.uint8)))
    (tmp_path / "manifest.csv").write_text("\n".join(MANIFEST.splitlines()[:3]).replace(".jpg", ".png"))
    assert load_pictures(tmp_path, []) == {}
    loaded = load_pictures(tmp_path, training_entries(tmp_path))
    assert list(loaded) == [("faces.zip", "with_mask")]
    for picture in loaded["faces.zip", "with_mask"]:
        assert (picture.image_rgb.shape, picture.label, picture.cut) == ((20, 30, 3), 0, (1.6, 1.6))


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
    assert (labels.shape, labels.dtype) == ((64,), np.int32)
    assert np.array_equal(again[3][0], crops)
    assert np.array_equal(again[3][1], labels)
    again.on_epoch_end()
    assert not np.array_equal(again[3][0], crops)


def test_labels_stay_with_their_crops_and_classes_come_up_by_their_shares(pictures: dict):
    crops, labels = CropBatches(pictures, size_px=32, cut_scale=1.3, steps=1, batch=200)[0]
    brightness = crops.mean(axis=(1, 2, 3))
    assert (np.where(brightness < 128, 0, 2) == labels).all()
    assert 60 < (labels == 0).sum() < 140  # both have the same share


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
