"""Recipes, and the networks that they start with."""

from pathlib import Path

import keras
import numpy as np
import pytest

from maskcls.architectures import maskcls as architecture
from maskcls.backbone import MOBILENET_V2
from maskcls.training.classifier.fitting import Recipe, train
from maskcls.training.classifier.pictures import Picture


def test_the_backbone_is_mobilenet_up_to_its_cut():
    assert Recipe().blocks == MOBILENET_V2[: architecture.CUT + 1]
    assert Recipe(cut=10).blocks == MOBILENET_V2[:11]


def test_a_slimmer_backbone_keeps_its_first_and_its_last_block():
    slim, full = Recipe(inner=0.5).blocks, Recipe().blocks
    assert (slim[0], slim[-1]) == (full[0], full[-1])
    for ours, theirs in zip(slim[1:-1], full[1:-1], strict=True):
        assert (ours.inner * 2, ours.outer, ours.stride) == (theirs.inner, theirs.outer, theirs.stride)


def test_a_training_goes_on_from_another(tmp_path: Path, rng: np.random.Generator):
    """With a rate of nothing the result is what it started from."""
    recipe = Recipe(epochs=1, steps=1, rate=0.0, input_px=32, cut=1)
    start = architecture.build(classes=3, input_px=32, dropout=0.0, blocks=recipe.blocks)
    start.save(tmp_path / "start.keras")
    faces = [Picture(rng.integers(0, 256, (40, 40, 3), np.uint8), label, (1.0, 1.0)) for label in (0, 1)]
    pictures = {("faces.zip", "with_mask"): faces[:1], ("faces.zip", "without_mask"): faces[1:]}
    train(pictures, tmp_path, tmp_path, recipe, start=tmp_path / "start.keras")
    ended = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    for mine, other in zip(ended.get_weights(), start.get_weights(), strict=True):
        assert mine == pytest.approx(other, abs=1e-6)
