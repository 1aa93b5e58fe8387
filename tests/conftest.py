"""Tiny networks with seeded weights, exported once for the whole run: what registry, engines and analysis are tried on.

The face finder among them finds white squares, so that a test can put faces where it wants them.
"""

import os
from pathlib import Path

import numpy as np
import pylibsrtp  # noqa: F401 - before TensorFlow, as in app.py
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
TINY_PX = 32


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data sets, which only a workshop has."""
    if not (SHARED / "data" / "faces.zip").exists():
        pytest.skip("../shared/data/faces.zip is not here")
    return SHARED / "data"


def tiny_network(classes: int):
    """Return a network with the head of ours, whose answers spread, on crops of 32 pixels."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(classes)
    crops = keras.Input((TINY_PX, TINY_PX, 3), dtype="uint8")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(crops)
    x = layers.Conv2D(24, 3, strides=4, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu", kernel_initializer="he_normal")(x)
    spread = keras.initializers.RandomNormal(stddev=0.7)
    evidence = layers.Conv2D(classes, 1, use_bias=False, kernel_initializer=spread, name="evidence")(x)
    logits = layers.Dense(classes, bias_initializer="random_normal", name="logits")(
        layers.GlobalAveragePooling2D()(evidence)
    )
    return keras.Model(crops, [layers.Softmax(name="probabilities")(logits), evidence])


def white_square_finder():
    """Return a face finder that answers each white cell of 32 pixels with a box of 64 around it, and nothing else."""
    import keras
    from keras import layers

    pixels = keras.Input((None, None, 3), dtype="uint8")
    x = layers.Rescaling(1 / 255)(pixels)
    grids = []
    for stride in (8, 16, 32):
        grid = layers.Conv2D(15, 1, name=f"grid_{stride}")
        grids.append(grid(layers.AveragePooling2D(stride)(x)))
        kernel, bias = np.zeros((1, 1, 3, 15), np.float32), np.zeros(15, np.float32)
        kernel[..., 0], bias[0] = (10.0, -25.0) if stride == 32 else (0.0, -25.0)
        bias[3:5] = np.log(2)
        # Eyes above the middle, the nose in it, the mouth below.
        bias[5:] = np.array([[-0.3, -0.3], [0.3, -0.3], [0, 0], [-0.2, 0.4], [0.2, 0.4]], np.float32).reshape(-1)
        grid.set_weights([kernel, bias])
    return keras.Model(pixels, grids)


def write_version(folder: Path, network, **card) -> Path:
    """Write `network` as a model version into `folder`."""
    from maskcls.cards import Card, write_card
    from maskcls.export import export_litert

    folder.mkdir(parents=True)
    network.save(folder / "model.keras")
    export_litert(network, folder / "model.tflite")
    write_card(Card(name=folder.name, **card), folder)
    return folder


def classifier_card(*classes: str) -> dict:
    return {
        "kind": "classifier",
        "classes": classes,
        "input_px": TINY_PX,
        "cut_scale": 1.3,
        "threshold": 0.4,
    }


@pytest.fixture(scope="session")
def three_classes() -> tuple[str, ...]:
    return ("with_mask", "without_mask", "partial_mask")


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory, three_classes: tuple[str, ...]) -> Path:
    """A folder as `models/`: the classifier tiny-3, the finder squares, and both as defaults. Not to be written to."""
    folder = tmp_path_factory.mktemp("shipped")
    write_version(folder / "tiny-3", tiny_network(3), **classifier_card(*three_classes))
    settings = {"strides": [8, 16, 32], "long_sides_px": [640, 1280]}
    write_version(folder / "squares", white_square_finder(), kind="finder", settings=settings)
    (folder / "shipped.json").write_text('{"finder": "squares", "classifier": "tiny-3"}')
    return folder


@pytest.fixture(scope="session")
def two_class_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier's folder with classes that nobody has heard of. Not to be written to."""
    folder = tmp_path_factory.mktemp("people") / "tiny-2"
    return write_version(folder, tiny_network(2), **classifier_card("hat", "no_hat"))


@pytest.fixture
def squares_picture() -> np.ndarray:
    """A grey picture of 640 × 480 with two white squares that the tiny finder takes for faces."""
    image_rgb = np.full((480, 640, 3), 90, np.uint8)
    image_rgb[64:96, 96:128] = 255
    image_rgb[320:352, 512:544] = 255
    return image_rgb
