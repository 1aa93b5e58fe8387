"""A small data set of coloured pictures that any network can tell apart, and what a run needs beside it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from maskcls import images
from maskcls.architectures import ARCHITECTURES, Architecture
from maskcls.data.augmentation import NONE
from maskcls.data.datasets import Dataset, Shelf
from maskcls.data.importing import Plan, import_pictures
from maskcls.training.runs.settings import Settings

PX = 32
COLOURS = {"with_mask": (40, 90, 200), "without_mask": (210, 120, 60), "hat": (60, 190, 80)}
# Twenty of a split and no fewer say how sure a network is.
COUNTS = {"train": 12, "validation": 10, "test": 4}


def picture(colour: tuple[int, int, int], seed: int, *, side_px: int = 40) -> np.ndarray:
    """Return a picture of mostly one colour that looks like no other."""
    rng = np.random.default_rng(seed)
    coarse = np.clip(np.array(colour) + rng.integers(-60, 61, (5, 5, 3)), 0, 255).astype(np.uint8)
    return np.kron(coarse, np.ones((side_px // 5, side_px // 5, 1), np.uint8))


def write_pictures(folder: Path, classes: tuple[str, ...], counts: dict[str, int], *, side_px: int = 40) -> Path:
    """Write `split/class/picture`."""
    seed = 0
    for split, count in counts.items():
        for name in classes:
            place = folder / split / name
            place.mkdir(parents=True)
            for i in range(count):
                (place / f"{i}.png").write_bytes(images.encode(picture(COLOURS[name], seed, side_px=side_px)))
                seed += 1
    return folder


def make_dataset(folder: Path, *classes: str, counts: dict[str, int] = COUNTS, cut_scale: float = 1.0) -> Dataset:
    """Return a data set `tiny-1` of these classes, in `folder/datasets`."""
    source = write_pictures(folder / "pictures", classes, counts)
    plan = Plan("tiny", {name: name for name in classes}, cut_scale=cut_scale)
    return import_pictures(source, Shelf(folder / "datasets"), plan)


@pytest.fixture(scope="session")
def painted_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the data set `tiny-1` of with_mask and without_mask. Not to be written to."""
    home = tmp_path_factory.mktemp("painted")
    make_dataset(home, "with_mask", "without_mask")
    return home


@pytest.fixture(scope="session")
def dataset(painted_home: Path) -> Dataset:
    return Shelf(painted_home / "datasets").open("tiny-1")


@pytest.fixture
def home(painted_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, with the data set `tiny-1`."""
    shutil.copytree(painted_home / "datasets", tmp_path / "home" / "datasets")
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MASKCLS_DEVICE", "cpu")
    return tmp_path / "home"


@pytest.fixture(scope="module")
def _eagerly() -> Iterator[None]:
    """Take steps one by one: tracing a network takes longer than a few of them."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


class TinyArchitecture(Architecture):
    """A network of two layers, of which the last one is the head."""

    def load(self) -> Any:
        return SimpleNamespace(build=self._build, head=lambda network: [network.get_layer("logits")])

    def _build(self, *, classes: int, input_px: int, dropout: float) -> Any:
        import keras
        from keras import layers

        crops = keras.Input((input_px, input_px, 3), dtype="uint8", name="crops_rgb")
        x = layers.Conv2D(4, 8, strides=8, activation="relu", name="conv_1")(layers.Rescaling(1 / 255)(crops))
        logits = layers.Dense(classes, name="logits")(layers.Dropout(dropout)(layers.Flatten()(x)))
        return keras.Model(crops, layers.Softmax(name="probabilities")(logits))


TINY = TinyArchitecture("", "Tiny", "", input_px=PX, dropout=0.0, parameters=0)


@pytest.fixture(scope="module")
def _tiny_architecture() -> Iterator[None]:
    """Let there be an architecture `tiny`, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, "tiny", TINY)
        yield


def tiny_settings(**changes: object) -> Settings:
    """Return settings of a training that is quickly done, without chance in its pictures."""
    usual = {
        "dataset": "tiny-1",
        "name": "mine",
        "architecture": "plain-cnn",
        "input_px": PX,
        "batch": 8,
        "epochs": 2,
        "augmentation": NONE,
    }
    return Settings(**usual | changes)
