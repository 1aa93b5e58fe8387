"""From a trained network to a model version with its card: calibrated, exported, checked, and then moved into place."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from scipy.special import softmax

from maskcls.architectures import architecture
from maskcls.cards import Card, made_now, write_card
from maskcls.classifier.second_look import after_second_look
from maskcls.data.datasets import Dataset
from maskcls.data.splits import TRAIN, VALIDATION
from maskcls.engines import LiteRTEngine
from maskcls.errors import ModelError
from maskcls.export import export_litert
from maskcls.registry import Registry, Version
from maskcls.training.classifier.calibration import MOST_UNSURE, SURE_ACCURACY, choose_temperature, choose_threshold
from maskcls.training.runs.faces import Faces
from maskcls.training.runs.learning import logits_of
from maskcls.training.runs.settings import IMAGENET, SCRATCH, Settings

# Of fewer faces neither a temperature nor a threshold can be learnt.
_LEAST_FACES = 20
_CHECKED, _TOLERANCE = 16, 5e-3


def make_version(
    network: keras.Model,
    faces: dict[str, Faces],
    dataset: Dataset,
    settings: Settings,
    registry: Registry,
    *,
    run_id: str,
) -> Version:
    """Make a version of a trained network, whole or not at all.

    Args:
        network: Trained; perhaps in 16 bits, which its files are not.
        faces: Of each split.
        dataset: What it learnt from.
        settings: Of its run.
        registry: Where the version goes.
        run_id: Of its run.

    Raises:
        ModelError: The LiteRT file does not answer like the network, or the name is taken by now.
    """
    network = _in_full(network, faces[TRAIN].classes, settings)
    temperature, threshold = _calibrate(network, faces[VALIDATION], settings)
    card = Card(
        name=settings.name,
        kind="classifier",
        title=f"{architecture(settings.architecture).title}, taught with {dataset.name}",
        classes=faces[TRAIN].classes,
        input_px=settings.input_px,
        cut_scale=round(faces[TRAIN].crop.cut_scale, 4),
        temperature=round(temperature, 4),
        threshold=round(threshold, 4),
        settings={"architecture": settings.architecture, "run": run_id, "training": settings.as_json()},
        data=[_provenance(dataset)],
        parent=_parent(settings),
        not_for="Deciding about a person without another look; identifying anyone. It was taught with one data set: "
        "how it does elsewhere was not measured.",
        **made_now(),
    )
    with registry.draft() as draft:
        network.save(draft / "model.keras")
        export_litert(network, draft / "model.tflite")
        _check(network, draft / "model.tflite", faces)
        write_card(card, draft)
        return registry.add(draft, settings.name)


def write_figures(version: Version, dataset: str, comparison: dict[str, Any]) -> None:
    """Add to a version's card how good it was found to be on the test part of its data set."""
    found = comparison["alone"]
    if not found:
        return
    names = ("n", "accuracy", "macro_f1", "ece", "sure", "interval95")
    f1 = {name: scores["f1"] for name, scores in found["per_class"].items()}
    figures = {f"{dataset}, test": {name: found[name] for name in names} | {"f1": f1}}
    write_card(replace(version.card, figures=figures | {"reliability": found["reliability"]}), version.path)


def _in_full(network: keras.Model, classes: tuple[str, ...], settings: Settings) -> keras.Model:
    """Return the network with weights and answers of 32 bits, on one device."""
    plain = (
        architecture(settings.architecture)
        .load()
        .build(classes=len(classes), input_px=settings.input_px, dropout=settings.dropout)
    )
    plain.set_weights(network.get_weights())
    return plain


def _calibrate(network: keras.Model, validation: Faces, settings: Settings) -> tuple[float, float]:
    """Fold the temperature that fits the validation faces into the network; return it, and the threshold that fits."""
    if len(validation) < _LEAST_FACES:
        return 1.0, 0.0
    inside = keras.Model(network.input, network.get_layer("logits").output)
    views = [logits_of(inside, validation, mirrored=mirrored) for mirrored in (False, True)]
    temperature = choose_temperature(views[0], validation.labels)
    architecture(settings.architecture).fold_temperature(network, temperature)
    probabilities = after_second_look(*(softmax(logits / temperature, axis=1) for logits in views))
    threshold = choose_threshold(probabilities, validation.labels, accuracy=SURE_ACCURACY, most_unsure=MOST_UNSURE)
    # A tie is no answer: whatever its validation faces say, what is less likely than not is not sure.
    return temperature, max(min(threshold, 0.99), 1 / len(validation.classes))


def _check(network: keras.Model, path: Path, faces: dict[str, Faces]) -> None:
    """Raise a `ModelError` where the exported file does not answer like the network."""
    some = faces[VALIDATION] if len(faces[VALIDATION]) else faces[TRAIN]
    crops_rgb = some.plain_crops(range(min(_CHECKED, len(some))))
    expected = network.predict_on_batch(crops_rgb)
    expected = expected[0] if isinstance(expected, list | tuple) else expected
    found = LiteRTEngine(path).run(crops_rgb)[0]
    worst = float(np.abs(np.asarray(expected) - found).max())
    if not worst <= _TOLERANCE:
        raise ModelError(f"The LiteRT file answers otherwise than the network (by {worst:.3f}); nothing was made.")


def _parent(settings: Settings) -> str | None:
    """Return what the weights started from; a file by its name, which says nothing of this machine."""
    if settings.start == SCRATCH:
        return None
    if settings.goes_on:
        return settings.start
    return "ImageNet weights" + ("" if settings.start == IMAGENET else f" ({Path(settings.start).name})")


def _provenance(dataset: Dataset) -> dict[str, Any]:
    digest = hashlib.sha256("".join(sorted(row.sha256 for row in dataset.rows)).encode()).hexdigest()
    return {
        "dataset": dataset.name,
        "source": dataset.about.source,
        "sha256": digest,
        "pictures": dataset.counts().get(TRAIN, {}),
    }
