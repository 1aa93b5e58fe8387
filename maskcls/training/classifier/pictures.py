"""Which pictures the shipped classifier learns from, and batches of crops from them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np

from maskcls import images
from maskcls.data.manifest import Entry
from maskcls.data.photometric import apply_photometric, draw_photometric
from maskcls.data.store import Store
from maskcls.finder.cut import cut
from maskcls.labels import CLASSES

# Stands for an archive: masks, and things that are none, painted on bare faces.
PAINTED = "painted"
# How large a picture is, in faces: known for one archive, and only roughly for the others.
FACES_CUT = 1.6
_OTHER_CUT = (1.0, 1.45)
# Share of a batch by archive and class: varied photographs first, and the rare class far oftener than it is there.
SHARES = {
    ("faces.zip", "with_mask"): 0.19,
    ("faces.zip", "without_mask"): 0.18,
    ("faces.zip", "partial_mask"): 0.18,
    (PAINTED, "with_mask"): 0.02,
    (PAINTED, "partial_mask"): 0.05,
    (PAINTED, "without_mask"): 0.04,
    ("kaggle12k.zip", "with_mask"): 0.10,
    ("kaggle12k.zip", "without_mask"): 0.09,
    # Few, and labelled otherwise until somebody looked.
    ("kaggle12k.zip", "partial_mask"): 0.006,
    ("chandrikadeb7.zip", "with_mask"): 0.10,
    ("chandrikadeb7.zip", "without_mask"): 0.09,
    ("chandrikadeb7.zip", "partial_mask"): 0.002,
}
# Labels of such data are wrong or debatable for some faces in a hundred.
_OPINIONS_SHARE = 0.4
# The diagonal of a square, in sides.
_WIDER = 1.42


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of one face.

    Attributes:
        image_rgb: `(h, w, 3) uint8`.
        label: Index into `CLASSES`.
        cut: The least and the most that its longer side may measure, in faces.
        name: Its archive and file; empty for a painted one.
        opinion: `(classes,)`, what a network that never saw its group says; None when none was asked.
    """

    image_rgb: np.ndarray
    label: int
    cut: tuple[float, float]
    name: str = ""
    opinion: np.ndarray | None = None

    @property
    def truth(self) -> np.ndarray:
        """`(classes,) float32`: the label, softened by the opinion (Hinton et al., 2015)."""
        certain = np.eye(len(CLASSES), dtype=np.float32)[self.label]
        if self.opinion is None:
            return certain
        return ((1 - _OPINIONS_SHARE) * certain + _OPINIONS_SHARE * self.opinion).astype(np.float32)


def load_pictures(
    data: Path, entries: list[Entry], opinions: Mapping[str, np.ndarray] | None = None
) -> dict[tuple[str, str], list[Picture]]:
    """Return the pictures behind `entries` by archive and class.

    Args:
        data: Folder with the archives.
        entries: Which ones.
        opinions: By name, as in `Picture`.
    """
    opinions = opinions or {}
    pictures: dict[tuple[str, str], list[Picture]] = {}
    for archive in sorted({entry.archive for entry in entries}):
        cut_range = (FACES_CUT, FACES_CUT) if archive == "faces.zip" else _OTHER_CUT
        with Store(data / archive) as store:
            for entry in entries:
                if entry.archive == archive:
                    image = images.read(store.read(entry.file), name=str(entry.file))
                    name = f"{archive}/{entry.file}"
                    picture = Picture(image, CLASSES.index(entry.label), cut_range, name, opinions.get(name))
                    pictures.setdefault((archive, entry.label), []).append(picture)
    return pictures


