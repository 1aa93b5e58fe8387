"""A trained network becomes a version: calibrated, exported, checked, with a card; or nothing at all."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maskcls.cards import PACKAGES, read_card
from maskcls.classifier.second_look import after_second_look
from maskcls.data.datasets import Dataset
from maskcls.engines import KerasEngine, LiteRTEngine
from maskcls.errors import ModelError
from maskcls.export import export_litert
from maskcls.registry import Registry, Version
from maskcls.training.runs import version as module
from maskcls.training.runs.faces import Crop, Faces
from maskcls.training.runs.settings import Settings, read_settings
from maskcls.training.runs.version import make_version, write_figures
from tests.training.runs.conftest import PX, TINY, tiny_settings

pytestmark = pytest.mark.usefixtures("_tiny_architecture")
MASKS = ("with_mask", "without_mask")


def network(*, seed: int = 3) -> Any:
    """Return a network that is far too sure of what it says."""
    import keras

    keras.utils.set_random_seed(seed)
    made = TINY.load().build(classes=2, input_px=PX, dropout=0.3)
    kernel = made.get_layer("logits").kernel
    kernel.assign(30 * kernel)
    return made


def faces_of(dataset: Dataset, **instead: str) -> dict[str, Faces]:
    """Return the faces of each split; of another one `instead`."""
    crop = Crop(PX, 1.0)
    return {split: Faces(dataset, instead.get(split, split), crop) for split in ("train", "validation", "test")}


def settings(**changes: Any) -> Settings:
    return tiny_settings(**{"architecture": "tiny"} | changes)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def logits(model: Any, crops: np.ndarray) -> np.ndarray:
    import keras

    return np.array(keras.Model(model.input, model.get_layer("logits").output)(crops, training=False))


@pytest.fixture(scope="module")
def taught() -> Any:
    return network()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return Registry(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def made(taught: Any, dataset: Dataset, registry: Registry) -> Version:
    asked = settings(start="imagenet")
    return make_version(taught, faces_of(dataset), dataset, asked, registry, run_id="20261121-000000-mine")


def test_it_is_a_version_like_any_other(made: Version, registry: Registry):
    assert (made.name, made.shipped) == ("mine", False)
    assert sorted(path.name for path in made.path.iterdir()) == ["card.json", "model.keras", "model.tflite"]
    assert [one.name for one in registry.versions() if not one.shipped] == ["mine"]
    assert [path.name for path in made.path.parent.iterdir()] == ["mine"]


def test_its_card(made: Version, dataset: Dataset):
    card = read_card(made.path)
    assert (card.name, card.kind, card.title) == ("mine", "classifier", "Tiny, taught with tiny-1")
    assert (card.classes, card.input_px, card.cut_scale) == (MASKS, PX, 1.0)
    assert (card.parent, card.figures) == ("ImageNet weights", {})
    assert card.settings["architecture"] == "tiny"
    assert card.settings["run"] == "20261121-000000-mine"
    assert read_settings(card.settings["training"]) == settings(start="imagenet")
    (data,) = card.data
    assert (data["dataset"], data["pictures"]) == (dataset.name, {"with_mask": 12, "without_mask": 12})
    assert len(data["sha256"]) == 64
    assert set(PACKAGES) == card.packages.keys()
    assert abs((date.fromisoformat(card.created) - date.today()).days) <= 1
    assert "not measured" in card.not_for


def test_it_answers_the_same_everywhere(made: Version, dataset: Dataset, registry: Registry):
    crops = faces_of(dataset)["test"].plain_crops(range(8))
    quick, slow = (
        engine(made.path / file).run(crops)[0]
        for engine, file in ((LiteRTEngine, "model.tflite"), (KerasEngine, "model.keras"))
    )
    assert quick == pytest.approx(slow, abs=1e-4)
    assert np.ptp(quick, axis=0).min() > 0.01
    mirrored = LiteRTEngine(made.path / "model.tflite").run(np.ascontiguousarray(crops[:, :, ::-1]))[0]
    answers = registry.classifier("mine").classify(crops)[0]
    assert answers == pytest.approx(after_second_look(quick, mirrored), abs=1e-6)


def test_it_is_calibrated(made: Version, taught: Any, dataset: Dataset, registry: Registry):
    faces = faces_of(dataset)["validation"]
    crops = faces.plain_crops(range(len(faces)))
    before = logits(taught, crops)
    assert made.card.temperature > 1.5
    # The network itself is left as it was.
    fresh = network()
    for one, other in zip(taught.get_weights(), fresh.get_weights(), strict=True):
        assert (one == other).all()
    after = LiteRTEngine(made.path / "model.tflite").run(crops)[0]
    assert after == pytest.approx(softmax(before / made.card.temperature), abs=1e-3)

    def surprise(shares: np.ndarray) -> float:
        return -float(np.log(shares[np.arange(len(faces)), faces.labels]).mean())

    assert surprise(after) < surprise(softmax(before))
    confidence = registry.classifier("mine").classify(crops)[0].max(axis=1)
    assert 0.5 <= made.card.threshold <= 0.99
    # At most a tenth of them is unsure, but for those less likely than not.
    assert (confidence < made.card.threshold - 1e-4).mean() <= 0.1


@pytest.mark.parametrize("split", ["test", "holiday"])
def test_too_few_faces_to_calibrate_on(
    taught: Any, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split: str
):
    crops = faces_of(dataset)["train"].plain_crops(range(4))
    checked: list[int] = []
    run = LiteRTEngine.run
    monkeypatch.setattr(LiteRTEngine, "run", lambda self, crops: (checked.append(len(crops)), run(self, crops))[1])
    made = make_version(
        taught, faces_of(dataset, validation=split), dataset, settings(), Registry(tmp_path), run_id="a"
    )
    # What is there is checked, if need be the faces that it learnt from.
    assert checked == [8 if split == "test" else 16]
    assert (made.card.temperature, made.card.threshold, made.card.parent) == (1.0, 0.0, None)
    assert LiteRTEngine(made.path / "model.tflite").run(crops)[0] == pytest.approx(
        softmax(logits(taught, crops)), abs=1e-3
    )


def nothing_there(home: Path) -> bool:
    return not list((home / "models").glob("*"))


def test_a_file_that_answers_otherwise(taught: Any, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    other = network(seed=4)
    monkeypatch.setattr(module, "export_litert", lambda _, path: export_litert(other, path))
    with pytest.raises(ModelError, match="answers otherwise than the network"):
        make_version(taught, faces_of(dataset), dataset, settings(), Registry(tmp_path), run_id="a")
    assert nothing_there(tmp_path)


def test_answers_that_are_no_numbers(dataset: Dataset, tmp_path: Path):
    broken = network()
    broken.get_layer("logits").bias.assign([np.nan, 0])
    with pytest.raises(ModelError, match=r"answers otherwise than the network \(by nan\)"):
        make_version(broken, faces_of(dataset, validation="test"), dataset, settings(), Registry(tmp_path), run_id="a")
    assert nothing_there(tmp_path)


def test_a_name_that_is_taken_by_now(taught: Any, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Somebody was quicker; what that one has made stays."""

    def quicker(_: Any, path: Path) -> None:
        path.write_bytes(b"")
        (tmp_path / "models" / "mine").mkdir()
        (tmp_path / "models" / "mine" / "card.json").write_text("theirs")

    monkeypatch.setattr(module, "export_litert", quicker)
    monkeypatch.setattr(module, "_check", lambda *_: None)
    with pytest.raises(ModelError, match="There is a version mine already"):
        make_version(taught, faces_of(dataset), dataset, settings(), Registry(tmp_path), run_id="a")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["mine"]
    assert (tmp_path / "models" / "mine" / "card.json").read_text() == "theirs"


