"""Where a run's weights come from: nothing, ImageNet, or a version whose classes it may know already."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from maskcls.architectures import architecture
from maskcls.errors import ModelError
from maskcls.training.runs.settings import IMAGENET, Settings, is_file

if TYPE_CHECKING:
    from maskcls.registry import Registry, Version

# The layers that have a part for each class.
BY_CLASS = ("evidence", "logits")


def build(settings: Settings, classes: Sequence[str], registry: "Registry") -> keras.Model:
    """Return the network to train.

    Args:
        settings: Of the run.
        classes: In the order of its outputs.
        registry: Where the version lies that it goes on from.

    Raises:
        ModelError: The weights to start from cannot be had, or do not fit.
    """
    keras.utils.set_random_seed(settings.seed)
    chosen = architecture(settings.architecture)
    shape = {"classes": len(classes), "input_px": settings.input_px, "dropout": settings.dropout}
    if settings.start == IMAGENET:
        return chosen.load().build(**shape, weights=IMAGENET)
    if is_file(settings.start):
        return chosen.load().build(**shape, weights=Path(settings.start))
    network = chosen.load().build(**shape)
    if settings.goes_on:
        take_weights(network, classes, registry.version(settings.start))
    return network


def take_weights(network: keras.Model, classes: Sequence[str], version: "Version") -> None:
    """Give a network what a version of the same architecture knows, its classes by their names.

    Args:
        network: Just built.
        classes: In the order of its outputs.
        version: Whose weights.

    Raises:
        ModelError: The version cannot be loaded, or is another network.
    """
    try:
        known = keras.saving.load_model(version.path / "model.keras", compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{version.name} cannot be opened to go on from. Start from another version.") from error
    there = {layer.name: layer for layer in known.layers}
    for layer in network.layers:
        if not layer.weights:
            continue
        weights = there[layer.name].get_weights() if layer.name in there else []
        try:
            if layer.name in BY_CLASS:
                _take_classes(layer, weights, classes, version.card.classes)
            else:
                layer.set_weights(weights)
        except ValueError as error:
            message = f"{version.name} is another network than this one at {layer.name}. Start from scratch."
            raise ModelError(message) from error


def _take_classes(
    layer: keras.Layer, weights: Sequence[np.ndarray], classes: Sequence[str], known: Sequence[str]
) -> None:
    """Set the parts of the classes that are known; a new class keeps what it starts with."""
    shared = [name for name in classes if name in known]
    to, source = [classes.index(name) for name in shared], [known.index(name) for name in shared]
    for variable, old in zip(layer.weights, weights, strict=True):
        # The identity in front of our bias is the same for any number of classes.
        if variable.trainable:
            values = np.array(variable)
            values[..., to] = old[..., source]
            variable.assign(values)
