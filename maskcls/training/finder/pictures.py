"""The training pictures of the face finder, in memory, and batches of crops from them."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from maskcls.data.photometric import apply_photometric, draw_photometric
from maskcls.data.scenes import find_scenes, read_image
from maskcls.data.store import Store
from maskcls.training.finder import targets
from maskcls.training.finder.crops import apply_view, draw_view
from maskcls.training.finder.teacher import Teacher, Truth, complete

log = logging.getLogger(__name__)

# One size for all batches: TensorFlow takes twice as long over shapes that it cannot rely on.
CROP_PX = 384
BATCH = 12

# So many crops are four views of half the side: more faces to a crop, and small ones among them.
_MOSAIC_SHARE = 0.4
# So many views show a portrait, where there are portraits.
_PORTRAIT_SHARE = 0.25

Picture = tuple[np.ndarray, Truth]


def load_pictures(scenes: Path, teacher: Teacher, *, split: str, answers: Path) -> list[Picture]:
    """Return every picture of `split` with its faces, drawn boxes completed by the teacher.

    Args:
        scenes: A Pascal-VOC folder or archive.
        teacher: Who completes the boxes.
        split: Which pictures.
        answers: An `.npz` file where the teacher's answers are kept, so that it is asked only once.
    """
    known = dict(np.load(answers)) if answers.exists() else {}
    pictures = []
    with Store(scenes) as store:
        for scene in find_scenes(store, split=split):
            image = read_image(store, scene)
            if scene.name.stem not in known:
                known[scene.name.stem] = teacher.find(image)
            pictures.append((image, complete(scene.boxes_xyxy[~scene.difficult], known[scene.name.stem])))
            if len(pictures) % 200 == 0:
                log.info("%d pictures read", len(pictures))
    np.savez_compressed(answers, **known)
    return pictures


class CropBatches(keras.utils.PyDataset):
    """Batches of random crops; the same epoch and index always give the same batch, so that a run can be resumed.

    Args:
        pictures: What `load_pictures` returned.
        portraits: What `load_portraits` returned.
        steps: Batches in an epoch.
        first_epoch: Where a resumed run stands.
        options: For `keras.utils.PyDataset`: workers and the like.
    """

    def __init__(
        self,
        pictures: list[Picture],
        portraits: Sequence[Picture] = (),
        *,
        steps: int,
        first_epoch: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._pictures, self._portraits = pictures, portraits
        self._steps = steps
        self._epoch = first_epoch

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return crops `(n, s, s, 3) uint8` and targets `(n, cells, 18) float32`."""
        rng = np.random.default_rng((self._epoch, index))
        pairs = [self._example(rng) for _ in range(BATCH)]
        return np.stack([crop for crop, _ in pairs]), np.stack([target for _, target in pairs])

    def on_epoch_end(self) -> None:
        """Move on to other crops."""
        self._epoch += 1

    def _example(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        if rng.random() < _MOSAIC_SHARE:
            crop, seen = _mosaic([self._view(rng, CROP_PX // 2) for _ in range(4)], CROP_PX // 2)
        else:
            crop, seen = self._view(rng, CROP_PX)
        return apply_photometric(draw_photometric(rng), crop), targets.encode(seen, size_px=CROP_PX)

    def _view(self, rng: np.random.Generator, size_px: int) -> Picture:
        portrait = self._portraits and rng.random() < _PORTRAIT_SHARE
        some = self._portraits if portrait else self._pictures
        image, truth = some[int(rng.integers(len(some)))]
        return apply_view(draw_view(rng, truth, image.shape, size_px=size_px), image, truth, size_px=size_px)


def _mosaic(views: list[Picture], side_px: int) -> Picture:
    """Join four square views of `side_px` into one picture of twice the side."""
    crop = np.vstack([np.hstack([views[0][0], views[1][0]]), np.hstack([views[2][0], views[3][0]])])
    corners = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], np.float32) * side_px
    moved = [
        Truth(t.boxes_xyxy + np.tile(c, 2), t.landmarks + c, t.ignored_xyxy + np.tile(c, 2))
        for (_, t), c in zip(views, corners, strict=True)
    ]
    return crop, Truth(
        np.concatenate([t.boxes_xyxy for t in moved]),
        np.concatenate([t.landmarks for t in moved]),
        np.concatenate([t.ignored_xyxy for t in moved]),
    )
