"""The convolutions with normalisation folded in answer as the published network does."""

from pathlib import Path

import keras
import numpy as np

from maskcls.backbone import MOBILENET_V2, imagenet_backbone


def test_folding_the_normalisation_changes_no_answer(tmp_path: Path, rng: np.random.Generator):
    keras.utils.set_random_seed(0)
    published = keras.applications.MobileNetV2(input_shape=(224, 224, 3), include_top=False, weights=None)
    for layer in published.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.get_weights()[0].shape
            layer.set_weights(
                [
                    rng.uniform(0.5, 1.5, shape),
                    rng.normal(0, 0.2, shape),
                    rng.normal(0, 0.1, shape),
                    rng.uniform(0.5, 1.5, shape),
                ]
            )
    published.save_weights(tmp_path / "published.weights.h5")
    folded = imagenet_backbone(str(tmp_path / "published.weights.h5"))
    names = {
        "stem": "Conv1_relu",
        "block_1_expand": "block_1_expand_relu",
        "block_5": "block_5_add",
        "block_14": "block_14_add",
    }
    ours = keras.Model(folded.input, [folded.output[name] for name in names])
    theirs = keras.Model(published.input, [published.get_layer(name).output for name in names.values()])
    image_rgb = rng.integers(0, 256, (1, 224, 224, 3)).astype(np.float32)
    for a, b in zip(ours(image_rgb), theirs(image_rgb / 127.5 - 1), strict=True):
        values, wanted = np.asarray(a), np.asarray(b)
        assert values.shape == wanted.shape
        assert wanted.std() > 1e-4
        assert np.abs(values - wanted).max() < 1e-3 * np.abs(wanted).max()
    assert len(MOBILENET_V2) == 15
