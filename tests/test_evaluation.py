"""The flow from a data set to its figures, with a finder and a classifier that answer what they are told.

Pictures are painted: the classifier tells red, green and blue apart, so that what reaches it can be checked.
"""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from maskcls import evaluation, images
from maskcls.cards import Card
from maskcls.data.store import Store
from maskcls.errors import DatasetError, ModelError, SettingsError
from maskcls.evaluation import Options
from maskcls.finder.finder import Found
from maskcls.yunet import YuNet

COLOURS = {"with_mask": (255, 0, 0), "without_mask": (0, 255, 0), "partial_mask": (0, 0, 255)}


def a_card(**changes) -> Card:
    settings = {"classes": tuple(COLOURS), "input_px": 32, "threshold": 0.5, **changes}
    return Card("painter", "classifier", **settings)


@dataclass
class FakeClassifier:
    card: Card = field(default_factory=a_card)
    device: str = "paper"
    batches: list[int] = field(default_factory=list)
    crops: list[np.ndarray] = field(default_factory=list)

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.batches.append(len(crops))
        self.crops.extend(crops)
        n_classes = len(self.card.classes)
        answer = crops[:, 16, 16, :n_classes].argmax(1)
        probabilities = np.full((len(crops), n_classes), 0.2 / (n_classes - 1), np.float32)
        probabilities[np.arange(len(crops)), answer] = 0.8
        return probabilities, np.zeros((len(crops), 2, 2, n_classes), np.float32)


@dataclass
class FakeFinder:
    """Finds what it was given, picture by picture."""

    answers: list[list[tuple[tuple, float]]]
    asked: list[dict] = field(default_factory=list)

    def find(self, _image_rgb: np.ndarray, *, min_score: float, min_face_px: int) -> list[Found]:
        self.asked.append({"min_score": min_score, "min_face_px": min_face_px})
        found = self.answers[len(self.asked) - 1]
        return [Found(box, score, np.zeros((5, 2), np.float32)) for box, score in found]


@dataclass
class FakeRegistry:
    its_classifier: FakeClassifier
    its_finder: FakeFinder | None = None

    def classifier(self, name: str | None = None) -> FakeClassifier:
        if name not in (None, "painter"):
            raise ModelError(f"There is no model {name}.")
        return self.its_classifier

    def finder(self) -> FakeFinder:
        if self.its_finder is None:
            raise ModelError("Nobody needs the finder here.")
        return self.its_finder


def painted(colour: str, *, size: tuple[int, int] = (20, 20)) -> bytes:
    return images.encode(np.full((*size, 3), COLOURS[colour], np.uint8))


def write(root: Path, files: dict[str, bytes]) -> Store:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return Store(root)


def voc(*faces: tuple[str, tuple], difficult: int = 0) -> bytes:
    objects = "".join(
        f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>"
        f"<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
        for name, box in faces
    )
    return f"<annotation>{objects}</annotation>".encode()


def scene(*faces: tuple[str, tuple]) -> bytes:
    image_rgb = np.zeros((200, 300, 3), np.uint8)
    for colour, (left, top, right, bottom) in faces:
        image_rgb[top:bottom, left:right] = COLOURS[colour]
    return images.encode(image_rgb)


# ------------------------------------------------------------------ crops


def test_crops_of_nothing(tmp_path: Path):
    with pytest.raises(DatasetError, match="holds no class folders"):
        evaluation.evaluate_crops(Store(tmp_path), FakeClassifier())


def test_crops(tmp_path: Path):
    store = write(
        tmp_path,
        {
            "test/with_mask/1.png": painted("with_mask"),
            "test/with_mask/2.png": painted("without_mask"),
            "test/mask_weared_incorrect/3.png": painted("partial_mask"),
            "train/with_mask/4.png": painted("with_mask"),
        },
    )
    result = evaluation.evaluate(store, FakeRegistry(FakeClassifier()), options=Options(split="test"))
    assert list(result)[:5] == ["kind", "data", "split", "labels", "model"]
    assert (result["kind"], result["split"], result["model"]) == ("crops", "test", "painter")
    assert (result["n"], result["accuracy"]) == (3, pytest.approx(2 / 3))
    assert result["confusion"] == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert result["sure"] == {"share": 1.0, "accuracy": pytest.approx(2 / 3)}
    assert result["ece"] == pytest.approx(0.8 - 2 / 3)
    assert (result["ignored"], result["skipped"]) == ({}, [])
    assert evaluation.evaluate(store, FakeRegistry(FakeClassifier()))["n"] == 4


def test_crops_go_through_in_batches_of_64(tmp_path: Path):
    classifier = FakeClassifier()
    write(tmp_path, {f"with_mask/{number}.png": painted("with_mask") for number in range(70)})
    assert evaluation.evaluate_crops(Store(tmp_path), classifier)["accuracy"] == 1.0
    assert classifier.batches == [64, 6]


