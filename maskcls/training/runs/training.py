"""A training from its settings to a model version, and how that compares with the one at work."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from maskcls.classifier.classifier import Classifier
from maskcls.data.datasets import Dataset, Shelf
from maskcls.data.splits import TEST, TRAIN, VALIDATION
from maskcls.errors import DatasetError, ModelError
from maskcls.registry import HOME_VARIABLE, Registry, Version
from maskcls.training.runs import starting
from maskcls.training.runs.comparison import compare
from maskcls.training.runs.devices import Replicas
from maskcls.training.runs.faces import Faces, crop_for
from maskcls.training.runs.learning import Learner, Learnt
from maskcls.training.runs.lineage import pictures_behind
from maskcls.training.runs.progress import Progress
from maskcls.training.runs.run import CANCELLED, FINISHED, Run
from maskcls.training.runs.settings import Settings, read_settings
from maskcls.training.runs.version import make_version, write_figures

log = logging.getLogger(__name__)


def work(run: Run) -> None:
    """Do what a run of kind `training` was asked for.

    Raises:
        MaskclsError: It cannot be done; says why.
    """
    home = home_of(run)
    settings = read_settings(run.asked["settings"])
    registry, dataset = Registry(home), Shelf(home / "datasets").open(settings.dataset)
    # Said before it has learnt for hours.
    _made_before(run, settings, registry)
    faces = open_faces(dataset, settings, registry)
    network, learnt = learn(settings, faces, registry, folder=run.path, progress=run.progress, stopped=run.is_cancelled)
    if learnt.best_epoch < 0:
        run.say(CANCELLED)
        return
    _end(run, settings, dataset, faces, network, learnt, registry)


def home_of(run: Run) -> Path:
    """Return the home that a run was started for, in which it works whatever its process was told."""
    home = run.path.parent.parent
    os.environ[HOME_VARIABLE] = str(home)
    return home


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


def learn(
    settings: Settings,
    faces: dict[str, Faces],
    registry: Registry,
    *,
    folder: Path,
    progress: Progress,
    stopped: Callable[[], bool],
    after_epoch: Callable[[int, dict[str, float] | None], object] = lambda *_: None,
) -> tuple[keras.Model, Learnt]:
    """Build the network that is asked for and teach it; it has the best weights in the end.

    Args:
        settings: What is asked for.
        faces: Of each split, from `open_faces`.
        registry: Where the version lies that it goes on from.
        folder: As `Learner` wants it, and so the following.
        progress: Where to say what happens.
        stopped: Says whether somebody wants it to stop.
        after_epoch: Is told what validation says; whatever it raises ends the learning.

    Raises:
        ModelError: The weights to start from cannot be had.
        RunError: The loss went out of bounds.
    """
    with _precision(settings) as replicas:
        with replicas.holding():
            network = starting.build(settings, faces[TRAIN].classes, registry)
        log.info("%s on %s: %s", settings.architecture, replicas.words, settings)
        progress.tell("device", -1, text=replicas.words, pictures=len(faces[TRAIN]))
        learner = Learner(
            network,
            faces[TRAIN],
            faces[VALIDATION],
            settings,
            folder=folder,
            progress=progress,
            stopped=stopped,
            replicas=replicas,
            after_epoch=after_epoch,
        )
        return network, learner.learn()


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
    version = _made_before(run, settings, registry)
    if version is None:
        version = make_version(network, faces, dataset, settings, registry, run_id=run.id)
    at_work, old = _at_work(registry)
    shelf = Shelf(dataset.path.parent)
    seen = pictures_behind(at_work, registry, shelf) | pictures_behind(settings.start, registry, shelf)
    compared = compare(registry.classifier(version.name), old, dataset, seen=seen)
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


def _made_before(run: Run, settings: Settings, registry: Registry) -> Version | None:
    """Return the version that this run had made when its process was killed; None where it had not.

    Raises:
        ModelError: Somebody else has taken the name.
    """
    for version in registry.versions():
        if version.name == settings.name and version.card.settings.get("run") == run.id:
            return version
    registry.check_free(settings.name)
    return None


def _at_work(registry: Registry) -> tuple[str, Classifier]:
    """Return what answers at present, and its name: the shipped version where the promoted one is damaged."""
    name = registry.at_work().name
    try:
        return name, registry.classifier(name)
    except ModelError as error:
        log.warning("%s is passed over: %s", name, error)
        return registry.shipped_name(), registry.classifier(registry.shipped_name())


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