class CropBatches(keras.utils.PyDataset):
    """Batches of random crops; the same seed, epoch and index give the same batch, so that a run can be resumed.

    Args:
        pictures: By archive and class, as `SHARES` names them.
        size_px: Side of the crops.
        cut_scale: Their side in faces, before chance.
        steps: Batches in an epoch.
        batch: Crops in a batch.
        first_epoch: Where a resumed run stands.
        seed: Which crops; another one makes another run.
        strength: How much chance changes light, camera and box, 1 as usual.
        teacher: Says of crops how likely each class is.
        taught: How much its word counts beside the label (Hinton et al., 2015).
        options: For `keras.utils.PyDataset`: workers and the like.
    """

    def __init__(
        self,
        pictures: dict[tuple[str, str], list[Picture]],
        *,
        size_px: int,
        cut_scale: float,
        steps: int,
        batch: int = 64,
        first_epoch: int = 0,
        seed: int = 0,
        strength: float = 1.0,
        teacher: Callable[[np.ndarray], np.ndarray] | None = None,
        taught: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._pictures, self._strength = pictures, strength
        self._teacher, self._taught = teacher, taught
        self._keys = [key for key in SHARES if pictures.get(key)]
        weights = np.array([SHARES[key] for key in self._keys])
        self._weights = weights / weights.sum()
        self._size_px, self._cut_scale = size_px, cut_scale
        self._steps, self._batch, self._epoch, self._seed = steps, batch, first_epoch, seed

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return crops `(n, s, s, 3) uint8` and the truth of each, `(n, classes) float32`."""
        rng = np.random.default_rng((self._seed, self._epoch, index))
        keys = rng.choice(len(self._keys), self._batch, p=self._weights)
        chosen = [self._pick(rng, self._keys[key]) for key in keys]
        crops = np.stack(
            [
                random_crop(rng, p, size_px=self._size_px, cut_scale=self._cut_scale, strength=self._strength)
                for p in chosen
            ]
        )
        truth = np.stack([p.truth for p in chosen])
        if self._teacher is not None:
            truth = (1 - self._taught) * truth + self._taught * self._teacher(crops)
        return crops, truth

    def on_epoch_end(self) -> None:
        """Move on to other crops."""
        self._epoch += 1

    def _pick(self, rng: np.random.Generator, key: tuple[str, str]) -> Picture:
        pictures = self._pictures[key]
        return pictures[rng.integers(len(pictures))]


def random_crop(
    rng: np.random.Generator, picture: Picture, *, size_px: int, cut_scale: float, strength: float = 1.0
) -> np.ndarray:
    """Return the face as a finder might have boxed it and a camera might have taken it: `(s, s, 3) uint8`."""
    h, w = picture.image_rgb.shape[:2]
    face_px = max(h, w) / rng.uniform(*picture.cut)
    half = face_px * cut_scale * np.exp(rng.normal(0, 0.07 * strength)) / 2
    x, y = (w / 2, h / 2) + rng.normal(0, 0.04 * strength, 2) * face_px
    # Cut wider than wanted, so that the corners of a turned face show what lies beside it.
    wide_px = 2 * round(size_px * _WIDER / 2)
    half *= wide_px / size_px
    crop = cut(picture.image_rgb, np.array([[x - half, y - half, x + half, y + half]]), size_px=wide_px)[0]
    crop = _turn(rng, crop[:, ::-1] if rng.random() < 0.5 else crop, size_px)
    return apply_photometric(draw_photometric(rng, strength=strength, smallest=0.12), crop)


def _turn(rng: np.random.Generator, wide: np.ndarray, size_px: int) -> np.ndarray:
    """Return the middle of a square, turned and a little stretched around it."""
    tilt = rng.random()
    angle = rng.uniform(-45, 45) if tilt < 0.2 else rng.normal(0, 14) if tilt < 0.65 else 0.0
    matrix = cv2.getRotationMatrix2D((0, 0), angle, 1.0)
    matrix[0] *= np.exp(rng.normal(0, 0.05))
    middle = np.full(2, (len(wide) - 1) / 2)
    matrix[:, 2] = (size_px - 1) / 2 - matrix[:, :2] @ middle
    return cv2.warpAffine(np.ascontiguousarray(wide), matrix, (size_px, size_px), borderMode=cv2.BORDER_REPLICATE)
