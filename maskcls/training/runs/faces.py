"""The faces of a data set as a network meets them in training: cut, changed by chance, in batches.

What chance does to a picture hangs on the seed, the epoch and the picture alone: not on the size of the batches, nor on
who prepares them, nor on whether the run was stopped in between. A preview shows just what a training will.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from maskcls import images
from maskcls.data.augmentation import Augmentation, apply_change, draw_change
from maskcls.data.datasets import Dataset
from maskcls.data.synthesis import LABELS, apply_synthetic, draw_synthetic
from maskcls.errors import MaskclsError
from maskcls.finder.cut import crop_squares, cut, middle_box
from maskcls.labels import CLASSES, WITHOUT_MASK
from maskcls.training.runs.settings import Settings

if TYPE_CHECKING:
    from maskcls.finder.finder import Finder
    from maskcls.registry import Registry

# Pictures that stay decoded take so much memory at most; further ones are decoded each time.
_KEPT_BYTES = 1_000_000_000
# What turning and shifting may bring in from around the crop, where the picture shows it.
_WIDER = 1.3
# As ours was trained; narrower only where the pictures show less of what is around a face.
_CUT_SCALE = 1.3
# Batches that wait for the network.
_AHEAD = 4


@dataclass(frozen=True)
class Crop:
    """How a face is cut for a network: what its card will say.

    Attributes:
        input_px: Side of the crops.
        cut_scale: Their side in multiples of the face's longer side.
    """

    input_px: int
    cut_scale: float


def crop_for(dataset: Dataset, settings: Settings, registry: "Registry") -> Crop:
    """Return how a run cuts its faces: like the version that it goes on from, else as wide as is good or there is.

    Raises:
        ModelError: There is no such version.
    """
    if settings.goes_on:
        return Crop(settings.input_px, registry.version(settings.start).card.cut_scale)
    return Crop(settings.input_px, min(_CUT_SCALE, dataset.about.cut_scale))


class Faces:
    """The faces of one split.

    Args:
        dataset: Whose.
        split: `train`, `validation` or `test`.
        crop: How they are cut.
        finder: Finds eyes and mouths, where masks are to be painted; none are when None.
    """

    def __init__(self, dataset: Dataset, split: str, crop: Crop, finder: "Finder | None" = None) -> None:
        self.classes = class_order(dataset.about.classes)
        self.rows = [row for row in dataset.rows if row.split == split]
        self.labels = np.array([self.classes.index(row.label) for row in self.rows], int)
        self.crop = crop
        self._dataset, self._finder = dataset, finder
        # So many crops fit into the square that is kept.
        self._margin = float(np.clip(dataset.about.cut_scale / crop.cut_scale, 1.0, _WIDER))
        self._plain: dict[int, np.ndarray] = {}
        self._wide: dict[int, np.ndarray] = {}
        self._landmarks: dict[int, np.ndarray | None] = {}
        self._kept_bytes, self._lock = 0, threading.Lock()
        self._paintable = [name for name in LABELS if name in self.classes]

    def __len__(self) -> int:
        return len(self.rows)

    def plain(self, i: int) -> np.ndarray:
        """Return face `i` as it will be cut in use: `(s, s, 3) uint8`."""
        return self._kept(self._plain, i, 1.0)

    def plain_crops(self, wanted: Sequence[int]) -> np.ndarray:
        """Return some faces as they will be cut in use: `(n, s, s, 3) uint8`."""
        side = self.crop.input_px
        return np.stack([self.plain(i) for i in wanted]) if len(wanted) else np.zeros((0, side, side, 3), np.uint8)

    def changed(self, i: int, chosen: Augmentation, *, seed: int, epoch: int) -> tuple[np.ndarray, int]:
        """Return face `i` as this epoch shows it, `(s, s, 3) uint8`, and its class, which a painted mask may change."""
        rng = np.random.default_rng((seed, epoch, i))
        change = draw_change(rng, chosen)
        image_rgb, label = self._painted(rng, i, chosen.painted)
        change = replace(change, zoom=change.zoom * self._margin)
        return apply_change(change, image_rgb, size_px=self.crop.input_px), label

    def _painted(self, rng: np.random.Generator, i: int, share: float) -> tuple[np.ndarray, int]:
        image_rgb, label = self._wide_square(i), int(self.labels[i])
        if self._finder is None or not self._paintable or self.classes[label] != WITHOUT_MASK or rng.random() >= share:
            return image_rgb, label
        landmarks = self._landmarks_of(i, image_rgb)
        if landmarks is None:
            return image_rgb, label
        name = self._paintable[int(rng.integers(len(self._paintable)))]
        try:
            painted = apply_synthetic(draw_synthetic(rng, name), image_rgb, landmarks)
        except ValueError:  # eyes and mouth on one line: no face to paint on
            return image_rgb, label
        # A mask that hangs beside the picture is none.
        return (painted, self.classes.index(name)) if (painted != image_rgb).any() else (image_rgb, label)

    def _landmarks_of(self, i: int, image_rgb: np.ndarray) -> np.ndarray | None:
        if i not in self._landmarks and self._finder is not None:
            found = self._finder.find(image_rgb)
            self._landmarks[i] = max(found, key=lambda one: one.score).landmarks if found else None
        return self._landmarks[i]

    def _wide_square(self, i: int) -> np.ndarray:
        """Return the crop with what lies around it, at about the crop's resolution."""
        return self._kept(self._wide, i, self._margin)

    def _kept(self, known: dict[int, np.ndarray], i: int, margin: float) -> np.ndarray:
        """Return a picture cut so wide: decoded once, while there is room to keep it."""
        if i in known:
            return known[i]
        image_rgb = self._cut(i, margin, round(self.crop.input_px * margin))
        with self._lock:
            if self._kept_bytes + image_rgb.nbytes <= _KEPT_BYTES:
                known[i] = image_rgb
                self._kept_bytes += image_rgb.nbytes
        return image_rgb

    def _cut(self, i: int, margin: float, size_px: int) -> np.ndarray:
        path = self._dataset.path / self.rows[i].file
        try:
            image_rgb = images.read_file(path)
        except MaskclsError as error:
            # By the name that people know.
            raise type(error)(f"{self.rows[i].source} of {self._dataset.name} is damaged. Import it again.") from error
        box = middle_box(image_rgb, scale=self._dataset.about.cut_scale)
        return cut(image_rgb, crop_squares(box, scale=self.crop.cut_scale * margin), size_px=size_px)[0]


