"""Train the face finder: `python -m maskcls.training.finder --help`."""

import logging
from pathlib import Path

import click
import keras
import numpy as np

from maskcls.backbone import imagenet_backbone
from maskcls.finder import network
from maskcls.training.finder import targets
from maskcls.training.finder.pictures import CropBatches, Picture, load_pictures
from maskcls.training.finder.pruning import start_slim
from maskcls.training.finder.teacher import Teacher
from maskcls.training.loop import fit

log = logging.getLogger("maskcls.training.finder")

_FROZEN_BLOCKS = 3
_IMAGENET = "mobilenet_v2_1.0_imagenet_notop.weights.h5"


@click.command()
@click.option(
    "--scenes",
    type=click.Path(path_type=Path, exists=True),
    default="../shared/data/scenes.zip",
    show_default=True,
    help="Photographs with Pascal-VOC boxes.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path, exists=True),
    default="../shared/weights",
    show_default=True,
    help="Folder with the ImageNet weights to start from and the teacher.",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    default=".maskcls/runs/finder",
    show_default=True,
    help="Where checkpoints and the result go; a run that stopped goes on from there.",
)
@click.option("--cycles", default=2, show_default=True, help="How often the learning rate falls from its highest.")
@click.option("--epochs", default=24, show_default=True, help="Epochs in a cycle.")
@click.option("--steps", default=140, show_default=True, help="Batches in an epoch.")
def main(scenes: Path, weights: Path, run: Path, cycles: int, epochs: int, steps: int) -> None:
    """Train the face finder on photographs with boxes, with YuNet as teacher for landmarks and for unlabelled faces."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    keras.utils.set_random_seed(0)
    run.mkdir(parents=True, exist_ok=True)
    teacher = Teacher(weights / "yunet_n_dynamic.onnx")
    pictures = load_pictures(scenes, teacher, split="train", answers=run / "teacher.npz")
    faces = sum(len(truth.boxes_xyxy) for _, truth in pictures)
    known = sum(int((~np.isnan(truth.landmarks[:, 0, 0])).sum()) for _, truth in pictures)
    log.info("%d pictures, %d faces, %d with landmarks", len(pictures), faces, known)
    finder = network.build()
    if not any((run / "cycle-1" / name).exists() for name in ("backup", "model.keras")):
        start_from_imagenet(finder, weights / _IMAGENET, pictures)
    freeze_first_blocks(finder)
    for cycle in range(cycles):
        run_cycle(finder, pictures, run / f"cycle-{cycle + 1}", first=cycle * epochs, epochs=epochs, steps=steps)
    finder.save(run / "model.keras")
    log.info("saved %s", run / "model.keras")


def start_from_imagenet(finder: keras.Model, weights: Path, pictures: list[Picture]) -> None:
    """Set the backbone to a slimmed MobileNetV2, refitted on some of the pictures."""
    calibration = CropBatches(pictures, steps=4, first_epoch=10_000)
    crops = np.concatenate([calibration[i][0][:, ::2, ::2] for i in range(1, 4)])
    start_slim(finder, imagenet_backbone(str(weights)), network.slim(), crops)
    log.info("backbone pruned and refitted")


def run_cycle(
    finder: keras.Model, pictures: list[Picture], folder: Path, *, first: int, epochs: int, steps: int
) -> None:
    """Train on from where `finder` stands, the learning rate falling once (Loshchilov and Hutter, "SGDR", 2017).

    A cycle that has ended is not run again: its result is loaded.
    """
    result = folder / "model.keras"
    if result.exists():
        finder.set_weights(keras.saving.load_model(result, compile=False).get_weights())
        return
    folder.mkdir(exist_ok=True)
    fit(
        keras.Model(finder.input, _joined(finder.outputs)),
        lambda done: CropBatches(pictures, steps=steps, first_epoch=first + done, workers=1, max_queue_size=8),
        folder,
        loss=targets.detection_loss,
        epochs=epochs,
        rate=1.2e-3,
        saved=finder,
    )
    finder.save(result)


def freeze_first_blocks(finder: keras.Model) -> None:
    """Keep the layers at strides 2 and 4 as they came: edges are edges, and training them takes a third of the time."""
    frozen = ("stem", *(f"block_{i}_" for i in range(_FROZEN_BLOCKS)))
    for layer in finder.layers:
        if layer.name.startswith(frozen):
            layer.trainable = False


def _joined(grids: list[keras.KerasTensor]) -> keras.KerasTensor:
    flat = [keras.layers.Reshape((-1, network.CHANNELS))(grid) for grid in grids]
    return keras.layers.Concatenate(axis=1)(flat)


if __name__ == "__main__":
    main()
