"""One explanation holds all that is said of a map, and goes out as JSON and as an archive."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maskcls import samples
from maskcls.analysis import analyse, crop_of, heat
from maskcls.classifier.second_look import after_second_look
from maskcls.errors import SettingsError
from maskcls.explain.explanation import explain_face
from maskcls.explain.methods import names_for
from maskcls.explain.network import Network, open_version
from maskcls.explain.regions import of_face
from maskcls.face import Face
from maskcls.registry import Registry
from tests.conftest import classifier_card, write_version
from tests.explain.conftest import PX


@pytest.fixture
def face() -> Face:
    landmarks = np.array([[3, 3], [5, 3], [4, 4], [3.2, 5], [4.8, 5]], np.float32)
    evidence = np.zeros((1, 1, 2), np.float32)
    return Face((0, 0, 8, 8), 0.9, landmarks, {"red": 0.6, "green": 0.4}, evidence, (0.0, 0.0, 8.0, 8.0))


def test_nothing_speaks_for_it(pooled: Network, face: Face):
    black = np.zeros((PX, PX, 3), np.uint8)
    found = explain_face(pooled, face, black, name="red", by="grad-cam", layer="features")
    assert found.is_empty
    assert found.sentence == "No positive evidence for “red”."
    assert set(found.as_json()["regions"].values()) == {0.0}


def test_all_that_is_said(pooled: Network, face: Face, crop: np.ndarray):
    told = []
    found = explain_face(
        pooled,
        face,
        crop,
        name="red",
        by="score-cam",
        layer="features",
        ignorant=pooled.randomised(),
        tell=told.append,
    )
    assert (found.method, found.name, found.layer, found.is_empty) == ("score-cam", "red", "features", False)
    assert found.took_ms > 0
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    said = found.as_json()
    assert set(said) == {
        "class",
        "insertion",
        "deletion",
        "average_drop",
        "likeness_to_random",
        "regions",
        "sentence",
    }
    assert sum(said["regions"].values()) == pytest.approx(1, abs=1e-3)
    assert "hottest fifth" in said["sentence"]
    with np.load(io.BytesIO(found.as_npz())) as archive:
        assert (archive["heat"] == found.heat).all()
        assert (str(archive["method"]), str(archive["class"]), str(archive["layer"])) == (
            "score-cam",
            "red",
            "features",
        )


def test_without_landmarks_and_layers(pooled: Network, face: Face, crop: np.ndarray):
    drawn = Face(face.box_xyxy, 1.0, None, face.probabilities, face.evidence, face.crop_xyxy)
    found = explain_face(pooled, drawn, crop, name="green", by="occlusion", layer="features")
    assert found.layer is None
    assert found.as_json()["regions"] is None
    assert found.as_json()["likeness_to_random"] is None


@pytest.mark.parametrize(("side", "same"), [(8, True), (128, False)])
def test_single_pixels_melt_into_spots(pooled: Network, face: Face, crop: np.ndarray, side: int, same: bool):
    found = explain_face(pooled, face, crop, name="red", by="grad-cam", layer="features")
    heat = np.zeros((side, side), np.float32)
    heat[side // 2, side // 2], heat[0, 0] = 1, -1
    seen = replace(found, heat=heat).visible
    assert (seen is heat or (seen == heat).all()) == same
    assert seen[side // 2, side // 2] == seen.max() > 0


def test_no_such_method(pooled: Network, face: Face, crop: np.ndarray):
    with pytest.raises(SettingsError, match="no method 'x-ray'"):
        explain_face(pooled, face, crop, name="red", by="x-ray", layer="features")


def test_crop(face: Face):
    image_rgb = np.zeros((8, 8, 3), np.uint8)
    image_rgb[:4] = 200
    crop = crop_of(face, image_rgb, size_px=4)
    assert crop[:2].min() == 200
    assert crop[2:].max() == 0


def test_a_version_of_another_kind_from_photo_to_words(tmp_path: Path):
    """Convolutions wrapped as a layer, with a Flatten head and no evidence, answer and are explained like ours."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    stack = [layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(16, 3, activation="relu")]
    inner = keras.Sequential([keras.Input((32, 32, 3)), *stack, layers.MaxPooling2D()])
    crops = keras.Input((32, 32, 3), dtype="uint8")
    x = layers.Dense(8, activation="relu")(layers.Flatten()(inner(layers.Rescaling(1 / 255)(crops))))
    card = {**classifier_card("hat", "no_hat"), "threshold": 0.0}
    model = keras.Model(crops, layers.Dense(2, activation="softmax")(x))
    write_version(tmp_path / "models" / "wrapped-1", model, **card)
    registry = Registry(tmp_path)
    classifier, network = registry.classifier("wrapped-1"), open_version(registry.version("wrapped-1"))
    image_rgb = samples.load("no_mask")
    (found,) = analyse(image_rgb, registry.finder(), classifier)
    assert found.evidence.shape == (0, 0, 2)
    assert not heat(found, "hat").size
    assert of_face(found) is None
    crop_rgb = crop_of(found, image_rgb, size_px=32)
    looks = (network.probabilities(view[None]) for view in (crop_rgb, crop_rgb[:, ::-1]))
    assert list(found.probabilities.values()) == pytest.approx(after_second_look(*looks)[0], abs=1e-4)
    for by in names_for(network):
        told = explain_face(network, found, crop_rgb, name=found.label, by=by, layer=network.default_layer)
        assert told.sentence
        assert np.isfinite(told.heat).all()
    assert "evidence" not in names_for(network)
