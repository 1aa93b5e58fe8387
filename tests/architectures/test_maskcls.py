"""Our classifier explains itself: the evidence adds up to the answer, and Grad-CAM says nothing else.

The network's weights are random but large, so that answers differ and maps have both signs.
"""

import numpy as np
import pytest

from maskcls.architectures import maskcls as architecture

SIDE_PX = 64


@pytest.fixture(scope="module")
def network():
    import keras

    keras.utils.set_random_seed(3)
    network = architecture.build(classes=3, input_px=SIDE_PX, dropout=0.3)
    rng = np.random.default_rng(3)
    for layer in network.layers:  # without normalisation, the usual start would fade out over fifty layers
        if layer.weights and layer.name not in ("logits", "evidence"):
            kernel, bias = layer.get_weights()
            inputs = 9 if layer.name.endswith("depthwise") else np.prod(kernel.shape[:3])
            layer.set_weights([rng.normal(0, np.sqrt(2 / inputs), kernel.shape), bias])
    network.get_layer("logits").set_weights([np.eye(3, dtype=np.float32), rng.normal(0, 1, 3).astype(np.float32)])
    kernel = network.get_layer("evidence").get_weights()[0]
    network.get_layer("evidence").set_weights([rng.normal(0, 0.3, kernel.shape).astype(np.float32)])
    return network


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    coarse = np.random.default_rng(4).integers(0, 256, (4, 8, 8, 3), np.uint8)
    return coarse.repeat(SIDE_PX // 8, axis=1).repeat(SIDE_PX // 8, axis=2)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_outputs(classes: int):
    network = architecture.build(classes=classes, input_px=32, dropout=0.3)
    assert network.input_shape == (None, 32, 32, 3)
    assert network.output_shape == [(None, classes), (None, 2, 2, classes)]


def test_the_evidence_adds_up_to_the_answer(network, crops: np.ndarray):
    probabilities, evidence = network.predict(crops, verbose=0)
    _, bias = network.get_layer("logits").get_weights()
    logits = evidence.mean(axis=(1, 2)) + bias
    assert probabilities == pytest.approx(softmax(logits), abs=1e-5)
    assert np.ptp(logits, axis=0).max() > 0.1
    import keras

    inside = keras.Model(network.input, architecture.logits_of(network)).predict(crops, verbose=0)
    assert inside == pytest.approx(logits, abs=1e-4)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_grad_cam_is_the_evidence_up_to_one_factor(network, crops: np.ndarray, index: int):
    """Selvaraju et al., 2017: channels of the features weighted by the mean gradient of the logit, then ReLU."""
    import keras
    import tensorflow as tf

    features = network.get_layer(f"block_{architecture.CUT}_expand").output
    model = keras.Model(network.input, [features, architecture.logits_of(network), network.outputs[1]])
    with tf.GradientTape() as tape:
        activations, logits, evidence = model(crops, training=False)
        wanted = logits[:, index]
    gradients = tape.gradient(wanted, activations)
    weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
    grad_cam = tf.nn.relu(tf.reduce_sum(weights * activations, axis=-1)).numpy()
    ours = np.maximum(evidence.numpy()[..., index], 0)
    assert (ours > 0).any(axis=(1, 2)).all()
    assert (ours == 0).any()
    for mine, theirs in zip(ours, grad_cam, strict=True):
        factor = mine.max() / theirs.max()
        assert factor == pytest.approx(mine.size, rel=1e-3)  # the number of cells: a mean was derived
        assert theirs * factor == pytest.approx(mine, abs=1e-4 * float(mine.max()))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.3])
def test_fold_temperature(network, crops: np.ndarray, temperature: float):
    import keras

    folded = keras.models.clone_model(network)
    folded.set_weights(network.get_weights())
    architecture.fold_temperature(folded, temperature)
    before, evidence_before = network.predict(crops, verbose=0)
    after, evidence = folded.predict(crops, verbose=0)
    logits = evidence_before.mean(axis=(1, 2)) + network.get_layer("logits").get_weights()[1]
    assert after == pytest.approx(softmax(logits / temperature), abs=1e-5)
    assert evidence == pytest.approx(evidence_before / temperature, abs=1e-4)
    assert (after.argmax(1) == before.argmax(1)).all()
    assert np.array_equal(folded.get_layer("logits").get_weights()[0], np.eye(3))
    assert after == pytest.approx(
        softmax(evidence.mean(axis=(1, 2)) + folded.get_layer("logits").get_weights()[1]), abs=1e-5
    )


def test_training_keeps_the_bias_kernel_the_identity(crops: np.ndarray):
    import keras

    keras.utils.set_random_seed(0)
    network = architecture.build(classes=3, input_px=SIDE_PX, dropout=0.3)
    trained = keras.Model(network.input, architecture.logits_of(network))
    trained.compile(
        optimizer=keras.optimizers.AdamW(0.05, weight_decay=0.1, use_ema=True),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        run_eagerly=True,  # tracing the graph would take longer than these two steps
    )
    bias_before = network.get_layer("logits").get_weights()[1]
    evidence_before = network.get_layer("evidence").get_weights()[0]
    for _ in range(2):
        trained.train_on_batch(crops, np.array([0, 1, 2, 0]))
    kernel, bias = network.get_layer("logits").get_weights()
    assert np.array_equal(kernel, np.eye(3))
    assert not np.array_equal(bias, bias_before)
    assert not np.array_equal(network.get_layer("evidence").get_weights()[0], evidence_before)
