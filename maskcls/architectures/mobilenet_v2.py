"""MobileNetV2 (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018) and one dense layer."""

from pathlib import Path

import keras
from keras import layers

from maskcls.architectures.transfer import head, with_head

__all__ = ["build", "head"]


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
        keras.applications.MobileNetV2,
        crops,
        layers.Rescaling(1 / 127.5, offset=-1.0)(crops),
        classes=classes,
        dropout=dropout,
        weights=weights,
        name="mobilenet_v2",
    )
