"""What networks that start from ImageNet weights share: the base laid flat, a small head, where weights come from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
from keras import layers

from maskcls.errors import ModelError


def with_head(
    base: Callable[..., keras.Model],
    crops: keras.KerasTensor,
    prepared: keras.KerasTensor,
    *,
    classes: int,
    dropout: float,
    weights: str | Path | None,
    name: str,
    **options: Any,
) -> keras.Model:
    """Return a network of `base`'s convolutions, pooled, with dropout and one dense layer to the classes.

    Args:
        base: A model of `keras.applications`.
        crops: The input.
        prepared: What the base wants to see of it.
        classes: How many.
        dropout: Share of the features that training hides.
        weights: `"imagenet"` for what keras.applications downloads or has kept, a weights file for the base without
            its top, or None to start from nothing.
        name: Of the network.
        options: More for `base`.

    Raises:
        ModelError: The weights cannot be had, or do not fit.
    """
    try:
        features = base(
            input_tensor=prepared,
            include_top=False,
            weights="imagenet" if weights == "imagenet" else None,
            **options,
        )
    except Exception as error:  # whatever a download runs into
        if weights != "imagenet":
            raise ModelError(f"This network cannot be built so: {error}") from error
        raise ModelError(
            "The ImageNet weights could not be downloaded. Connect to the network, give a file (--weights FILE), or "
            "start from scratch."
        ) from error
    if weights is not None and weights != "imagenet":
        _load(base, features, prepared, Path(weights), options)
    x = layers.GlobalAveragePooling2D(name="means")(features.output)
    logits = layers.Dense(classes, name="logits")(layers.Dropout(dropout)(x))
    return keras.Model(crops, layers.Softmax(name="probabilities")(logits), name=name)


def head(network: keras.Model) -> list[keras.Layer]:
    """Return the layers that are trained first, while the base rests: the last ones, which start from nothing."""
    return [network.get_layer("logits")]


def _load(
    base: Callable[..., keras.Model],
    features: keras.Model,
    prepared: keras.KerasTensor,
    path: Path,
    options: dict[str, Any],
) -> None:
    # Files are for the base by itself; here it has what prepares its input before it.
    alone = base(input_shape=tuple(prepared.shape[1:]), include_top=False, weights=None, **options)
    try:
        alone.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path.name} does not hold weights for this network without its top. {error}") from error
    for layer in alone.layers:
        if layer.weights:
            features.get_layer(layer.name).set_weights(layer.get_weights())
