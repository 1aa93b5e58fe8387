"""A training from its settings to a model version, and how that compares with the one at work."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from maskcls.data.datasets import Dataset, Shelf
from maskcls.data.splits import TEST, TRAIN, VALIDATION
from maskcls.errors import DatasetError
from maskcls.registry import HOME_VARIABLE, Registry
from maskcls.training.runs import starting
from maskcls.training.runs.comparison import compare
from maskcls.training.runs.devices import Replicas
from maskcls.training.runs.faces import Faces, crop_for
from maskcls.training.runs.learning import Learner, Learnt
from maskcls.training.runs.run import CANCELLED, FINISHED, Run
from maskcls.training.runs.settings import Settings, read_settings
from maskcls.training.runs.version import make_version, write_figures

log = logging.getLogger(__name__)


def work(run: Run) -> None:
    """Do what a run of kind `training` was asked for.

    Raises:
        MaskclsError: It cannot be done; says why.
    """
    home = run.path.parent.parent
    # What was started for one home works in that one, whatever this process was told.
    os.environ[HOME_VARIABLE] = str(home)
    settings = read_settings(run.asked["settings"])
    registry, dataset = Registry(home), Shelf(home / "datasets").open(settings.dataset)
    faces = open_faces(dataset, settings, registry)
    with _precision(settings) as replicas:
        with replicas.holding():
            network = starting.build(settings, faces[TRAIN].classes, registry)
        log.info("%s on %s: %s", settings.architecture, replicas.words, settings)
        run.progress.tell("device", -1, text=replicas.words, pictures=len(faces[TRAIN]))
        learner = Learner(
            network,
            faces[TRAIN],
            faces[VALIDATION],
            settings,
            folder=run.path,
            progress=run.progress,
            stopped=run.is_cancelled,
            replicas=replicas,
        )
        learnt = learner.learn()
    if learnt.best_epoch < 0:
        run.say(CANCELLED)
        return
    _end(run, settings, dataset, faces, network, learnt, registry)


def open_faces(dataset: Dataset, settings: Settings, registry: Registry) -> dict[str, Faces]:
    """Return the faces of each split, cut as this run wants them.

    Raises:
        DatasetError: There is nothing to learn from, or only one class.
    """
    crop = crop_for(dataset, settings, registry)
    finder = registry.finder() if settings.augmentation.painted else None
    faces = {split: Faces(dataset, split, crop, finder) for split in (TRAIN, VALIDATION, TEST)}
    if len(set(faces[TRAIN].labels.tolist())) < 2:
        raise DatasetError(f"The training part of {dataset.name} does not show two classes. Bring more pictures.")
    return faces


def _end(
    run: Run,
    settings: Settings,
    dataset: Dataset,
    faces: dict[str, Faces],
    network: keras.Model,
    learnt: Learnt,
    registry: Registry,
) -> None:
    """Make a version of what was learnt, compare it, and close the run."""
    run.progress.tell("note", len(faces[TRAIN]) * settings.epochs, text="Making a model version of it.")
    at_work = registry.at_work().name
    version = make_version(network, faces, dataset, settings, registry, run_id=run.id)
    compared = compare(registry.classifier(version.name), registry.classifier(at_work), dataset)
    result = {
        "version": version.name,
        "at_work": at_work,
        "learnt": vars(learnt),
        "comparison": compared,
        "bytes": {name: _bytes(registry.version(name).path) for name in (version.name, at_work)},
    }
    write_figures(version, dataset.name, compared)
    run.finish(result, CANCELLED if learnt.cancelled else FINISHED)
    log.info("made %s", version.name)


def _bytes(folder: Path) -> int:
    return (folder / "model.tflite").stat().st_size


@contextmanager
def _precision(settings: Settings) -> Iterator[Replicas]:
    """Yield the devices, with Keras computing in 16 bits where that is wished and there is a GPU."""
    replicas = Replicas()
    before = keras.mixed_precision.global_policy()
    if settings.mixed_precision and replicas.has_gpu:
        keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        yield replicas
    finally:
        keras.mixed_precision.set_global_policy(before)