@dataclass(frozen=True, eq=False)
class Batch:
    """Some faces for one step.

    Attributes:
        crops_rgb: `(n, s, s, 3) uint8`.
        truth: `(n, classes) float32`, one-hot.
        seen: How many faces of the epoch are through with it.
    """

    crops_rgb: np.ndarray
    truth: np.ndarray
    seen: int


class Batches:
    """Batches of changed faces, prepared by threads while the network learns.

    Args:
        faces: Which.
        chosen: How they may be changed.
        seed: Of order and changes.
        workers: How many threads.
    """

    def __init__(self, faces: Faces, chosen: Augmentation, *, seed: int, workers: int = 2) -> None:
        self._faces, self._chosen, self._seed, self._workers = faces, chosen, seed, workers
        self.waited_s = 0.0

    def of_epoch(self, epoch: int, *, size: int, start: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, from its face number `start` on; `waited_s` grows while they are waited for.

        Args:
            epoch: Which; it settles the order and the changes.
            size: Faces in a batch.
            start: How many faces of the epoch are through already.
        """
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._faces))
        starts = iter(range(start, len(order), size))
        pending: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                while True:
                    while len(pending) < _AHEAD and (first := next(starts, None)) is not None:
                        pending.append(pool.submit(self._batch, epoch, order[first : first + size], first))
                    if not pending:
                        return
                    began = time.monotonic()
                    batch = pending.popleft().result()
                    self.waited_s += time.monotonic() - began
                    yield batch
            finally:
                for one in pending:
                    one.cancel()

    def _batch(self, epoch: int, chosen: np.ndarray, first: int) -> Batch:
        drawn = [self._faces.changed(int(i), self._chosen, seed=self._seed, epoch=epoch) for i in chosen]
        truth = np.eye(len(self._faces.classes), dtype=np.float32)[[label for _, label in drawn]]
        return Batch(np.stack([crop for crop, _ in drawn]), truth, first + len(chosen))


def class_order(names: Sequence[str]) -> tuple[str, ...]:
    """Return classes in the order of a network's outputs: ours first and in our order, then others by name."""
    return (*(name for name in CLASSES if name in names), *sorted(set(names) - set(CLASSES)))
