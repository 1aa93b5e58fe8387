"""A network laid open answers as it did, gives gradients as TensorFlow would, and knows what is inside its layers."""

from pathlib import Path

import numpy as np
import pytest

from maskcls.engines import LiteRTEngine
from maskcls.errors import ModelError, SettingsError
from maskcls.explain.network import Network, open_version
from maskcls.registry import Registry
from tests.explain.conftest import PX


def vgg_in_a_layer(px: int = 32) -> Network:
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    inner = keras.applications.VGG16(include_top=False, weights=None, input_shape=(px, px, 3))
    crops = keras.Input((px, px, 3), dtype="uint8")
    x = layers.Flatten()(inner(layers.Rescaling(1 / 255)(crops)))
    return Network(keras.Model(crops, layers.Dense(2, activation="softmax")(x)), ("a", "b"))


def mobilenet_in_a_sequence(px: int = 64) -> Network:
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    inner = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(px, px, 3), alpha=0.35)
    whole = [keras.Input((px, px, 3)), layers.Rescaling(1 / 127.5, -1.0), inner, layers.GlobalAveragePooling2D()]
    return Network(keras.Sequential([*whole, layers.Dense(3), layers.Activation("softmax")]), ("a", "b", "c"))


@pytest.fixture(scope="module")
def shipped() -> Network:
    return open_version(Registry().at_work())


def test_no_pictures(pooled: Network):
    nothing = np.zeros((0, PX, PX, 3), np.uint8)
    assert pooled.logits(nothing).shape == (0, 2)
    activations, gradients = pooled.gradients(nothing, np.zeros(0, int), "features")
    assert activations.shape == gradients.shape == (0, PX, PX, 3)


def test_logits_and_probabilities_by_hand(pooled: Network, crop: np.ndarray):
    red = green = 4 / PX**2
    assert pooled.logits(crop[None])[0] == pytest.approx([red, green - 0.5 * red])
    shares = np.exp(pooled.logits(crop[None]))
    assert pooled.probabilities(crop[None]) == pytest.approx(shares / shares.sum())


def test_more_than_a_batch(pooled: Network, rng: np.random.Generator):
    many = rng.integers(0, 256, (70, PX, PX, 3), np.uint8)
    assert pooled.logits(many) == pytest.approx(np.concatenate([pooled.logits(one[None]) for one in many]), abs=1e-6)


def test_gradients_by_hand(pooled: Network, crop: np.ndarray):
    activations, gradients = pooled.gradients(np.stack([crop, crop]), np.array([0, 1]), "features")
    assert activations == pytest.approx(np.stack([crop, crop]) / 255)
    assert gradients[0, 3, 3] == pytest.approx([1 / 64, 0, 0])
    assert gradients[1, 5, 2] == pytest.approx([-0.5 / 64, 1 / 64, 0])
    logits, pixels = pooled.input_gradients(crop[None], np.array([0]))
    assert logits == pytest.approx([4 / 64])
    # At black, where a ReLU has no slope, there is none.
    assert pixels[0, 0, 0, 0] == pytest.approx(1 / 64 / 255)


@pytest.mark.parametrize(
    ("build", "layer", "cells"),
    [(vgg_in_a_layer, "vgg16/block5_conv3", 2), (mobilenet_in_a_sequence, "mobilenetv2_0.35_64/out_relu", 2)],
)
def test_a_network_in_a_layer(build, layer: str, cells: int, rng: np.random.Generator):
    network = build()
    crops = rng.integers(0, 256, (2, network.input_px, network.input_px, 3), np.uint8)
    assert network.default_layer == layer
    assert network.probabilities(crops) == pytest.approx(network.model.predict(crops, verbose=0), abs=1e-5)
    activations, gradients = network.gradients(crops, np.array([0, 1]), layer)
    assert activations.shape == gradients.shape
    assert activations.shape[:3] == (2, cells, cells)
    assert np.abs(gradients).max() > 0