def test_crops_that_cannot_be_read_are_named(tmp_path: Path):
    store = write(tmp_path, {"with_mask/bad.jpg": b"no picture", "with_mask/good.png": painted("with_mask")})
    result = evaluation.evaluate_crops(store, FakeClassifier())
    assert result["n"] == 1
    (skipped,) = result["skipped"]
    assert skipped["file"] == "with_mask/bad.jpg"
    assert "with_mask/bad.jpg" in skipped["reason"]


def test_no_crop_can_be_read(tmp_path: Path):
    store = write(tmp_path, {"with_mask/bad.jpg": b"no picture"})
    with pytest.raises(DatasetError, match="None of the pictures"):
        evaluation.evaluate_crops(store, FakeClassifier())


def test_classes_that_the_model_does_not_know(tmp_path: Path):
    store = write(tmp_path, {"with_mask/1.png": painted("with_mask"), "owl/2.png": painted("with_mask")})
    with pytest.raises(
        DatasetError, match=r"has faces of owl, which the model painter does not know.*with_mask, without"
    ):
        evaluation.evaluate_crops(store, FakeClassifier())


def test_a_model_of_two_classes(tmp_path: Path):
    classifier = FakeClassifier(a_card(classes=("with_mask", "without_mask")))
    store = write(tmp_path / "two", {f"{name}/1.png": painted(name) for name in ("with_mask", "without_mask")})
    result = evaluation.evaluate_crops(store, classifier)
    assert result["confusion"] == [[1, 0], [0, 1]]
    store = write(tmp_path / "three", {f"{name}/1.png": painted(name) for name in COLOURS})
    with pytest.raises(DatasetError, match="partial_mask"):
        evaluation.evaluate_crops(store, classifier)


def test_what_is_no_face_is_counted_and_left_out(tmp_path: Path):
    store = write(tmp_path, {"with_mask/1.png": painted("with_mask"), "not_face/2.png": painted("with_mask")})
    result = evaluation.evaluate_crops(store, FakeClassifier())
    assert (result["n"], result["ignored"]) == (1, {"not_face": 1})


def test_small_crops_count_neither_way(tmp_path: Path):
    """A picture of 20 px at a cut of 2 shows a face of 10."""
    files = {"with_mask/1.png": painted("with_mask"), "with_mask/2.png": painted("with_mask", size=(60, 30))}
    result = evaluation.evaluate_crops(
        write(tmp_path, files), FakeClassifier(), options=Options(cut_scale=2, min_face_px=30)
    )
    assert (result["n"], result["ignored"]) == (1, {"too_small": 1})


@pytest.mark.parametrize(
    ("cut_scale", "card_scale", "middle_share"),
    [(1.0, 1.0, 0.5), (2.0, 1.0, 1.0), (2.0, 2.0, 0.5), (1.0, 2.0, 0.25), (1.6, 1.28, 0.5 * 1.6 / 1.28)],
)
def test_crops_are_cut_again_to_the_cards_margin(
    tmp_path: Path, cut_scale: float, card_scale: float, middle_share: float
):
    """A red square on green over half the width: how much of the crop it fills shows where the cut was."""
    image_rgb = np.full((80, 80, 3), COLOURS["without_mask"], np.uint8)
    image_rgb[20:60, 20:60] = COLOURS["with_mask"]
    classifier = FakeClassifier(a_card(cut_scale=card_scale))
    store = write(tmp_path, {"with_mask/1.png": images.encode(image_rgb)})
    evaluation.evaluate_crops(store, classifier, options=Options(cut_scale=cut_scale))
    (crop,) = classifier.crops
    assert crop.shape == (32, 32, 3)
    assert (crop[16, :, 0] > 127).mean() == pytest.approx(middle_share, abs=0.08)
    # Beyond the picture its border goes on, so that nothing is black.
    assert crop.max(-1).min() > 100


def test_a_crop_that_is_not_square_is_not_distorted(tmp_path: Path):
    image_rgb = np.full((80, 40, 3), COLOURS["without_mask"], np.uint8)
    image_rgb[30:50, 10:30] = COLOURS["with_mask"]
    classifier = FakeClassifier()
    evaluation.evaluate_crops(write(tmp_path, {"with_mask/1.png": images.encode(image_rgb)}), classifier)
    red = classifier.crops[0][..., 0] > 127
    assert red.any(0).sum() == pytest.approx(red.any(1).sum(), abs=1) == pytest.approx(8, abs=1)


