"""Train the face finder: `python -m maskcls.training.finder --help`."""

import logging
from pathlib import Path

import click
import keras
import numpy as np

from maskcls.finder import network
from maskcls.training.finder import targets
from maskcls.training.finder.pictures import CROP_PX, CropBatches, load_pictures
from maskcls.training.finder.portraits import load_portraits
from maskcls.training.finder.start import YUNET_FILE, start_from_yunet
from maskcls.training.loop import fit
from maskcls.training.teacher import Teacher

log = logging.getLogger("maskcls.training.finder")

# Edges and simple patterns are what they were, and training these would take most of the time.
_FROZEN = ("stem", "stage_2", "stage_4")


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True),
    default="../shared/data",
    show_default=True,
    help="Folder with the archives and their manifest.csv.",
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path, exists=True),
    default="../shared/weights",
    show_default=True,
    help="Folder with the teacher, whose weights the training starts from.",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    default=".maskcls/runs/finder",
    show_default=True,
    help="Where checkpoints and the result go; a run that stopped goes on from there.",
)
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    help="A finder to go on from; layers that it lacks, or has in another shape, start as YuNet's.",
)
@click.option("--epochs", default=30, show_default=True, help="Epochs of the run; the learning rate falls once.")
@click.option("--rate", default=8e-4, show_default=True, help="Highest learning rate.")
@click.option("--steps", default=140, show_default=True, help="Batches in an epoch.")
def main(data: Path, weights: Path, run: Path, start: Path | None, epochs: int, rate: float, steps: int) -> None:
    """Train the face finder on photographs with boxes, with YuNet as teacher for landmarks and for unlabelled faces."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    keras.utils.set_random_seed(0)
    run.mkdir(parents=True, exist_ok=True)
    teacher = Teacher(weights / "yunet_n_dynamic.onnx")
    pictures = load_pictures(data / "scenes.zip", teacher, split="train", answers=run / "teacher.npz")
    portraits = load_portraits(data, teacher, answers=run / "portraits.npz")
    faces = sum(len(truth.boxes_xyxy) for _, truth in pictures)
    known = sum(int((~np.isnan(truth.landmarks[:, 0, 0])).sum()) for _, truth in pictures)
    log.info("%d pictures, %d faces, %d with landmarks", len(pictures), faces, known)
    finder = network.build()
    # A run that goes on puts its own weights in their place.
    start_from_yunet(finder, weights / YUNET_FILE)
    if start:
        start_from_finder(finder, keras.saving.load_model(start, compile=False))
    freeze_first_layers(finder)
    fit(
        trained_on_crops(finder),
        lambda done: CropBatches(pictures, portraits, steps=steps, first_epoch=done, workers=1, max_queue_size=8),
        run,
        loss=targets.detection_loss,
        epochs=epochs,
        rate=rate,
        saved=finder,
    )
    finder.save(run / "model.keras")
    log.info("saved %s", run / "model.keras")


def start_from_finder(finder: keras.Model, other: keras.Model) -> None:
    """Take over the weights of every layer that both have."""
    known = {layer.name: layer.get_weights() for layer in other.layers if layer.weights}
    for layer in finder.layers:
        weights = known.get(layer.name, [])
        if layer.weights and [w.shape for w in layer.get_weights()] == [w.shape for w in weights]:
            layer.set_weights(weights)


def freeze_first_layers(finder: keras.Model) -> None:
    """Keep the layers at strides 2 and 4 as they came."""
    for layer in finder.layers:
        if layer.name.startswith(_FROZEN):
            layer.trainable = False


def trained_on_crops(finder: keras.Model) -> keras.Model:
    """Return a model of the same weights that takes crops of one size and puts its grids one after another."""
    crops = keras.Input((CROP_PX, CROP_PX, 3), dtype="uint8")
    flat = [keras.layers.Reshape((-1, network.CHANNELS))(grid) for grid in finder(crops)]
    return keras.Model(crops, keras.layers.Concatenate(axis=1)(flat))


if __name__ == "__main__":
    main()
