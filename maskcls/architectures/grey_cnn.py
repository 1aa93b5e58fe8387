"""The grey CNN of many early mask projects, as published: two wide convolutions on grey pictures of 100 × 100.

Convolution of 200, pooling, convolution of 100, pooling, flattened, dropout, a dense layer of 50, a softmax; it is
trained with categorical cross-entropy and Adam. Grey is made inside the network, by the weights of luma in BT.601.
"""

import keras
import numpy as np
from keras import layers

_LUMA = (0.299, 0.587, 0.114)


def build(*, classes: int, input_px: int, dropout: float) -> keras.Model:
    """Return the untrained network, from `(n, input_px, input_px, 3) uint8` to probabilities `(n, classes)`.

    Args:
        classes: How many.
        input_px: Side of the crops; 100 as published.
        dropout: Share of the flattened features that training hides.
    """
    crops = keras.Input((input_px, input_px, 3), dtype="uint8", name="crops_rgb")
    grey = _grey()(layers.Rescaling(1 / 255)(crops))
    x = layers.MaxPooling2D(name="pool_1")(layers.Conv2D(200, 3, activation="relu", name="conv_1")(grey))
    x = layers.MaxPooling2D(name="pool_2")(layers.Conv2D(100, 3, activation="relu", name="conv_2")(x))
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    x = layers.Dense(50, activation="relu", name="hidden")(x)
    logits = layers.Dense(classes, name="logits")(x)
    return keras.Model(crops, layers.Softmax(name="probabilities")(logits), name="grey_cnn")


def head(network: keras.Model) -> list[keras.Layer]:
    """Return the layers that come first in fine-tuning: all of them, since nothing is learnt before."""
    return list(network.layers)


def _grey() -> keras.Layer:
    """Return a layer that only weighs the colours: a convolution whose kernel is, and stays, that of luma."""
    layer = layers.Conv2D(1, 1, use_bias=False, name="grey")
    layer.build((None, None, None, 3))
    layer.set_weights([np.array(_LUMA, np.float32).reshape(1, 1, 3, 1)])
    layer.trainable = False
    return layer