@pytest.mark.parametrize(
    ("groups", "interval"),
    [(None, [0.25, 1.0]), (["one"] * 4, None), (["one", "one", "two", "two"], [0.5, 1.0])],
)
def test_intervals_are_over_groups(tmp_path: Path, groups: list[str] | None, interval: list | None):
    """Of four pictures one is wrong; the manifest beside the data says which of them are of one photograph."""
    files = {f"with_mask/{i}.png": painted("with_mask" if i else "without_mask") for i in range(4)}
    store = write(tmp_path / "data", files)
    if groups:
        lines = [f"data,{file},with_mask,,,{group}" for file, group in zip(files, groups, strict=True)]
        (tmp_path / "manifest.csv").write_text("\n".join(["archive,file,label,split,source,group", *lines]))
    result = evaluation.evaluate_crops(store, FakeClassifier())
    assert result["accuracy"] == 0.75
    assert result["groups"] == len(set(groups or range(4)))
    assert result["interval95"]["accuracy"] == interval


def test_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Forty pictures with glasses, of which ten are wrong, and one beard."""
    colours = ["without_mask"] * 10 + ["with_mask"] * 31
    names = [f"with_mask/{i}.png" for i in range(41)]
    tags = {PurePosixPath(name): ("glasses",) for name in names[:40]} | {PurePosixPath(names[40]): ("beard",)}
    monkeypatch.setattr("maskcls.evaluation.crops.read_slices", lambda: tags)
    store = write(tmp_path, {name: painted(colour) for name, colour in zip(names, colours, strict=True)})
    slices = evaluation.evaluate_crops(store, FakeClassifier())["slices"]
    assert list(slices) == ["beard", "glasses"]
    assert slices["beard"] == {"n": 1, "accuracy": None, "interval95": None}
    assert (slices["glasses"]["n"], slices["glasses"]["accuracy"]) == (40, 0.75)
    low, high = slices["glasses"]["interval95"]
    assert 0.55 < low < 0.7 < 0.8 < high < 0.95


@pytest.mark.parametrize("settings", [{"cut_scale": 0}, {"cut_scale": float("nan")}, {"min_face_px": -1}])
def test_settings_that_make_no_sense(settings: dict):
    with pytest.raises(SettingsError):
        Options(**settings)


def test_progress_goes_over_the_pictures(tmp_path: Path):
    gone = []

    def track(items):
        for item in items:
            gone.append(item)
            yield item

    evaluation.evaluate_crops(write(tmp_path, {"with_mask/1.png": painted("with_mask")}), FakeClassifier(), track=track)
    assert len(gone) == 1


# ------------------------------------------------------------------ scenes

LEFT, RIGHT, FAR = (10, 10, 70, 70), (100, 10, 160, 70), (220, 100, 280, 160)


def one_scene(root: Path, *truth: tuple[str, tuple], painted_as: tuple | None = None, **voc_settings) -> Store:
    files = {"images/a.png": scene(*(painted_as or truth)), "annotations/a.xml": voc(*truth, **voc_settings)}
    return write(root, files)


def test_a_scene_without_faces_in_which_none_is_found(tmp_path: Path):
    result = evaluation.evaluate_scenes(one_scene(tmp_path), FakeFinder([[]]), FakeClassifier())
    assert (result["pictures"], result["faces"]) == (1, 0)
    assert result["ap50"] is result["map50"] is result["found_faces"]["recall"] is result["compared_finder"] is None
    assert result["true_boxes"]["n"] == result["found_faces"]["n"] == 0


def test_scenes_end_to_end(tmp_path: Path):
    """Three faces: one found, one found but called something else, one not found; and a hit where nothing is."""
    store = one_scene(
        tmp_path,
        ("with_mask", LEFT),
        ("with_mask", RIGHT),
        ("without_mask", FAR),
        painted_as=(("with_mask", LEFT), ("without_mask", RIGHT), ("without_mask", FAR)),
    )
    finder = FakeFinder([[(LEFT, 0.9), (RIGHT, 0.8), ((10, 120, 60, 170), 0.7)]])
    result = evaluation.evaluate(store, FakeRegistry(FakeClassifier(), finder))
    assert (result["kind"], result["pictures"], result["faces"]) == ("scenes", 1, 3)
    assert result["ap50"] == pytest.approx(2 / 3)
    assert result["recall_at_precision_90"] == pytest.approx(2 / 3)
    assert result["finder_ms"] >= 0
    assert (result["true_boxes"]["n"], result["true_boxes"]["accuracy"]) == (3, pytest.approx(2 / 3))
    assert (result["found_faces"]["n"], result["found_faces"]["accuracy"]) == (2, 0.5)
    assert result["found_faces"]["recall"] == pytest.approx(2 / 3)
    # With mask: one of two found. Without: RIGHT is called so and is wrong, FAR is missed. The black hit counts for the
    # first class, with_mask, below the right one.
    assert result["ap50_per_class"] == {"with_mask": pytest.approx(0.5), "without_mask": 0.0, "partial_mask": None}
    assert result["map50"] == pytest.approx(0.25)
    assert finder.asked == [{"min_score": 0.1, "min_face_px": 0}]


def test_doubtful_detections_count_for_the_curve_but_not_for_what_people_see(tmp_path: Path):
    store = one_scene(tmp_path, ("with_mask", LEFT), ("without_mask", RIGHT))
    result = evaluation.evaluate_scenes(store, FakeFinder([[(LEFT, 0.9), (RIGHT, 0.1)]]), FakeClassifier())
    assert result["ap50"] == 1.0
    assert result["map50"] == 1.0
    assert (result["found_faces"]["n"], result["found_faces"]["recall"]) == (1, 0.5)


def test_a_face_with_another_kind_of_box_is_still_found(tmp_path: Path):
    """IoU 0.41: too little for AP at 0.5, enough to be the same face."""
    store = one_scene(tmp_path, ("with_mask", LEFT))
    result = evaluation.evaluate_scenes(store, FakeFinder([[((10, 10, 70, 35), 0.9)]]), FakeClassifier())
    assert result["ap50"] == 0.0
    assert (result["found_faces"]["n"], result["found_faces"]["accuracy"], result["found_faces"]["recall"]) == (
        1,
        1.0,
        1.0,
    )


def test_small_faces_count_neither_way(tmp_path: Path):
    small, speck = (200, 10, 220, 30), (250, 20, 270, 40)
    store = one_scene(tmp_path, ("with_mask", LEFT), ("without_mask", small))
    finder = FakeFinder([[(LEFT, 0.7), (small, 0.9), (speck, 0.8)]])
    result = evaluation.evaluate_scenes(store, finder, FakeClassifier(), options=Options(min_face_px=24))
    assert (result["faces"], result["ap50"], result["map50"]) == (1, 1.0, 1.0)
    assert result["true_boxes"]["n"] == result["found_faces"]["n"] == 1
    assert result["found_faces"]["recall"] == 1.0
    assert finder.asked[0]["min_face_px"] == 16


def test_difficult_faces_count_neither_way(tmp_path: Path):
    store = one_scene(tmp_path, ("with_mask", LEFT), ("without_mask", (5, 5, 5, 5)), difficult=1)
    result = evaluation.evaluate_scenes(store, FakeFinder([[(LEFT, 0.9)]]), FakeClassifier())
    assert (result["faces"], result["ap50"], result["found_faces"]["n"]) == (0, None, 0)


def test_scenes_that_cannot_be_read_are_named(tmp_path: Path):
    store = one_scene(tmp_path, ("with_mask", LEFT))
    write(tmp_path, {"images/b.jpg": b"no picture", "annotations/b.xml": voc(("with_mask", LEFT))})
    result = evaluation.evaluate_scenes(store, FakeFinder([[(LEFT, 0.9)]]), FakeClassifier())
    assert (result["pictures"], result["faces"]) == (1, 1)
    assert [one["file"] for one in result["skipped"]] == ["images/b.jpg"]


def test_scenes_of_classes_that_the_model_does_not_know(tmp_path: Path):
    with pytest.raises(DatasetError, match="owl"):
        evaluation.evaluate_scenes(
            one_scene(tmp_path, ("owl", LEFT), painted_as=(("with_mask", LEFT),)), FakeFinder([]), FakeClassifier()
        )


def test_yunet_runs_on_the_same_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    class FakeYuNet:
        def __init__(self, path: Path) -> None:
            assert path.name == "yunet.onnx"

        def find(self, image_rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            assert image_rgb.shape == (200, 300, 3)
            return np.array([LEFT, RIGHT], np.float32), np.array([0.9, 0.8], np.float32)

    monkeypatch.setattr(evaluation.scenes, "YuNet", FakeYuNet)
    store = one_scene(tmp_path, ("with_mask", LEFT), ("with_mask", RIGHT))
    options = Options(compare_finder=Path("yunet.onnx"))
    result = evaluation.evaluate_scenes(store, FakeFinder([[(LEFT, 0.9)]]), FakeClassifier(), options=options)
    assert (result["ap50"], result["compared_finder"]["ap50"]) == (0.5, 1.0)
    assert set(result["compared_finder"]) == {"ap50", "recall_at_precision_90", "finder_ms"}


@pytest.mark.parametrize("exists", [False, True])
def test_a_yunet_that_is_none(tmp_path: Path, exists: bool):
    path = tmp_path / "yunet.onnx"
    if exists:
        path.write_bytes(b"no network")
    with pytest.raises(ModelError):
        YuNet(path)
