"""Folders and archives become data sets: named, split, grouped, whole or not at all."""

import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from maskcls import images, samples
from maskcls.data.datasets import Shelf
from maskcls.data.importing import Plan, import_pictures, look_into
from maskcls.errors import DatasetError, SettingsError
from maskcls.finder.finder import Found


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "home" / "datasets")


def picture(seed: int, side: int = 40) -> bytes:
    """Return a picture that looks like no other."""
    rng = np.random.default_rng(seed)
    return images.encode(
        np.kron(rng.integers(0, 256, (5, 5, 3), np.uint8), np.ones((side // 5, side // 5, 1), np.uint8))
    )


def folder(path: Path, **counts: int) -> Path:
    """Write folders `split__class` of so many pictures each."""
    seed = 0
    for name, count in counts.items():
        place = path.joinpath(*name.split("__"))
        place.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            (place / f"{i}.png").write_bytes(picture(seed))
            seed += 1
    return path


def archive(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return path


def nothing_left(tmp_path: Path) -> bool:
    place = tmp_path / "home" / "datasets"
    return not place.exists() or not list(place.iterdir())


def test_an_empty_folder(tmp_path: Path, shelf: Shelf):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="class folders"):
        import_pictures(tmp_path / "empty", shelf, Plan("mine"))
    assert nothing_left(tmp_path)
    assert shelf.names() == []


def test_class_folders(tmp_path: Path, shelf: Shelf):
    source = folder(tmp_path / "set", WithMask=12, WithoutMask=12)
    told: list[float] = []
    made = import_pictures(source, shelf, Plan("mine"), tell=told.append)
    assert (made.name, made.about.classes, made.about.split_given) == ("mine-1", ("with_mask", "without_mask"), False)
    assert Counter(row.label for row in made.rows) == {"with_mask": 12, "without_mask": 12}
    assert {row.split for row in made.rows} == {"train", "validation", "test"}
    assert told == sorted(told)
    again = shelf.open("mine-1")
    assert again == made
    first = made.rows[0]
    assert (made.path / first.file).read_bytes() == (source / first.source).read_bytes()
    assert (first.width_px, first.height_px) == (40, 40)
    assert import_pictures(source, shelf, Plan("mine")).name == "mine-2"
    assert shelf.names() == ["mine-1", "mine-2"]


def test_splits_that_came_with_it(tmp_path: Path, shelf: Shelf):
    source = folder(
        tmp_path / "set", Train__Mask=8, Train__NoMask=8, Valid__mask=2, Valid__no_mask=2, test__mask=1, test__no_mask=1
    )
    made = import_pictures(source, shelf, Plan("mine"))
    assert made.about.split_given
    assert made.counts() == {
        "train": {"with_mask": 8, "without_mask": 8},
        "validation": {"with_mask": 2, "without_mask": 2},
        "test": {"with_mask": 1, "without_mask": 1},
    }


def test_the_same_from_an_archive(tmp_path: Path, shelf: Shelf):
    source = folder(tmp_path / "set", a=4, b=4)
    entries = {str(path.relative_to(source)): path.read_bytes() for path in source.rglob("*.png")}
    first = import_pictures(source, shelf, Plan("mine"))
    second = import_pictures(archive(tmp_path / "set.zip", entries), shelf, Plan("mine"))
    assert first.rows == second.rows


def test_what_is_left_out_is_named(tmp_path: Path, shelf: Shelf):
    entries = {f"mask/{i}.png": picture(i) for i in range(3)} | {f"no_mask/{i}.png": picture(9 + i) for i in range(3)}
    entries |= {
        "mask/torn.png": b"\x89PNG torn",
        "mask/inner.zip": b"PK",
        "loose.png": picture(50),
        "readme.txt": b"hi",
    }
    entries |= {"../../evil.png": picture(60), "mask/../../../worse.png": picture(61)}
    made = import_pictures(archive(tmp_path / "set.zip", entries), shelf, Plan("mine"))
    reasons = {one["file"]: one["reason"] for one in made.about.skipped}
    assert "torn.png" in reasons["mask/torn.png"]
    assert "unpack it" in reasons["mask/inner.zip"]
    assert "no class folder" in reasons["loose.png"]
    assert len([row for row in made.rows if row.label == "with_mask"]) == 3
    inside = {path.name for path in made.path.rglob("*.png")}
    assert all(len(name) == 68 for name in inside)
    assert not list(tmp_path.parent.glob("*.png"))


def test_who_is_asked(tmp_path: Path, shelf: Shelf):
    source = folder(tmp_path / "set", mask=4, no_mask=4, helmet=4)
    with pytest.raises(DatasetError, match="What do the pictures in helmet show"):
        import_pictures(source, shelf, Plan("mine"))
    assert nothing_left(tmp_path)
    kept = import_pictures(source, shelf, Plan("mine", {"helmet": "helmet"}))
    assert kept.about.classes == ("helmet", "with_mask", "without_mask")
    left_out = import_pictures(source, shelf, Plan("mine", {"helmet": ""}))
    assert left_out.about.classes == ("with_mask", "without_mask")
    with pytest.raises(DatasetError, match="no class folder 'hat'"):
        import_pictures(source, shelf, Plan("mine", {"hat": "x"}))
    with pytest.raises(DatasetError, match="cannot name a class"):
        import_pictures(source, shelf, Plan("mine", {"helmet": "<b>"}))


def test_one_class_is_too_few(tmp_path: Path, shelf: Shelf):
    with pytest.raises(DatasetError, match="only one class"):
        import_pictures(folder(tmp_path / "set", mask=4), shelf, Plan("mine"))


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 80, "x" * 60])
def test_names_that_cannot_be(tmp_path: Path, shelf: Shelf, name: str):
    with pytest.raises(DatasetError, match="name"):
        import_pictures(folder(tmp_path / "set", a=1, b=1), shelf, Plan(name))
    assert nothing_left(tmp_path)


def test_the_second_class_is_unreadable(tmp_path: Path, shelf: Shelf):
    source = folder(tmp_path / "set", a=3)
    (source / "b").mkdir()
    (source / "b" / "torn.png").write_bytes(b"torn")
    with pytest.raises(DatasetError, match="do not show two classes"):
        import_pictures(source, shelf, Plan("mine"))
    assert nothing_left(tmp_path)


def test_names_that_no_terminal_should_see(tmp_path: Path, shelf: Shelf):
    source = folder(tmp_path / "set", a=3, b=3)
    (source / "a" / "\udce9\x1b[31m.png").write_bytes(b"torn")
    made = import_pictures(source, shelf, Plan("mine"))
    (left_out,) = made.about.skipped
    assert "\x1b" not in left_out["file"] + left_out["reason"]
    assert shelf.open("mine-1") == made


def test_a_stray_annotation(tmp_path: Path, shelf: Shelf):
    source = folder(tmp_path / "set", a=3, b=3)
    (source / "a" / "notes.xml").write_text("<note/>")
    assert len(import_pictures(source, shelf, Plan("mine")).rows) == 6


def test_a_verdict_is_no_class(tmp_path: Path, shelf: Shelf):
    with pytest.raises(DatasetError, match="verdict"):
        import_pictures(folder(tmp_path / "set", a=2, b=2), shelf, Plan("mine", {"a": "not_sure"}))


def test_nowhere_to_write(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="cannot be written"):
        import_pictures(folder(tmp_path / "set", a=2, b=2), Shelf(tmp_path / "file" / "datasets"), Plan("mine"))


def test_stopped_half_way(tmp_path: Path, shelf: Shelf):
    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_pictures(folder(tmp_path / "set", a=4, b=4), shelf, Plan("mine"), tell=stop)
    assert nothing_left(tmp_path)


def test_copies_are_grouped(tmp_path: Path, shelf: Shelf):
    source = folder(tmp_path / "set", a=6, b=6)
    (source / "a" / "again.png").write_bytes((source / "b" / "0.png").read_bytes())
    made = import_pictures(source, shelf, Plan("mine"))
    alike = [row for row in made.rows if row.source in ("a/again.png", "b/0.png")]
    assert len({row.group for row in alike}) == len({row.split for row in alike}) == 1
    assert len({row.group for row in made.rows}) == 12


class Finder:
    """Finds the astronaut's face, and nobody in small pictures."""

    def find(self, image_rgb: np.ndarray) -> list[Found]:
        if len(image_rgb) < 100:
            return []
        return [Found(samples.ASTRONAUT_BOX_XYXY, 0.9, np.zeros((5, 2), np.float32))]


def test_faces_are_found_and_cut(tmp_path: Path, shelf: Shelf):
    entries = {
        f"{name}/1.png": images.encode(samples.load(sample))
        for name, sample in (("mask", "mask_worn"), ("no_mask", "no_mask"))
    }
    entries["mask/2.png"] = picture(1)
    made = import_pictures(archive(tmp_path / "set.zip", entries), shelf, Plan("mine", as_faces=False), finder=Finder())
    assert made.about.cut_scale == 1.6
    assert [one["file"] for one in made.about.skipped] == ["mask/2.png"]
    left, top, right, bottom = samples.ASTRONAUT_BOX_XYXY
    side = round(1.6 * max(right - left, bottom - top))
    assert {row.width_px for row in made.rows} == {side}


def test_photographs_with_boxes(tmp_path: Path, shelf: Shelf):
    boxes = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x}</xmin><ymin>10</ymin><xmax>{x + 30}</xmax><ymax>40</ymax>"
        "</bndbox></object>"
        for x, name in ((10, "with_mask"), (60, "mask_weared_incorrect"))
    )
    entries = {
        "train/images/1.png": picture(1, side=100),
        "train/annotations/1.xml": f"<annotation>{boxes}</annotation>".encode(),
    }
    made = import_pictures(archive(tmp_path / "set.zip", entries), shelf, Plan("mine"))
    assert sorted(row.label for row in made.rows) == ["partial_mask", "with_mask"]
    assert {row.split for row in made.rows} <= {"train", "validation", "test"}
    assert {row.width_px for row in made.rows} == {48}


