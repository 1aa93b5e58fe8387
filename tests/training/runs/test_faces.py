"""What a training shows its network hangs on seed, epoch and picture alone, and is what a preview shows."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import samples
from maskcls.data.augmentation import NONE, Augmentation
from maskcls.data.datasets import Dataset
from maskcls.errors import ImageError
from maskcls.finder.finder import Found
from maskcls.registry import Registry
from maskcls.training.runs import faces as module
from maskcls.training.runs.faces import Batch, Batches, Crop, Faces, class_order, crop_for
from tests.training.runs.conftest import PX, make_dataset, tiny_settings, write_pictures

CROP = Crop(PX, 1.0)
WILD = Augmentation(rotation_degrees=40, erasing=0.5, noise=20)


@pytest.fixture(scope="module")
def train(dataset: Dataset) -> Faces:
    return Faces(dataset, "train", CROP)


class Finder:
    """Finds a face whose eyes and mouth lie at these shares of the picture; nobody where there are none."""

    def __init__(self, *landmarks: tuple[float, float]) -> None:
        self.landmarks, self.asked = np.array(landmarks), 0

    def find(self, image_rgb: np.ndarray) -> list[Found]:
        self.asked += 1
        if not len(self.landmarks):
            return []
        side = len(image_rgb)
        return [Found((0.0, 0.0, side, side), 0.9, (self.landmarks * side).astype(np.float32))]


FACE = ((0.3, 0.35), (0.7, 0.35), (0.5, 0.55), (0.35, 0.75), (0.65, 0.75))


def with_finder(dataset: Dataset, finder: Finder, *, split: str = "train") -> Faces:
    return Faces(dataset, split, CROP, finder)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "order"),
    [
        ((), ()),
        (("without_mask", "with_mask"), ("with_mask", "without_mask")),
        (("partial_mask", "without_mask", "with_mask"), ("with_mask", "without_mask", "partial_mask")),
        (("no_hat", "hat"), ("hat", "no_hat")),
        (("visor", "without_mask", "hat", "with_mask"), ("with_mask", "without_mask", "hat", "visor")),
    ],
)
def test_the_order_of_classes(names: tuple, order: tuple):
    assert class_order(names) == order


def test_an_empty_part(dataset: Dataset):
    nobody = Faces(dataset, "holiday", CROP)
    assert len(nobody) == 0
    assert nobody.labels.shape == (0,)
    assert nobody.plain_crops([]).shape == (0, PX, PX, 3)
    assert list(Batches(nobody, NONE, seed=0).of_epoch(0, size=4)) == []


def test_the_faces_of_a_part(train: Faces):
    assert len(train) == 24
    assert train.classes == ("with_mask", "without_mask")
    assert {row.split for row in train.rows} == {"train"}
    assert [train.classes[label] for label in train.labels] == [row.label for row in train.rows]
    crops = train.plain_crops(range(3))
    assert (crops.shape, crops.dtype) == ((3, PX, PX, 3), np.uint8)
    assert (crops[1] == train.plain(1)).all()


def test_without_changes_it_is_seen_as_in_use(train: Faces):
    crop, label = train.changed(2, NONE, seed=0, epoch=3)
    assert label == train.labels[2]
    assert np.abs(crop.astype(int) - train.plain(2)).mean() < 3


@pytest.mark.parametrize(("cut_scale", "margin"), [(1.0, 1.0), (1.2, 1.2), (2.0, 1.3)])
def test_what_lies_around_a_face_is_there_for_shifts(tmp_path: Path, cut_scale: float, margin: float):
    made = make_dataset(tmp_path, "hat", "with_mask", counts={"train": 4}, cut_scale=cut_scale)
    faces = Faces(made, "train", CROP)
    i = 0
    whole = faces._wide_square(i)
    assert len(whole) == round(PX * margin)
    # In the middle, the crop as it is in use.
    crop, _ = faces.changed(i, NONE, seed=0, epoch=0)
    assert np.abs(crop.astype(int) - faces.plain(i)).mean() < 8


def test_chance_hangs_on_seed_epoch_and_picture_alone(train: Faces, dataset: Dataset):
    first, label = train.changed(5, WILD, seed=1, epoch=2)
    train.changed(6, WILD, seed=1, epoch=2)
    again, _ = Faces(dataset, "train", CROP).changed(5, WILD, seed=1, epoch=2)
    assert (first == again).all()
    assert label == train.labels[5]
    for seed, epoch in ((2, 2), (1, 3)):
        assert (train.changed(5, WILD, seed=seed, epoch=epoch)[0] != first).any()


def through(batches: list[Batch]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([one.crops_rgb for one in batches]), np.concatenate([one.truth for one in batches])


@pytest.mark.parametrize(("size", "start", "workers"), [(1, 0, 1), (5, 0, 3), (24, 0, 2), (100, 0, 2), (7, 5, 2)])
def test_the_same_faces_whatever_the_batches(train: Faces, size: int, start: int, workers: int):
    usual = through(list(Batches(train, WILD, seed=3).of_epoch(1, size=4)))
    made = list(Batches(train, WILD, seed=3, workers=workers).of_epoch(1, size=size, start=start))
    for one, other in zip(through(made), usual, strict=True):
        assert (one == other[start:]).all()
    assert [len(one.crops_rgb) for one in made[:-1]] == [size] * (len(made) - 1)
    assert [one.seen for one in made] == [*range(start + size, 24, size), 24]


def test_a_preview_shows_what_a_training_will(train: Faces):
    order = np.random.default_rng((3, 1)).permutation(24)
    (first, *_) = Batches(train, WILD, seed=3).of_epoch(1, size=6)
    for crop, i in zip(first.crops_rgb, order, strict=False):
        assert (crop == train.changed(int(i), WILD, seed=3, epoch=1)[0]).all()


def test_every_face_once_and_each_epoch_in_another_order(train: Faces):
    orders = []
    for epoch in (0, 1):
        crops, truth = through(list(Batches(train, NONE, seed=0).of_epoch(epoch, size=8)))
        assert truth.sum(axis=0).tolist() == [12, 12]
        assert len({crop.tobytes() for crop in crops}) == 24
        orders.append([crop.tobytes() for crop in crops])
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1])


def test_who_stops_listening_leaves_nothing_running(train: Faces):
    import threading

    before = threading.active_count()
    batches = Batches(train, NONE, seed=0).of_epoch(0, size=1)
    next(batches)
    batches.close()
    assert threading.active_count() == before


def test_waiting_is_counted(train: Faces, monkeypatch: pytest.MonkeyPatch):
    import time

    changed = Faces.changed

    def slowly(self: Faces, *args: object, **named: object) -> tuple[np.ndarray, int]:
        time.sleep(0.02)
        return changed(self, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Faces, "changed", slowly)
    batches = Batches(train, NONE, seed=0, workers=1)
    list(batches.of_epoch(0, size=12))
    assert 0.2 < batches.waited_s < 2


@pytest.mark.parametrize("damage", ["torn", "gone"])
def test_a_damaged_picture(tmp_path: Path, damage: str):
    made = make_dataset(tmp_path, "hat", "with_mask", counts={"train": 4})
    faces = Faces(made, "train", CROP)
    file = made.path / faces.rows[1].file
    file.write_bytes(file.read_bytes()[:60]) if damage == "torn" else file.unlink()
    for ask in (lambda: faces.plain(1), lambda: list(Batches(faces, NONE, seed=0).of_epoch(0, size=2))):
        with pytest.raises(ImageError, match=f"^{faces.rows[1].source} of tiny-1 is damaged. Import it again.$"):
            ask()
    assert faces.plain(0).shape == (PX, PX, 3)


def test_pictures_that_do_not_fit_are_decoded_each_time(dataset: Dataset, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_KEPT_BYTES", 3 * PX * PX * 3)
    faces = Faces(dataset, "train", CROP)
    for _ in range(2):
        for i in range(5):
            faces.changed(i, NONE, seed=0, epoch=0)
    assert sorted(faces._wide) == [0, 1, 2]


def test_painted_masks_change_the_class_of_bare_faces_only(dataset: Dataset):
    faces = with_finder(dataset, Finder(*FACE))
    always = Augmentation(**vars(NONE) | {"painted": 1.0})
    bare = faces.classes.index("without_mask")
    drawn = [faces.changed(i, always, seed=0, epoch=0) for i in range(len(faces))]
    for i, (crop, label) in enumerate(drawn):
        was = faces.labels[i]
        plain, _ = faces.changed(i, NONE, seed=0, epoch=0)
        if was == bare:
            # There is no partial_mask in this data set, so none is painted.
            assert label == faces.classes.index("with_mask")
            assert (crop != plain).any()
        else:
            assert (crop == plain).all()
            assert label == was
    again = with_finder(dataset, Finder(*FACE)).changed(int(np.argmax(faces.labels == bare)), always, seed=0, epoch=0)
    assert (again[0] == drawn[int(np.argmax(faces.labels == bare))][0]).all()


def test_masks_are_painted_as_often_as_wished(dataset: Dataset):
    faces = with_finder(dataset, Finder(*FACE))
    half = Augmentation(**vars(NONE) | {"painted": 0.5})
    bare = np.flatnonzero(faces.labels == faces.classes.index("without_mask"))
    labels = [faces.changed(int(i), half, seed=0, epoch=epoch)[1] for epoch in range(4) for i in bare]
    assert 0.3 < np.mean([faces.classes[label] == "with_mask" for label in labels]) < 0.7


def test_eyes_are_looked_for_once(dataset: Dataset):
    finder = Finder(*FACE)
    faces = with_finder(dataset, finder)
    always = Augmentation(**vars(NONE) | {"painted": 1.0})
    i = int(np.argmax(faces.labels == faces.classes.index("without_mask")))
    for epoch in range(3):
        faces.changed(i, always, seed=0, epoch=epoch)
    assert finder.asked == 1


@pytest.mark.parametrize(
    "landmarks",
    [
        (),
        ((0.5, 0.5),) * 5,
        ((0.2, 0.5), (0.4, 0.5), (0.5, 0.5), (0.6, 0.5), (0.8, 0.5)),
        tuple((x + 9, y + 9) for x, y in FACE),
    ],
    ids=["nobody", "a point", "a line", "beside the picture"],
)
def test_where_no_mask_can_be_painted(dataset: Dataset, landmarks: tuple):
    faces = with_finder(dataset, Finder(*landmarks))
    always = Augmentation(**vars(NONE) | {"painted": 1.0})
    for i in range(len(faces)):
        crop, label = faces.changed(i, always, seed=0, epoch=0)
        assert label == faces.labels[i]
        assert (crop == faces.changed(i, NONE, seed=0, epoch=0)[0]).all()


def test_classes_of_ones_own_get_no_masks(tmp_path: Path):
    made = make_dataset(tmp_path, "hat", "without_mask", counts={"train": 4})
    faces = with_finder(made, Finder(*FACE))
    always = Augmentation(**vars(NONE) | {"painted": 1.0})
    assert faces.classes == ("without_mask", "hat")
    for i in range(len(faces)):
        assert faces.changed(i, always, seed=0, epoch=0)[1] == faces.labels[i]


def test_a_mask_on_the_astronaut(tmp_path: Path):
    """Not only on squares: the finder that is shipped finds her eyes, and a mask covers her mouth."""
    from maskcls import images
    from maskcls.data.datasets import Shelf
    from maskcls.data.importing import Plan, import_pictures

    source = write_pictures(tmp_path / "set", ("with_mask", "hat"), {"train": 2})
    (source / "train" / "no_mask").mkdir()
    left, top, right, bottom = (round(side) for side in samples.ASTRONAUT_BOX_XYXY)
    portrait = samples.load("no_mask")[top - 40 : bottom + 40, left - 50 : right + 50]
    (source / "train" / "no_mask" / "1.png").write_bytes(images.encode(portrait))
    told = {name: name for name in ("with_mask", "hat")} | {"no_mask": "without_mask"}
    made = import_pictures(source, Shelf(tmp_path / "datasets"), Plan("tiny", told, cut_scale=1.7))
    faces = Faces(made, "train", Crop(96, 1.3), Registry(tmp_path).finder())
    i = [row.label for row in made.rows].index("without_mask")
    always = Augmentation(**vars(NONE) | {"painted": 1.0})
    crop, label = faces.changed(i, always, seed=0, epoch=0)
    assert faces.classes[label] == "with_mask"
    difference = np.abs(crop.astype(int) - faces.changed(i, NONE, seed=0, epoch=0)[0]).max(axis=2)
    assert (difference[55:75, 35:60] > 10).mean() > 0.5
    assert (difference[:25] > 10).mean() < 0.05


def test_how_faces_are_cut(dataset: Dataset, tmp_path: Path, models_folder: Path):
    registry = Registry(tmp_path, models_folder)
    assert crop_for(dataset, tiny_settings(), registry) == Crop(PX, 1.0)
    assert crop_for(dataset, tiny_settings(start="tiny-3"), registry) == Crop(PX, 1.3)
    wide = make_dataset(tmp_path, "hat", "with_mask", counts={"train": 2}, cut_scale=3)
    assert crop_for(wide, tiny_settings(), registry) == Crop(PX, 1.3)
