"""How fast pictures are decoded and changed for training, against the ImageDataGenerator of older projects."""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from maskcls.data.augmentation import Augmentation
from maskcls.data.datasets import Dataset
from maskcls.data.splits import TRAIN
from maskcls.training.runs.faces import Batches, Crop, Faces

_SIZE_PX, _BATCH = 128, 32
# The changes of the recipe that most mask projects share, in its units: degrees, and shares of the side.
_TURN, _SHEAR, _ZOOM, _SHIFT = 20.0, 0.15, 0.15, 0.2


def benchmark_data(dataset: Dataset, *, pictures: int) -> dict[str, Any]:
    """Return pictures per second of both ways, from the same files in one run, without a network.

    Both decode every file, bring it to 128 × 128 and mirror, turn, slant, zoom and shift it by chance, as far as the
    recipe does; the recipe in one thread, as it comes, ours in two. Ours may keep what it decoded: `ours_again` is its
    second epoch.

    Args:
        dataset: Whose training part is read.
        pictures: How many of it, at most.

    Returns:
        `pictures`, `ours`, `ours_again`, `image_data_generator` (pictures per second) and `ratio`, of the first epoch.
    """
    cv2.setNumThreads(1)
    faces = Faces(dataset, TRAIN, Crop(_SIZE_PX, dataset.about.cut_scale))
    chosen = np.random.default_rng(0).permutation(len(faces))[:pictures]
    faces.rows, faces.labels = [faces.rows[i] for i in chosen], faces.labels[chosen]
    batches = Batches(
        faces,
        Augmentation(
            flip=0.5,
            rotation_degrees=_TURN,
            shear_degrees=_SHEAR,
            zoom=_ZOOM,
            shift=_SHIFT,
            **dict.fromkeys(("brightness", "contrast", "blur_px", "noise", "jpeg"), 0.0),
        ),
        seed=0,
    )
    # So that neither way is the first to wait for the disk.
    for row in faces.rows:
        (dataset.path / row.file).read_bytes()
    # It says what it found to stdout, where results go.
    with contextlib.redirect_stdout(sys.stderr):
        recipe = _recipe(dataset, faces)
    theirs = _per_s(recipe, len(faces))
    ours, again = (_per_s(batches.of_epoch(epoch, size=_BATCH), len(faces)) for epoch in range(2))
    return {
        "pictures": len(faces),
        "ours": ours,
        "ours_again": again,
        "image_data_generator": theirs,
        "ratio": ours / theirs,
    }


def _recipe(dataset: Dataset, faces: Faces) -> Iterator[Any]:
    import pandas as pd
    import tensorflow as tf

    generator = tf.keras.preprocessing.image.ImageDataGenerator(
        rotation_range=_TURN,
        zoom_range=_ZOOM,
        width_shift_range=_SHIFT,
        height_shift_range=_SHIFT,
        shear_range=_SHEAR,
        horizontal_flip=True,
        fill_mode="nearest",
    )
    table = pd.DataFrame({"filename": [str(dataset.path / row.file) for row in faces.rows]})
    flow = generator.flow_from_dataframe(
        table.assign(**{"class": [row.label for row in faces.rows]}),
        target_size=(_SIZE_PX, _SIZE_PX),
        batch_size=_BATCH,
        validate_filenames=False,
    )
    return (flow[i] for i in range(len(flow)))


def _per_s(batches: Iterator[Any], pictures: int) -> float:
    began = time.perf_counter()
    for _ in batches:
        pass
    return pictures / (time.perf_counter() - began)
