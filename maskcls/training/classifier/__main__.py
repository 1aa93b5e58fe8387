"""Train the classifier: `python -m maskcls.training.classifier --help`."""

import logging
from pathlib import Path

import click
import keras

from maskcls.architectures import maskcls as architecture
from maskcls.backbone import IMAGENET_FILE, imagenet_backbone
from maskcls.labels import CLASSES
from maskcls.training.classifier.painted import paint_pictures
from maskcls.training.classifier.pictures import CropBatches, load_pictures
from maskcls.training.entries import training_entries
from maskcls.training.loop import fit
from maskcls.training.teacher import Teacher

log = logging.getLogger("maskcls.training.classifier")

CUT_SCALE = 1.3
INPUT_PX = 128


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
    help="Folder with the ImageNet weights to start from.",
)
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    default=".maskcls/runs/classifier",
    show_default=True,
    help="Where checkpoints and the result go; a run that stopped goes on from there.",
)
@click.option("--painted", default=900, show_default=True, help="Masks painted on bare faces, for each class.")
@click.option("--epochs", default=26, show_default=True, help="Epochs of the run; the learning rate falls once.")
@click.option("--steps", default=100, show_default=True, help="Batches of 64 in an epoch.")
def main(data: Path, weights: Path, run: Path, painted: int, epochs: int, steps: int) -> None:
    """Train the classifier on face pictures, without any group of a validation or test split."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    keras.utils.set_random_seed(0)
    run.mkdir(parents=True, exist_ok=True)
    pictures = load_pictures(data, training_entries(data))
    if painted:
        teacher = Teacher(weights / "yunet_n_dynamic.onnx")
        pictures |= paint_pictures(pictures, teacher, count=painted, answers=run / "landmarks.npz")
    for (archive, name), some in pictures.items():
        log.info("%s %s: %d pictures", archive, name, len(some))
    network = architecture.build(classes=len(CLASSES), input_px=INPUT_PX)
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


def smoothed_loss(labels: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return cross-entropy with a little doubt about every label: some of them are wrong (Szegedy et al., 2016)."""
    truth = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(labels, (-1,)), "int32"), len(CLASSES))
    return keras.losses.categorical_crossentropy(truth, logits, from_logits=True, label_smoothing=0.05)


if __name__ == "__main__":
    main()
