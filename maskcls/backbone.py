"""The convolutions that the classifier starts from: MobileNetV2 (Sandler et al., 2018), normalisation folded in."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers


@dataclass(frozen=True)
class Block:
    """One inverted residual of MobileNetV2: widen to `inner` channels, filter each, narrow to `outer`.

    In the first block the stem, a full convolution at stride 2, does the widening.
    """

    inner: int
    outer: int
    stride: int


# MobileNetV2 up to its fifteenth block, as published; what follows it is of no use here.
MOBILENET_V2 = (
    Block(32, 16, 1),
    Block(96, 24, 2),
    Block(144, 24, 1),
    Block(144, 32, 2),
    Block(192, 32, 1),
    Block(192, 32, 1),
    Block(192, 64, 2),
    Block(384, 64, 1),
    Block(384, 64, 1),
    Block(384, 64, 1),
    Block(384, 96, 1),
    Block(576, 96, 1),
    Block(576, 96, 1),
    Block(576, 160, 2),
    Block(960, 160, 1),
)


def backbone(image_rgb: keras.KerasTensor, blocks: tuple[Block, ...]) -> dict[str, keras.KerasTensor]:
    """Return the output of every layer of a MobileNetV2 with these blocks, by name.

    Normalisation is folded into the convolutions, whose biases take its place: this is how the weights come.

    Args:
        image_rgb: `(n, h, w, 3)`, 0 to 255.
        blocks: How many channels each block has.
    """
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(image_rgb)
    x = layers.Conv2D(blocks[0].inner, 3, strides=2, padding="same", activation="relu6", name="stem")(x)
    outputs = {"stem": x}
    for i, block in enumerate(blocks):
        y = x
        if i:
            y = layers.Conv2D(block.inner, 1, activation="relu6", name=f"block_{i}_expand")(y)
            outputs[f"block_{i}_expand"] = y
        y = layers.DepthwiseConv2D(
            3, strides=block.stride, padding="same", activation="relu6", name=f"block_{i}_depthwise"
        )(y)
        outputs[f"block_{i}_depthwise"] = y
        y = layers.Conv2D(block.outer, 1, name=f"block_{i}_project")(y)
        # The first block adds nothing to the stem's answer, however many channels that has.
        x = layers.add([x, y]) if i and block.stride == 1 and x.shape[-1] == block.outer else y
        outputs[f"block_{i}_project"] = y
        outputs[f"block_{i}"] = x
    return outputs


IMAGENET_FILE = "mobilenet_v2_1.0_imagenet_notop.weights.h5"


def imagenet_backbone(weights: str) -> keras.Model:
    """Return the full MobileNetV2 backbone with ImageNet weights, normalisation folded into biases.

    Args:
        weights: A weights file for `keras.applications.MobileNetV2(alpha=1.0, include_top=False)`.
    """
    trained = keras.applications.MobileNetV2(input_shape=(224, 224, 3), include_top=False, weights=None)
    trained.load_weights(weights)
    image = keras.Input((None, None, 3))
    full = keras.Model(image, backbone(image, MOBILENET_V2))
    for layer in full.layers:
        if layer.weights:
            layer.set_weights(_folded(trained, *_published_names(layer.name)))
    return full


def _published_names(name: str) -> tuple[str, str]:
    """Return how keras.applications names a convolution of ours, and the normalisation behind it."""
    if name == "stem":
        return "Conv1", "bn_Conv1"
    block, part = name.rsplit("_", 1)
    prefix = "expanded_conv" if block == "block_0" else block
    return f"{prefix}_{part}", f"{prefix}_{part}_BN"


def _folded(trained: keras.Model, convolution: str, normalisation: str) -> list[np.ndarray]:
    (kernel,) = trained.get_layer(convolution).get_weights()
    layer = trained.get_layer(normalisation)
    gamma, beta, mean, variance = layer.get_weights()
    factor = gamma / np.sqrt(variance + layer.epsilon)
    depthwise = convolution.endswith("depthwise")
    return [kernel * (factor[:, None] if depthwise else factor), beta - mean * factor]
