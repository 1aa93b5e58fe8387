"""Train the classifier: `python -m maskcls.training.classifier --help`."""

import logging
from pathlib import Path
from typing import Any

import click
import keras

from maskcls.training.classifier.fitting import Recipe, train
from maskcls.training.classifier.opinions import read_opinions
from maskcls.training.classifier.painted import training_pictures
from maskcls.training.classifier.teachers import together


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
@click.option(
    "--folds",
    type=click.Path(path_type=Path, exists=True),
    help="The run of maskcls.training.classifier.folds, whose opinions soften the labels.",
)
@click.option("--painted", default=900, show_default=True, help="Faces with something painted on them, for each class.")
@click.option(
    "--epochs", default=Recipe.epochs, show_default=True, help="Epochs of the run; the learning rate falls once."
)
@click.option("--steps", default=Recipe.steps, show_default=True, help="Batches of 64 in an epoch.")
@click.option("--rate", default=Recipe.rate, show_default=True, help="Highest learning rate.")
@click.option(
    "--strength", default=Recipe.strength, show_default=True, help="How much chance changes light, camera and box."
)
@click.option(
    "--seed", default=Recipe.seed, show_default=True, help="Where chance starts; another one makes another run."
)
@click.option(
    "--start",
    type=click.Path(path_type=Path, exists=True),
    help="A classifier (.keras) to start from, instead of ImageNet.",
)
@click.option(
    "--teacher",
    "teachers",
    type=click.Path(path_type=Path, exists=True),
    multiple=True,
    help="A classifier (.keras) whose word counts beside the labels; of several, what they say together.",
)
@click.option("--taught", default=0.7, show_default=True, help="How much the teachers' word counts, 0 to 1.")
def main(
    data: Path,
    weights: Path,
    run: Path,
    folds: Path | None,
    painted: int,
    start: Path | None,
    teachers: tuple[Path, ...],
    taught: float,
    **recipe: Any,
) -> None:
    """Train the classifier on face pictures, without any group of a validation or test split."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    keras.utils.set_random_seed(recipe["seed"])
    run.mkdir(parents=True, exist_ok=True)
    opinions = read_opinions(folds) if folds else None
    pictures = training_pictures(data, weights, painted=painted, answers=run / "landmarks.npz", opinions=opinions)
    if teachers:
        recipe |= {"taught": taught}
    train(pictures, weights, run, Recipe(**recipe), start=start, teacher=together(teachers) if teachers else None)


if __name__ == "__main__":
    main()
