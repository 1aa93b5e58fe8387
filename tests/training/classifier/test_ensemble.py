"""What several networks say in the mean, and what that does to the labels of crops."""

from pathlib import Path

import keras
import numpy as np
import pytest

from maskcls.training.classifier import fitting
from maskcls.training.classifier.ensemble import Ensemble
from maskcls.training.classifier.pictures import CropBatches, Picture


def network(path: Path, *, says: list[float]) -> Path:
    """Write a network that says the same of every crop."""
    crops = keras.Input((None, None, 3), dtype="uint8")
    means = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(0.0)(crops))
    answer = keras.layers.Dense(3, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(says))
    keras.Model(crops, [answer(means), means]).save(path)
    return path


def test_the_mean_of_several(tmp_path: Path):
    paths = [network(tmp_path / "a.keras", says=[1, 0, 0]), network(tmp_path / "b.keras", says=[0, 0.5, 0.5])]
    answers = Ensemble(paths, tmp_path)(np.zeros((5, 32, 32, 3), np.uint8))
    assert answers.dtype == np.float32
    assert answers == pytest.approx(np.tile([0.5, 0.25, 0.25], (5, 1)))


def test_no_crops(tmp_path: Path):
    one = Ensemble([network(tmp_path / "a.keras", says=[1, 0, 0])], tmp_path)
    assert one(np.zeros((0, 32, 32, 3), np.uint8)).shape == (0, 3)


def test_a_teacher_softens_the_label_of_the_crop_it_sees():
    pictures = {("faces.zip", "with_mask"): [Picture(np.full((60, 60, 3), 90, np.uint8), 0, (1.6, 1.6))]}
    seen = []

    def teacher(crops: np.ndarray) -> np.ndarray:
        seen.append(crops)
        return np.tile(np.array([0, 1, 0], np.float32), (len(crops), 1))

    crops, truth = CropBatches(pictures, size_px=32, cut_scale=1.3, steps=1, batch=4, teacher=teacher)[0]
    assert np.array_equal(seen[0], crops)
    assert truth.dtype == np.float32
    assert truth == pytest.approx(np.tile([0.3, 0.7, 0.0], (4, 1)))


def test_training_starts_from_the_first_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    teacher = fitting.architecture.build(classes=3, input_px=fitting.INPUT_PX)
    teacher.save(tmp_path / "teacher.keras")
    monkeypatch.setattr(fitting, "fit", lambda *_, **__: None)
    run = tmp_path / "run"
    run.mkdir()
    fitting.train({}, tmp_path, run, epochs=1, steps=1, teachers=[tmp_path / "teacher.keras"])
    student = keras.saving.load_model(run / "model.keras", compile=False)
    for mine, its in zip(student.get_weights(), teacher.get_weights(), strict=True):
        assert np.array_equal(mine, its)
