"""The training pictures of the face finder, in memory, and batches of crops from them."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from maskcls.data.photometric import apply_photometric, draw_photometric
from maskcls.data.scenes import find_scenes, read_image
from maskcls.data.store import Store
from maskcls.training.answers import kept
from maskcls.training.finder import targets
from maskcls.training.finder.crops import apply_view, draw_view
from maskcls.training.finder.pasting import paste_faces
from maskcls.training.teacher import Picture, Teacher, Truth, complete

log = logging.getLogger(__name__)

# One size for all batches: TensorFlow takes twice as long over shapes that it cannot rely on.
CROP_PX = 384
BATCH = 12

# A crop is one view, or four of half the side, or nine: more faces to a crop, and small ones among them.
_VIEWS_A_SIDE, _VIEWS_SHARE = (1, 2, 3), (0.45, 0.35, 0.2)
# So many views show a portrait, where there are portraits.
_PORTRAIT_SHARE = 0.12
# A picture comes up by the number of its faces to this power, up to so many.
_CROWD_POWER, _CROWD = 0.7, 20
# Into so many crops faces of portraits are pasted, and at most so many.
_PASTED_SHARE, _MOST_PASTED = 0.5, 5


def load_pictures(scenes: Path, teacher: Teacher, *, split: str, answers: Path) -> list[Picture]:
    """Return every picture of `split` with its faces, drawn boxes completed by the teacher.

    Args:
        scenes: A Pascal-VOC folder or archive.
        teacher: Who completes the boxes.
        split: Which pictures.
        answers: An `.npz` file where the teacher's answers are kept, so that it is asked only once.
    """
    pictures = []
    with kept(answers) as known, Store(scenes) as store:
        for scene in find_scenes(store, split=split):
            image = read_image(store, scene)
            if scene.name.stem not in known:
                known[scene.name.stem] = teacher.find(image)
            pictures.append((image, complete(scene.boxes_xyxy[~scene.difficult], known[scene.name.stem])))
            if len(pictures) % 200 == 0:
                log.info("%d pictures read", len(pictures))
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
        faces = np.array([len(truth.boxes_xyxy) for _, truth in pictures])
        # Crowds hold most of the faces that will be looked for, and few pictures show one.
        self._shares = np.cumsum(np.clip(faces, 1, _CROWD) ** _CROWD_POWER)
        self._steps = steps
        self._epoch = first_epoch

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return crops `(n, s, s, 3) uint8` and targets `(n, cells, 19) float32`."""
        rng = np.random.default_rng((self._epoch, index))
        pairs = [self._example(rng) for _ in range(BATCH)]
        return np.stack([crop for crop, _ in pairs]), np.stack([target for _, target in pairs])

    def on_epoch_end(self) -> None:
        """Move on to other crops."""
        self._epoch += 1

    def _example(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        a_side = int(rng.choice(_VIEWS_A_SIDE, p=_VIEWS_SHARE))
        crop, seen = _mosaic([self._view(rng, CROP_PX // a_side) for _ in range(a_side**2)], a_side)
        if self._portraits and rng.random() < _PASTED_SHARE:
            count = int(rng.integers(1, _MOST_PASTED + 1))
            crop, seen = paste_faces(rng, crop, seen, self._portraits, count=count)
        return apply_photometric(draw_photometric(rng), crop), targets.encode(seen, size_px=CROP_PX)

    def _view(self, rng: np.random.Generator, size_px: int) -> Picture:
        if self._portraits and rng.random() < _PORTRAIT_SHARE:
            image, truth = self._portraits[int(rng.integers(len(self._portraits)))]
        else:
            image, truth = self._pictures[int(np.searchsorted(self._shares, rng.uniform(0, self._shares[-1])))]
        return apply_view(draw_view(rng, truth, image.shape, size_px=size_px), image, truth, size_px=size_px)


def _mosaic(views: list[Picture], a_side: int) -> Picture:
    """Join square views of one size into a square of `a_side` views each way."""
    tiles = [tile for tile, _ in views]
    crop = np.vstack([np.hstack(tiles[i : i + a_side]) for i in range(0, len(tiles), a_side)])
    corners = [np.array((i % a_side, i // a_side), np.float32) * len(tiles[0]) for i in range(len(tiles))]
    moved = [
        replace(
            t,
            boxes_xyxy=t.boxes_xyxy + np.tile(c, 2),
            landmarks=t.landmarks + c,
            ignored_xyxy=t.ignored_xyxy + np.tile(c, 2),
        )
        for (_, t), c in zip(views, corners, strict=True)
    ]
    return crop, Truth(
        np.concatenate([t.boxes_xyxy for t in moved]),
        np.concatenate([t.landmarks for t in moved]),
        np.concatenate([t.sureness for t in moved]),
        np.concatenate([t.ignored_xyxy for t in moved]),
    )