def test_looking_into_what_is_brought(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="empty holds no pictures"):
        look_into(tmp_path / "empty")
    found = look_into(folder(tmp_path / "set", train__WithMask=2, test__with_mask=1, no_mask=3, other=1))
    assert found.folders == {"WithMask": 2, "no_mask": 3, "other": 1, "with_mask": 1}
    assert found.classes == {"WithMask": "with_mask", "with_mask": "with_mask", "no_mask": "without_mask"}
    assert (found.unclear, found.boxed) == (["other"], False)


def test_what_it_came_as(tmp_path: Path, shelf: Shelf):
    made = import_pictures(folder(tmp_path / "tmp123", a=1, b=1), shelf, Plan("mine", source="mine.zip"))
    assert made.about.source == "mine.zip"


@pytest.mark.parametrize("cut_scale", [0.9, 0.0, -1.0, 10.1, float("nan"), float("inf")])
def test_pictures_cannot_show_less_than_their_face(cut_scale: float):
    with pytest.raises(SettingsError, match="A picture shows 1 to 10 times its face"):
        Plan("mine", cut_scale=cut_scale)


@pytest.mark.parametrize("cut_scale", [1.0, 1.5, 10.0])
def test_how_much_pictures_show_around_their_face(tmp_path: Path, shelf: Shelf, cut_scale: float):
    made = import_pictures(folder(tmp_path / "set", a=2, b=2), shelf, Plan("mine", cut_scale=cut_scale))
    assert made.about.cut_scale == shelf.open(made.name).about.cut_scale == cut_scale


