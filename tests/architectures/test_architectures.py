"""Every architecture builds, trains a step, exports to LiteRT with the same answers, and can be explained."""

from pathlib import Path

import numpy as np
import pytest

from maskcls.architectures import ARCHITECTURES, architecture
from maskcls.engines import LiteRTEngine
from maskcls.errors import ModelError, SettingsError
from maskcls.explain.methods import names_for, timed_map
from maskcls.explain.network import Network
from maskcls.explain.question import Question
from maskcls.export import export_litert

PX = 32


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, PX, PX, 3), np.uint8)


def build(name: str, classes: int = 3, **options: object):
    import keras

    keras.utils.set_random_seed(0)
    return architecture(name).load().build(classes=classes, input_px=PX, dropout=0.5, **options)


def answers(network, crops: np.ndarray) -> list[np.ndarray]:
    """Return what a network's outputs say, the probabilities first."""
    outputs = network(crops, training=False)
    return [np.array(one) for one in (outputs if isinstance(outputs, list) else [outputs])]


def test_no_such_architecture():
    with pytest.raises(SettingsError, match="There are: maskcls, mobilenet-v2, vgg16, plain-cnn, grey-cnn"):
        architecture("resnet")


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_from_pictures_to_probabilities(name: str, crops: np.ndarray, tmp_path: Path):
    network = build(name)
    probabilities = answers(network, crops)[0]
    assert probabilities.shape == (6, 3)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    export_litert(network, tmp_path / "model.tflite")
    assert LiteRTEngine(tmp_path / "model.tflite").run(crops)[0] == pytest.approx(probabilities, abs=2e-3)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_what_people_are_told_of_it(name: str):
    import keras

    chosen = architecture(name)
    network = chosen.load().build(classes=3, input_px=chosen.input_px, dropout=chosen.dropout)
    assert network.count_params() == chosen.parameters
    hides = keras.layers.Dropout | keras.layers.SpatialDropout2D
    assert {layer.rate for layer in network.layers if isinstance(layer, hides)} == {chosen.dropout}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("name", ["maskcls", "plain-cnn"])
def test_a_temperature_divides_the_logits(name: str, temperature: float, crops: np.ndarray):
    network = build(name)
    rng = np.random.default_rng(1)
    # As they start, all answers are the same.
    logits = network.get_layer("logits")
    logits.bias.assign(rng.normal(0, 1, 3))
    if name == "maskcls":
        kernel = network.get_layer("evidence").kernel
        kernel.assign(kernel / answers(network, crops)[1].std())
    before = answers(network, crops)
    architecture(name).fold_temperature(network, temperature)
    after = answers(network, crops)
    powers = before[0] ** (1 / temperature)
    assert after[0] == pytest.approx(powers / powers.sum(axis=1, keepdims=True), abs=1e-5)
    assert (np.abs(after[0] - before[0]).max() > 1e-4) == (temperature != 1)
    if name == "maskcls":
        shares = np.exp(after[1].mean(axis=(1, 2)) + np.array(logits.bias))
        assert np.ptp(shares, axis=0).max() > 1e-3
        assert after[0] == pytest.approx(shares / shares.sum(axis=1, keepdims=True), abs=1e-5)


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_a_step_of_training(name: str, crops: np.ndarray):
    import keras

    network = build(name, classes=2)
    head = architecture(name).load().head(network)
    assert head
    logits = keras.Model(network.input, network.get_layer("logits").output)
    # One step, which compiling would take ten times as long as.
    logits.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True)
    before = [weight.copy() for layer in head for weight in layer.get_weights()]
    logits.train_on_batch(crops, np.array([0, 1, 0, 1, 0, 1]))
    after = [weight for layer in head for weight in layer.get_weights()]
    assert any((one != other).any() for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_it_can_be_explained(name: str, crops: np.ndarray):
    network = Network(build(name, classes=2), ("a", "b"))
    assert network.has_evidence == (name == "maskcls")
    question = Question(network, crops[:1], np.array([1]), network.default_layer)
    for by in set(names_for(network)) - {"score-cam", "integrated-gradients", "smooth-grad"}:
        maps, _ = timed_map(by, question)
        assert np.isfinite(maps).all(), by


def test_grey_is_as_published():
    network = build("grey-cnn", classes=2)
    shapes = {layer.name: layer.kernel.shape for layer in network.layers if hasattr(layer, "kernel")}
    assert shapes["conv_1"] == (3, 3, 1, 200)
    assert shapes["conv_2"] == (3, 3, 200, 100)
    assert shapes["hidden"][1] == 50
    assert not network.get_layer("grey").trainable_weights


def test_vgg_sees_what_its_weights_want(crops: np.ndarray):
    import keras

    network = build("vgg16")
    seen = keras.Model(network.input, network.get_layer("bgr_less_means").output).predict(crops, verbose=0)
    assert seen == pytest.approx(keras.applications.vgg16.preprocess_input(crops.astype(np.float32)), abs=1e-3)


@pytest.mark.parametrize(("name", "base"), [("mobilenet-v2", "MobileNetV2"), ("vgg16", "VGG16")])
def test_weights_from_a_file(name: str, base: str, tmp_path: Path):
    import keras

    file = tmp_path / "base.weights.h5"
    keras.utils.set_random_seed(7)
    there = getattr(keras.applications, base)(include_top=False, weights=None, input_shape=(PX, PX, 3))
    there.save_weights(file)
    network = build(name, weights=file)
    for layer in there.layers:
        for weight, other in (
            zip(layer.get_weights(), network.get_layer(layer.name).get_weights(), strict=True) if layer.weights else ()
        ):
            assert (weight == other).all()
    (tmp_path / "torn.weights.h5").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"torn\.weights\.h5 does not hold"):
        build(name, weights=tmp_path / "torn.weights.h5")


def test_no_network(monkeypatch: pytest.MonkeyPatch):
    import keras

    def offline(*_: object, **__: object) -> None:
        raise OSError("URL fetch failure")

    monkeypatch.setattr(keras.applications, "MobileNetV2", offline)
    with pytest.raises(ModelError, match="could not be downloaded"):
        build("mobilenet-v2", weights="imagenet")


def test_weights_of_the_workshop(shared_data: Path):
    file = shared_data.parent / "weights" / "mobilenet_v2_1.0_imagenet_notop.weights.h5"
    assert build("mobilenet-v2", weights=file).get_layer("Conv_1").get_weights()[0].any()
