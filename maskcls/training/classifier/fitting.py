"""One training of the classifier, from ImageNet weights or another classifier to a saved network."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from maskcls.architectures import maskcls as architecture
from maskcls.backbone import IMAGENET_FILE, MOBILENET_V2, Block, imagenet_backbone
from maskcls.labels import CLASSES
from maskcls.training.classifier.pictures import CropBatches, Picture
from maskcls.training.loop import fit
from maskcls.training.pruning import start_slim

log = logging.getLogger(__name__)

CUT_SCALE = 1.3
_DROPOUT = 0.3
# Batches that a slimmer backbone is fitted on before it is trained.
_FITTED_BATCHES = 2


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained.

    Attributes:
        epochs: How many.
        steps: Batches of 64 in an epoch.
        rate: Highest learning rate.
        strength: How much chance changes light, camera and box, 1 as usual.
        input_px: Side of the crops.
        cut: Inside which block the backbone ends.
        inner: Share of the channels inside the blocks before it that are kept.
        taught: How much a teacher's word counts beside the label.
        seed: Which crops; another one makes another run.
    """

    epochs: int = 26
    steps: int = 100
    rate: float = 5e-4
    strength: float = 1.0
    input_px: int = 128
    cut: int = architecture.CUT
    inner: float = 1.0
    taught: float = 0.0
    seed: int = 0

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The backbone's blocks, up to the one that is cut."""
        first, *middle, last = MOBILENET_V2[: self.cut + 1]
        return (first, *(replace(block, inner=round(block.inner * self.inner)) for block in middle), last)


def train(
    pictures: dict[tuple[str, str], list[Picture]],
    weights: Path,
    run: Path,
    recipe: Recipe,
    *,
    start: Path | None = None,
    teacher: Callable[[np.ndarray], np.ndarray] | None = None,
) -> None:
    """Train on `pictures`; the result is `model.keras` in the folder `run`.

    Args:
        pictures: By archive and class.
        weights: The folder with the ImageNet weights to start from.
        run: The run's folder.
        recipe: How.
        start: A classifier of the same layers to start from instead.
        teacher: Says of crops `(n, s, s, 3) uint8` how likely each class is, `(n, classes)`; for recipes with one.
    """

    def batches(first_epoch: int) -> CropBatches:
        return CropBatches(
            pictures,
            size_px=recipe.input_px,
            cut_scale=CUT_SCALE,
            steps=recipe.steps,
            first_epoch=first_epoch,
            seed=recipe.seed,
            strength=recipe.strength,
            teacher=teacher,
            taught=recipe.taught,
            workers=1,
            max_queue_size=8,
        )

    network = architecture.build(classes=len(CLASSES), input_px=recipe.input_px, dropout=_DROPOUT, blocks=recipe.blocks)
    if start:
        network.set_weights(keras.saving.load_model(start, compile=False).get_weights())
    elif not (run / "backup").exists():
        start_from_imagenet(network, weights / IMAGENET_FILE, recipe, batches(0))
    fit(
        keras.Model(network.input, architecture.logits_of(network)),
        batches,
        run,
        loss=smoothed_loss,
        epochs=recipe.epochs,
        rate=recipe.rate,
        saved=network,
    )
    network.save(run / "model.keras")
    log.info("saved %s", run / "model.keras")


def start_from_imagenet(network: keras.Model, weights: Path, recipe: Recipe, batches: CropBatches) -> None:
    """Set the backbone of `network` to ImageNet weights for MobileNetV2 without its top, slimmed where it is slim."""
    full = imagenet_backbone(str(weights))
    if recipe.inner < 1:
        crops = np.concatenate([batches[i][0] for i in range(_FITTED_BATCHES)])
        start_slim(network, full, recipe.blocks[: recipe.cut], crops)
    names = {layer.name for layer in full.layers if layer.weights}
    for layer in network.layers:
        if layer.name in names and (recipe.inner == 1 or layer.name.startswith(f"block_{recipe.cut}_")):
            layer.set_weights(full.get_layer(layer.name).get_weights())


def smoothed_loss(truth: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return cross-entropy with a little doubt about every label: some of them are wrong (Szegedy et al., 2016)."""
    return keras.losses.categorical_crossentropy(truth, logits, from_logits=True, label_smoothing=0.05)
