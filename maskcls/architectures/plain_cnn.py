"""The plain CNN of the tutorials: convolutions and pooling in turn, then a softmax, from scratch on RGB pictures.

Its pattern is LeNet's (LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998), with ReLU and
dropout (Srivastava et al., 2014).
"""

import keras
from keras import layers

_CHANNELS = (32, 64, 128, 128)
_HIDDEN = 128


def build(*, classes: int, input_px: int, dropout: float) -> keras.Model:
    """Return the untrained network, from `(n, input_px, input_px, 3) uint8` to probabilities `(n, classes)`.

    Args:
        classes: How many.
        input_px: Side of the crops.
        dropout: Share of what enters the last two layers that training hides.
    """
    crops = keras.Input((input_px, input_px, 3), dtype="uint8", name="crops_rgb")
    x = layers.Rescaling(1 / 255)(crops)
    for i, channels in enumerate(_CHANNELS, 1):
        x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"conv_{i}")(x)
        x = layers.MaxPooling2D(name=f"pool_{i}")(x)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    x = layers.Dropout(dropout)(layers.Dense(_HIDDEN, activation="relu", name="hidden")(x))
    logits = layers.Dense(classes, name="logits")(x)
    return keras.Model(crops, layers.Softmax(name="probabilities")(logits), name="plain_cnn")


def head(network: keras.Model) -> list[keras.Layer]:
    """Return the layers that come first in fine-tuning: all of them, since nothing is learnt before."""
    return list(network.layers)
