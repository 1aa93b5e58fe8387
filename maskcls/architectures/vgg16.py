"""VGG16 (Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2015)."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from maskcls.architectures.transfer import head, with_head

__all__ = ["build", "head"]

# Its weights want blue first, and the mean of ImageNet taken off.
_MEANS_BGR = (103.939, 116.779, 123.68)


def build(*, classes: int, input_px: int, dropout: float, weights: str | Path | None = None) -> keras.Model:
    """Return the network, from `(n, input_px, input_px, 3) uint8` to probabilities `(n, classes)`.

    Args:
        classes: How many.
        input_px: Side of the crops.
        dropout: Share of the features that training hides.
        weights: See `transfer.with_head`.

    Raises:
        ModelError: The weights cannot be had, or do not fit.
    """
    crops = keras.Input((input_px, input_px, 3), dtype="uint8", name="crops_rgb")
    return with_head(
        keras.applications.VGG16,
        crops,
        _prepared()(layers.Rescaling(1.0)(crops)),
        classes=classes,
        dropout=dropout,
        weights=weights,
        name="vgg16",
    )


def _prepared() -> keras.Layer:
    """Return a layer that turns RGB to BGR less the means: a convolution whose kernel does just that, and stays."""
    layer = layers.Conv2D(3, 1, name="bgr_less_means")
    layer.build((None, None, None, 3))
    layer.set_weights([np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3), -np.array(_MEANS_BGR, np.float32)])
    layer.trainable = False
    return layer