def test_gradients_inside_a_layer_equal_those_of_a_tape(rng: np.random.Generator):
    import tensorflow as tf

    network = vgg_in_a_layer()
    crops = rng.integers(0, 256, (1, 32, 32, 3), np.uint8)
    inner, dense = network.model.layers[2], network.model.layers[-1]
    features = tf.Variable(network.activations(crops, "vgg16/block5_conv3"))
    with tf.GradientTape() as tape:
        logit = (tf.reshape(inner.get_layer("block5_pool")(features), (1, -1)) @ dense.kernel + dense.bias)[0, 1]
    expected = tape.gradient(logit, features).numpy()
    assert network.gradients(crops, np.array([1]), "vgg16/block5_conv3")[1] == pytest.approx(expected, abs=1e-6)
    assert network.logits(crops)[0, 1] == pytest.approx(float(logit), abs=1e-5)


def test_our_own_answers_as_before(shipped: Network, rng: np.random.Generator):
    crops = rng.integers(0, 256, (3, shipped.input_px, shipped.input_px, 3), np.uint8)
    # One look of the network itself.
    probabilities, evidence = LiteRTEngine(Registry().at_work().path / "model.tflite").run(crops)
    assert shipped.probabilities(crops) == pytest.approx(probabilities, abs=2e-3)
    assert shipped.evidence(crops) == pytest.approx(evidence, abs=0.05)
    assert (shipped.has_evidence, shipped.default_layer) == (True, "block_13_expand")
    assert {layer.kind for layer in shipped.layers}.isdisjoint({"Dropout", "SpatialDropout2D", "InputLayer"})


def test_what_there_is_not(pooled: Network, crop: np.ndarray):
    assert not pooled.has_evidence
    with pytest.raises(ModelError, match="no evidence map"):
        pooled.evidence(crop[None])
    with pytest.raises(SettingsError, match="no layer 'nose'"):
        pooled.gradients(crop[None], np.array([0]), "nose")
    with pytest.raises(SettingsError, match="no place in the picture"):
        pooled.gradients(crop[None], np.array([0]), "logits")


def test_no_classifier():
    import keras

    crops = keras.Input((PX, PX, 3))
    with pytest.raises(ModelError, match="probabilities of 2 classes"):
        Network(keras.Model(crops, keras.layers.Conv2D(2, 1)(crops)), ("a", "b"))
    means = keras.layers.GlobalAveragePooling2D()(crops)
    with pytest.raises(ModelError, match="softmax"):
        Network(keras.Model(crops, keras.layers.Dense(2, activation="sigmoid")(means)), ("a", "b"))
    with pytest.raises(ModelError, match="no convolution"):
        _ = Network(keras.Model(crops, keras.layers.Dense(2, activation="softmax")(means)), ("a", "b")).default_layer


def test_shuffled_weights_know_nothing(shipped: Network, rng: np.random.Generator):
    crops = rng.integers(0, 256, (2, shipped.input_px, shipped.input_px, 3), np.uint8)
    before = shipped.probabilities(crops)
    blind = shipped.randomised()
    assert [layer.shape for layer in blind.layers] == [layer.shape for layer in shipped.layers]
    assert np.abs(blind.probabilities(crops) - before).max() > 0.01
    assert shipped.probabilities(crops) == pytest.approx(before)
    assert blind.probabilities(crops) == pytest.approx(shipped.randomised().probabilities(crops))
    # The kernel of the bias passes on what it gets, and was never learnt: every class keeps its own evidence.
    assert (np.asarray(blind.layer("logits").kernel) == np.eye(3)).all()
    for label in range(3):
        assert np.abs(blind.gradients(crops, np.full(2, label), blind.default_layer)[1]).max() > 0


def test_what_was_never_learnt_stays():
    from maskcls.architectures import vgg16

    network = Network(vgg16.build(classes=2, input_px=32, dropout=0.5), ("a", "b"))
    given = network.randomised().layer("bgr_less_means").get_weights()
    assert (given[0] == network.layer("bgr_less_means").get_weights()[0]).all()


def test_a_damaged_file(tmp_path: Path):
    version = Registry().at_work()
    damaged = type(version)(tmp_path, version.card, shipped=False)
    (tmp_path / "model.keras").write_bytes(b"PK no zip")
    with pytest.raises(ModelError, match="Restore it"):
        open_version(damaged)