def test_sixteen_bits_become_thirty_two(dataset: Dataset, tmp_path: Path):
    import keras

    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        half = network()
    finally:
        keras.mixed_precision.set_global_policy(before)
    assert half.get_layer("logits").compute_dtype == "float16"
    made = make_version(half, faces_of(dataset), dataset, settings(), Registry(tmp_path), run_id="a")
    there = keras.saving.load_model(made.path / "model.keras", compile=False)
    assert {layer.compute_dtype for layer in there.layers if layer.weights} == {"float32"}
    crops = faces_of(dataset)["test"].plain_crops(range(8))
    answers = np.array(there(crops, training=False))
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert LiteRTEngine(made.path / "model.tflite").run(crops)[0] == pytest.approx(answers, abs=1e-4)


def test_the_same_pictures_have_the_same_hash(dataset: Dataset):
    shuffled = replace(dataset, rows=dataset.rows[::-1])
    fewer = replace(dataset, rows=dataset.rows[1:])
    assert module._provenance(dataset) == module._provenance(shuffled)
    assert module._provenance(dataset)["sha256"] != module._provenance(fewer)["sha256"]


def test_figures(made: Version):
    write_figures(made, "tiny-1", {"alone": {}})
    assert read_card(made.path).figures == {}
    interval: dict[str, Any] = {"accuracy": [0.8, 1.0]}
    alone = {
        "n": 8,
        "accuracy": 0.9,
        "macro_f1": 0.8,
        "ece": 0.1,
        "sure": {"share": 1.0, "accuracy": 0.9},
        "interval95": interval,
        "per_class": {"with_mask": {"f1": 0.7, "precision": 1.0}},
        "reliability": [{"confidence": 0.9, "accuracy": 0.9, "n": 8}],
        "confusion": [[4, 0], [1, 3]],
    }
    write_figures(made, "tiny-1", {"alone": alone})
    card = read_card(made.path)
    assert card.figures["reliability"] == alone["reliability"]
    assert card.figures["tiny-1, test"] == {
        **{name: alone[name] for name in ("n", "accuracy", "macro_f1", "ece", "sure", "interval95")},
        "f1": {"with_mask": 0.7},
    }
    assert replace(card, figures={}) == replace(made.card, figures={})
    assert json.loads((made.path / "card.json").read_text())["figures"] == card.figures
