"""Ask a network that never saw its group about every training picture.

`python -m maskcls.training.classifier.folds --help`

As many networks as there are folds are trained, each without one of them (cross-validation by groups). What they say of
that one finds wrong labels (`maskcls.training.classifier.suspects`) and softens the labels of the final training.
"""

import logging
import zlib
from pathlib import Path

import click
import keras
import numpy as np

from maskcls.data.manifest import Entry
from maskcls.finder.cut import crop_squares, cut, middle_box
from maskcls.training.classifier.fitting import CUT_SCALE, Recipe, train
from maskcls.training.classifier.opinions import write_opinions
from maskcls.training.classifier.pictures import Picture, load_pictures
from maskcls.training.entries import training_entries

log = logging.getLogger("maskcls.training.classifier.folds")


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default="../shared/data", show_default=True)
@click.option("--weights", type=click.Path(path_type=Path, exists=True), default="../shared/weights", show_default=True)
@click.option("--run", type=click.Path(path_type=Path), default=".maskcls/runs/folds", show_default=True)
@click.option("--folds", default=3, show_default=True, help="How many networks, each without one part of the groups.")
@click.option("--epochs", default=10, show_default=True, help="Epochs of each.")
@click.option("--steps", default=100, show_default=True, help="Batches of 64 in an epoch.")
def main(data: Path, weights: Path, run: Path, folds: int, epochs: int, steps: int) -> None:
    """Train networks that each leave out one part of the groups, and ask them about it; a stopped run goes on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    entries = training_entries(data)
    opinions: dict[str, np.ndarray] = {}
    for fold in range(folds):
        folder = run / f"{fold}-of-{folds}"
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "model.keras").exists():
            keras.utils.set_random_seed(fold)
            seen = [entry for entry in entries if fold_of(entry, folds) != fold]
            train(load_pictures(data, seen), weights, folder, Recipe(epochs=epochs, steps=steps))
        unseen = load_pictures(data, [entry for entry in entries if fold_of(entry, folds) == fold])
        network = keras.saving.load_model(folder / "model.keras", compile=False)
        opinions |= _ask(network, [picture for some in unseen.values() for picture in some])
        log.info("fold %d: %d pictures answered so far", fold, len(opinions))
    write_opinions(run, opinions)


def fold_of(entry: Entry, folds: int) -> int:
    """Return the fold of a picture: the same for all of a group, and on every machine."""
    return zlib.crc32(entry.group.encode()) % folds


def _ask(network: keras.Model, pictures: list[Picture]) -> dict[str, np.ndarray]:
    """Return the mean of what the network says of each picture and of its mirror image."""
    crops = np.concatenate([_plain_crop(picture) for picture in pictures])
    both = [network.predict(batch, batch_size=64, verbose=0)[0] for batch in (crops, crops[:, :, ::-1])]
    return {picture.name: answer for picture, answer in zip(pictures, np.mean(both, axis=0), strict=True)}


def _plain_crop(picture: Picture) -> np.ndarray:
    """Return its face, cut as for use: `(1, s, s, 3) uint8`."""
    box = middle_box(picture.image_rgb, scale=sum(picture.cut) / 2)
    return cut(picture.image_rgb, crop_squares(box, scale=CUT_SCALE), size_px=Recipe.input_px)


if __name__ == "__main__":
    main()
