"""One training of the classifier, from ImageNet weights to a saved network."""

import logging
from pathlib import Path

import keras

from maskcls.architectures import maskcls as architecture
from maskcls.backbone import IMAGENET_FILE, imagenet_backbone
from maskcls.labels import CLASSES
from maskcls.training.classifier.pictures import CropBatches, Picture
from maskcls.training.loop import fit

log = logging.getLogger(__name__)

CUT_SCALE = 1.3
INPUT_PX = 128
_DROPOUT = 0.3


def train(pictures: dict[tuple[str, str], list[Picture]], weights: Path, run: Path, *, epochs: int, steps: int) -> None:
    """Train on `pictures` from ImageNet weights; the result is `model.keras` in the folder `run`."""
    network = architecture.build(classes=len(CLASSES), input_px=INPUT_PX, dropout=_DROPOUT)
    if not (run / "backup").exists():
        start_from_imagenet(network, weights / IMAGENET_FILE)
    fit(
        keras.Model(network.input, architecture.logits_of(network)),
        lambda first: CropBatches(
            pictures, size_px=INPUT_PX, cut_scale=CUT_SCALE, steps=steps, first_epoch=first, workers=1, max_queue_size=8
        ),
        run,
        loss=smoothed_loss,
        epochs=epochs,
        rate=5e-4,
        saved=network,
    )
    network.save(run / "model.keras")
    log.info("saved %s", run / "model.keras")


def start_from_imagenet(network: keras.Model, weights: Path) -> None:
    """Set the backbone of `network` to ImageNet weights for MobileNetV2 without its top."""
    full = imagenet_backbone(str(weights))
    names = {layer.name for layer in full.layers if layer.weights}
    for layer in network.layers:
        if layer.name in names:
            layer.set_weights(full.get_layer(layer.name).get_weights())


def smoothed_loss(truth: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return cross-entropy with a little doubt about every label: some of them are wrong (Szegedy et al., 2016)."""
    return keras.losses.categorical_crossentropy(truth, logits, from_logits=True, label_smoothing=0.05)