def test_faces_that_were_cut_here_show_what_they_were_cut_with(tmp_path: Path, shelf: Shelf):
    entries = {f"{name}/1.png": images.encode(samples.load("no_mask")) for name in ("mask", "no_mask")}
    plan = Plan("mine", as_faces=False, cut_scale=3.0)
    assert import_pictures(archive(tmp_path / "set.zip", entries), shelf, plan, finder=Finder()).about.cut_scale == 1.6


def test_faces_of_one_photograph_stay_together(tmp_path: Path, shelf: Shelf):
    path = tmp_path / "scenes"
    for i in range(8):
        for kind in ("images", "annotations"):
            (path / kind).mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(i)
        small = rng.integers(0, 256, (20, 20, 3), np.uint8)
        (path / "images" / f"{i}.png").write_bytes(images.encode(np.kron(small, np.ones((12, 12, 1), np.uint8))))
        boxes = "".join(
            f"<object><name>{name}</name><bndbox><xmin>{x}</xmin><ymin>20</ymin><xmax>{x + 50}</xmax>"
            "<ymax>80</ymax></bndbox></object>"
            for x, name in ((10, "with_mask"), (90, "without_mask"), (160, "with_mask"))
        )
        (path / "annotations" / f"{i}.xml").write_text(f"<annotation>{boxes}</annotation>")
    (path / "annotations" / "torn.xml").write_text("<annotation>")
    (path / "annotations" / "alone.xml").write_text("<annotation></annotation>")
    made = import_pictures(path, shelf, Plan("mine"))
    by_photo = {row.source.split("#")[0]: set() for row in made.rows}
    for row in made.rows:
        by_photo[row.source.split("#")[0]].add((row.split, row.group))
    assert len(by_photo) == 8
    assert all(len(places) == 1 for places in by_photo.values())
    assert len({row.split for row in made.rows}) == 3
    assert sorted(one["file"] for one in made.about.skipped) == ["annotations/alone.xml", "annotations/torn.xml"]


def test_a_bomb_of_many_entries(tmp_path: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("maskcls.data.importing._MOST_BYTES", 100)
    there = archive(tmp_path / "bomb.zip", {"a/1.png": picture(0), "b/2.png": picture(1)})
    with pytest.raises(DatasetError, match="would fill more than"):
        import_pictures(there, shelf, Plan("mine"))
    assert nothing_left(tmp_path)


def test_too_many_folders(tmp_path: Path):
    there = archive(tmp_path / "many.zip", {f"folder{i}/1.png": b"" for i in range(60)})
    with pytest.raises(DatasetError, match="60 class folders"):
        look_into(there)


@pytest.mark.parametrize("name", ["helmet ", "helmet.", "Schutzhülle"])
def test_a_folder_that_cannot_name_a_class_is_asked_about(tmp_path: Path, shelf: Shelf, name: str):
    there = archive(tmp_path / "own.zip", {f"{name}/1.png": picture(0), "cap/2.png": picture(1)})
    assert look_into(there).unclear == [name]
    with pytest.raises(DatasetError, match="cannot name a class"):
        import_pictures(there, shelf, Plan("mine"))
