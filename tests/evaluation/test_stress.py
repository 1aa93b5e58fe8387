"""Each face is changed in one way at a time, and the answers are counted by what was changed."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from maskcls import images, report
from maskcls.cards import Card
from maskcls.data.objects import OBJECTS
from maskcls.data.store import Store
from maskcls.errors import DatasetError
from maskcls.evaluation import Options
from maskcls.evaluation.stress import CHANGES, evaluate_stress
from maskcls.finder.cut import cut
from maskcls.finder.finder import Found

CLASSES = ("with_mask", "without_mask", "partial_mask")
# A face of 100 px in a picture of 160, as the finder sees it.
LANDMARKS = np.array([[60, 65], [100, 65], [80, 85], [64, 105], [96, 105]], np.float32)
FACE = Found((30.0, 30.0, 130.0, 130.0), 0.9, LANDMARKS)


@dataclass
class FakeClassifier:
    """Says "with_mask" of a bright crop, else "without_mask"; sure below full white only."""

    card: Card = field(
        default_factory=lambda: Card("painter", "classifier", classes=CLASSES, input_px=32, threshold=0.7)
    )

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probabilities = np.full((len(crops), 3), 0.1, np.float32)
        means = crops.mean(axis=(1, 2, 3))
        probabilities[np.arange(len(crops)), np.where(means > 128, 0, 1)] = np.where(means < 250, 0.8, 0.6)
        return probabilities, np.zeros((len(crops), 2, 2, 3), np.float32)


@dataclass
class FakeFinder:
    found: list[Found]

    def find(self, _image_rgb: np.ndarray) -> list[Found]:
        return self.found


@dataclass
class FakeRegistry:
    found: list[Found]

    def classifier(self, _name: str | None = None) -> FakeClassifier:
        return FakeClassifier()

    def finder(self) -> FakeFinder:
        return FakeFinder(self.found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def write(name: str, level: int) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(images.encode(np.full((160, 160, 3), level, np.uint8)))

    write("test/with_mask/1.png", 160)
    write("test/with_mask/2.png", 90)
    write("test/without_mask/3.png", 60)
    write("test/not_face/4.png", 60)
    write("test/not_face/5.png", 255)
    (tmp_path / "test/with_mask/6.png").write_bytes(b"no picture")
    return tmp_path


def stress(folder: Path, found: list[Found], **options) -> dict:
    with Store(folder) as store:
        return evaluate_stress(store, FakeRegistry(found), options=Options("test", cut_scale=1.6, **options))


def test_no_pictures(tmp_path: Path):
    with pytest.raises(DatasetError, match="no class folders"):
        stress(tmp_path, [])


def test_each_change_has_its_figures(folder: Path):
    result = stress(folder, [FACE])
    assert list(result["rows"]) == [*CHANGES, *(f"drawn {kind} before it" for kind in OBJECTS)]
    plain = result["rows"]["as it is"]
    assert (plain["n"], plain["accuracy"], plain["sure"]) == (3, pytest.approx(2 / 3), {"share": 1, "accuracy": 2 / 3})
    assert plain["interval95"][0] < 2 / 3 < plain["interval95"][1]
    # At night the bright one looks bare too; in too much light the second one looks masked.
    assert result["rows"]["night"]["accuracy"] == pytest.approx(1 / 3)
    assert result["rows"]["too much light"]["accuracy"] == 1
    assert all(result["rows"][f"drawn {kind} before it"]["n"] == 1 for kind in OBJECTS)
    assert [one["file"] for one in result["skipped"]] == ["test/with_mask/6.png"]


def test_what_is_no_face_gets_no_verdict_where_no_face_is_found_or_the_answer_unsure(folder: Path):
    assert stress(folder, [FACE])["not_face"] == {"n": 2, "boxed": 2, "sure": 1}
    assert stress(folder, [])["not_face"] == {"n": 2, "boxed": 0, "sure": 0}


@pytest.mark.parametrize("found", [[], [FACE, FACE], [Found((0.0, 0.0, 40.0, 40.0), 0.9, LANDMARKS)]])
def test_no_object_before_a_face_that_is_not_found_alone(folder: Path, found: list[Found]):
    assert list(stress(folder, found)["rows"]) == list(CHANGES)


@pytest.mark.parametrize(("name", "side"), [("16 px", 26), ("32 px", 51), ("noise", 154), ("grey", 160)])
def test_changes_keep_the_box_on_the_face(rng: np.random.Generator, name: str, side: int):
    image_rgb = rng.integers(0, 256, (160, 160, 3), np.uint8)
    image, box = CHANGES[name](image_rgb, np.array([[30.0, 30, 130, 130]]))
    assert image.shape == (side, side, 3)
    assert box[0] == pytest.approx(np.array([30, 30, 130, 130]) * side / 160)


def test_carelessly_drawn_boxes():
    image_rgb, box = np.zeros((160, 160, 3), np.uint8), np.array([[30.0, 30, 130, 130]])
    assert CHANGES["box 0.8 times"](image_rgb, box)[1][0] == pytest.approx([40, 40, 120, 120])
    assert CHANGES["box aside"](image_rgb, box)[1][0] == pytest.approx([42, 30, 142, 130])


def test_the_report_says_it_in_lines(folder: Path):
    text = report.stress_text(stress(folder, [FACE]))
    assert "as it is" in text
    assert "n    3  accuracy 0.6667" in text
    assert "Not a face: 2 pictures; in 2 of them a face was found, 1 got a verdict" in text
    assert "6.png" in text
    assert "Not a face" not in report.stress_text({**stress(folder, []), "not_face": None})


def test_every_change_changes_the_crop_and_none_loses_the_face(rng: np.random.Generator):
    """A bright face on a dark, coarse texture: each change shows, and the middle stays brighter than the border."""
    coarse = rng.integers(0, 90, (20, 20, 3), np.uint8)
    image_rgb = coarse.repeat(8, axis=0).repeat(8, axis=1)
    image_rgb[56:104, 56:104] += 130
    box = np.array([[30.0, 30, 130, 130]])
    plain = cut(*CHANGES["as it is"](image_rgb, box), size_px=64)[0]
    for name, change in CHANGES.items():
        crop = cut(*change(image_rgb, box), size_px=64)[0]
        if name not in ("as it is", "96 px"):
            assert np.abs(crop.astype(int) - plain).mean() > 1, name
        assert crop[24:40, 24:40].mean() > crop[:4].mean() + 10, name


def test_a_box_that_is_too_high_shows_more_of_what_is_above():
    image_rgb = np.zeros((160, 160, 3), np.uint8)
    image_rgb[:40] = 250
    above = {
        name: cut(*CHANGES[name](image_rgb, np.array([[30.0, 30, 130, 130]])), size_px=64).mean()
        for name in ("box too low", "as it is", "box too high", "box 1.3 times")
    }
    assert above["box too low"] < above["as it is"] < above["box too high"]
    assert above["as it is"] < above["box 1.3 times"]
