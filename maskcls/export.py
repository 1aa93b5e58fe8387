"""From a Keras model to LiteRT files. Needs TensorFlow, whose converter does the work."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np


def round_weights(network: keras.Model) -> None:
    """Round the weights to what 16 bits can hold, so that the file with 16-bit weights says what the others say.

    Rounded only there, they moved one probability of 535 validation faces by 0.026; so, none by more than 0.0001.
    """
    network.set_weights([weight.astype(np.float16).astype(weight.dtype) for weight in network.get_weights()])


def export_litert(network: keras.Model, path: Path, *, bits: int = 32, pictures: Sequence[np.ndarray] = ()) -> None:
    """Write `network` as a `.tflite` file, whole or not at all.

    Args:
        network: With one `uint8` picture input; batch and free sizes stay free.
        path: Where to; the folder must exist.
        bits: 32; 16 for weights in 16 bits, half the size and nearly the same answers; 8 for weights and layers'
            outputs in 8 bits (Jacob et al., "Quantization and Training of Neural Networks for Efficient
            Integer-Arithmetic-Only Inference", 2018), a quarter of the size and faster, with answers in about 200
            steps.
        pictures: For 8 bits, some hundred `(n, h, w, 3) uint8` that tell how large the outputs of each layer get.

    Raises:
        ValueError: Other bits, or 8 bits without pictures.
    """
    import tensorflow as tf

    if bits not in (8, 16, 32) or (bits == 8 and not len(pictures)):
        raise ValueError(f"bits must be 32, 16, or 8 with pictures, not {bits} with {len(pictures)}.")
    shape = (None, *network.inputs[0].shape[1:])
    archive = keras.export.ExportArchive()
    archive.track(network)
    archive.add_endpoint("serve", lambda x: network(x, training=False), [tf.TensorSpec(shape, tf.uint8)])
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        _settle_bits(converter, bits, pictures)
        content = converter.convert()
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(content)
    draft.replace(path)


def _settle_bits(converter: Any, bits: int, pictures: Sequence[np.ndarray]) -> None:
    import tensorflow as tf

    if bits < 32:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if bits == 16:
        converter.target_spec.supported_types = [tf.float16]
    if bits == 8:
        converter.representative_dataset = lambda: ([batch] for batch in pictures)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
