"""The learning of a run: epochs of batches, first for the head alone, with a checkpoint that it goes on from.

Fine-tuning in two phases is that of Keras' guide to transfer learning; rates fall along a half cosine after a short
rise. What is kept in the end is the epoch with the lowest calibrated loss on the validation faces.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from maskcls.architectures import architecture
from maskcls.errors import RunError
from maskcls.training.classifier.calibration import choose_temperature
from maskcls.training.runs import checkpoint
from maskcls.training.runs.devices import Replicas, is_out_of_memory
from maskcls.training.runs.faces import Batches, Faces
from maskcls.training.runs.progress import Progress
from maskcls.training.runs.run import BEST, CHECKPOINT
from maskcls.training.runs.settings import Settings
from maskcls.training.runs.starting import BY_CLASS

log = logging.getLogger(__name__)

_EVERY_S = 30.0
# A long run says no more lines than a chart can show.
_LINES = 1500
_WARM_UP = 0.03
_HEADS_RATE = 10
_DECAY = 0.01
_CLIP_NORM = 10.0
_CHUNK = 64


@dataclass
class Position:
    """Where a run stands.

    Attributes:
        epoch: Which epoch is under way, from 0.
        seen: Faces of it that are through.
        loss: Their summed loss.
        right: How many of them were answered rightly.
        batch: Faces in a step, which shrinks when memory runs out.
        best_loss: Lowest calibrated loss on validation; infinite before the first epoch's end.
        best_epoch: When that was; -1 before.
    """

    epoch: int = 0
    seen: int = 0
    loss: float = 0.0
    right: float = 0.0
    batch: int = 32
    best_loss: float = math.inf
    best_epoch: int = -1


@dataclass(frozen=True)
class Learnt:
    """What came out.

    Attributes:
        epochs: How many were gone through.
        best_epoch: Which one's weights the network has now, from 0; -1 where it was stopped before the first's end.
        cancelled: Whether somebody stopped it.
        stopped_early: Whether it had stopped improving, or its loss went out of bounds.
        waited: Share of the time that the network waited for faces.
        per_s: Faces learnt from in a second.
    """

    epochs: int
    best_epoch: int
    cancelled: bool = False
    stopped_early: bool = False
    waited: float = 0.0
    per_s: float = 0.0


@dataclass
class _Clock:
    """How long steps take, and how much of that is waiting."""

    faces: int = 0
    passed_s: float = 0.0
    validation_s: float = 0.0
    validations: int = 0
    recent: list[tuple[int, float]] = field(default_factory=list)

    def note(self, faces: int, seconds: float) -> None:
        # The first steps of a phase compile, which says nothing of those to come.
        self.recent = [*self.recent[-49:], (faces, seconds)]
        self.faces, self.passed_s = self.faces + faces, self.passed_s + seconds

    @property
    def per_s(self) -> float:
        seconds = sorted(seconds / faces for faces, seconds in self.recent)
        return 1 / max(seconds[len(seconds) // 2], 1e-9) if seconds else 0.0


class _DivergedError(RunError):
    """The loss is no number any more."""


class Learner:
    """Teaches one network.

    Args:
        network: From crops to probabilities, with a layer `logits`; built under `replicas.holding()`.
        train: The faces to learn from.
        validation: The faces that say when it is best; there may be none.
        settings: How.
        folder: Where the checkpoint and the best weights lie; what stands there is gone on from.
        progress: Where to say what happens.
        stopped: Says whether somebody wants it to stop; asked at every step.
        replicas: What it computes on.
        after_epoch: Is told the epoch and what validation says; whatever it raises ends the learning.
    """

    def __init__(
        self,
        network: keras.Model,
        train: Faces,
        validation: Faces,
        settings: Settings,
        *,
        folder: Path,
        progress: Progress,
        stopped: Callable[[], bool] = lambda: False,
        replicas: Replicas | None = None,
        after_epoch: Callable[[int, dict[str, float] | None], object] = lambda *_: None,
    ) -> None:
        self._network, self._train, self._validation, self._settings = network, train, validation, settings
        self._folder, self._progress, self._stopped = folder, progress, stopped
        self._replicas = replicas or Replicas()
        self._after_epoch = after_epoch
        with self._replicas.holding():
            self._model = keras.Model(network.input, network.get_layer("logits").output)
        # Some weights are constants, which a layer that is unfrozen would forget.
        self._constants = [weight for weight in network.weights if not weight.trainable]
        self._batches = Batches(train, settings.augmentation, seed=settings.seed)
        self._at = Position(batch=min(settings.batch, len(train)))
        self._clock = _Clock()
        self._phase = ""
        self._weights = _class_weights(train) if settings.balanced else np.ones(len(train.classes), np.float32)

    def learn(self) -> Learnt:
        """Go through the epochs that are left; the network has the best weights in the end."""
        self._take_up()
        began = time.monotonic()
        cancelled = diverged = False
        while self._at.epoch < self._settings.epochs and not (cancelled or diverged or self._has_stalled()):
            try:
                cancelled = not self._epoch()
            except _DivergedError as error:
                if self._at.best_epoch < 0:
                    raise
                diverged = True
                self._tell("note", text=f"{error} The best epoch so far is kept.")
        if (best := checkpoint.load(self._best)) is not None:
            self._network.set_weights(best[1]["weights"])
        passed_s = max(time.monotonic() - began - self._clock.validation_s, 1e-9)
        return Learnt(
            epochs=self._at.epoch,
            best_epoch=self._at.best_epoch,
            cancelled=cancelled,
            stopped_early=diverged or (self._has_stalled() and self._at.epoch < self._settings.epochs),
            waited=self._batches.waited_s / passed_s,
            per_s=self._clock.faces / passed_s,
        )

    def _has_stalled(self) -> bool:
        return 0 < self._settings.patience <= self._at.epoch - 1 - self._at.best_epoch

    def _epoch(self) -> bool:
        """Go through what is left of the epoch; False where somebody stopped it."""
        self._enter(self._phase_of(self._at.epoch))
        saved_s = time.monotonic()
        try:
            for batch in self._batches.of_epoch(self._at.epoch, size=self._at.batch, start=self._at.seen):
                if self._stopped():
                    return False
                self._step(batch.crops_rgb, batch.truth, batch.seen)
                if time.monotonic() - saved_s > _EVERY_S:
                    self._save()
                    saved_s = time.monotonic()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            if self._at.batch < 2:
                raise RunError("The memory does not hold one picture in a step. Choose smaller crops.") from error
        else:
            self._end_epoch()
            return True
        # Not before here is what the failed step held let go.
        self._halve()
        return self._epoch()

    def _step(self, crops_rgb: np.ndarray, truth: np.ndarray, seen: int) -> None:
        began = time.monotonic()
        rate = self._rate(seen - len(crops_rgb))
        self._model.optimizer.learning_rate = rate
        said = self._replicas.train(self._model, crops_rgb, truth, truth @ self._weights)
        loss, accuracy = float(said["loss"]), float(said["accuracy"])
        self._clock.note(len(crops_rgb), time.monotonic() - began)
        at = self._at
        at.loss, at.right, at.seen = at.loss + loss * len(truth), at.right + accuracy * len(truth), seen
        _check_finite(loss)
        steps = math.ceil(len(self._train) / at.batch)
        number = at.epoch * steps + math.ceil(seen / at.batch)
        if number % max(1, self._settings.epochs * steps // _LINES) == 0:
            self._tell("batch", loss=loss, accuracy=accuracy, rate=rate, **self._pace())

    def _end_epoch(self) -> None:
        at, faces = self._at, len(self._train)
        began = time.monotonic()
        found = self._validate()
        self._clock.validation_s += time.monotonic() - began
        self._clock.validations += 1
        # Calibrated, as it will be: a network that is only too sure of itself is not worse for that. Without validation
        # faces, the last epoch is as good as any.
        loss = found["calibrated"] if found else -float(at.epoch)
        _check_finite(loss)
        if loss < at.best_loss:
            at.best_loss, at.best_epoch = loss, at.epoch
            checkpoint.save(self._best, {"epoch": at.epoch}, weights=self._network.get_weights())
        self._tell(
            "epoch",
            train={"loss": at.loss / faces, "accuracy": at.right / faces},
            validation=found,
            best=at.best_epoch,
            **self._pace(),
        )
        self._at = replace(at, epoch=at.epoch + 1, seen=0, loss=0.0, right=0.0)
        self._save()
        self._after_epoch(at.epoch, found)

    def _validate(self) -> dict[str, float] | None:
        """Return loss, also calibrated, accuracy and macro-F1 on the validation faces; None where there are none."""
        from sklearn.metrics import f1_score

        if not len(self._validation):
            return None
        logits, labels = logits_of(self._model, self._validation), self._validation.labels
        _check_finite(float(np.abs(logits).max()))
        answers = logits.argmax(axis=1)
        return {
            "loss": _surprise(logits, labels),
            "calibrated": _surprise(logits / choose_temperature(logits, labels), labels),
            "accuracy": float((answers == labels).mean()),
            "macro_f1": float(f1_score(labels, answers, average="macro", zero_division=0.0)),
        }

    def _tell(self, kind: str, **what: Any) -> None:
        self._progress.tell(kind, self._at.epoch * len(self._train) + self._at.seen, epoch=self._at.epoch, **what)

    def _pace(self) -> dict[str, float]:
        at, settings = self._at, self._settings
        left = len(self._train) * (settings.epochs - at.epoch) - at.seen
        per_validation = self._clock.validation_s / max(1, self._clock.validations)
        validations = settings.epochs - at.epoch - (at.seen == len(self._train))
        left_s = left / max(self._clock.per_s, 1e-9) + per_validation * validations
        waited = self._batches.waited_s / max(self._clock.passed_s + self._batches.waited_s, 1e-9)
        return {"per_s": round(self._clock.per_s, 1), "left_s": round(left_s, 1), "waited": round(waited, 4)}

    def _phase_of(self, epoch: int) -> str:
        return "head" if epoch < self._settings.head_epochs else "body"

    def _rate(self, seen: int) -> float:
        """Return the learning rate at this step."""
        settings = self._settings
        if self._phase == "head":
            return settings.rate * _HEADS_RATE
        if settings.schedule == "constant":
            return settings.rate
        epochs = max(1, settings.epochs - settings.head_epochs)
        share = (self._at.epoch - min(settings.head_epochs, settings.epochs) + seen / len(self._train)) / epochs
        if share < _WARM_UP:
            return settings.rate * (0.05 + 0.95 * share / _WARM_UP)
        return settings.rate * (0.01 + 0.99 * (1 + math.cos(math.pi * min(share, 1.0))) / 2)

    def _enter(self, phase: str) -> None:
        """Freeze what rests in this phase; its optimiser knows nothing of the phase before."""
        if phase == self._phase:
            return
        self._phase = phase
        head = architecture(self._settings.architecture).load().head(self._network)
        _unfreeze(self._network, head if phase == "head" else self._unfrozen(), self._constants)
        with self._replicas.holding():
            # Its own model: one that was compiled before keeps what was trainable then.
            self._model = keras.Model(self._network.input, self._network.get_layer("logits").output)
            self._model.compile(
                optimizer=_optimizer(self._settings),
                loss=keras.losses.CategoricalCrossentropy(from_logits=True),
                metrics=["accuracy"],
                # Keras knows where that helps; over several devices TensorFlow cannot do it at all.
                jit_compile="auto",
            )
            self._model.optimizer.build(self._model.trainable_variables)

    def _unfrozen(self) -> list[keras.Layer]:
        settings = self._settings
        with_weights = [layer for layer in self._network.layers if layer.weights]
        frozen = len(with_weights) - math.ceil(len(with_weights) * settings.unfrozen)
        # What answers for the classes always learns.
        chosen = [one for i, one in enumerate(with_weights) if i >= frozen or one.name in BY_CLASS]
        # Statistics that ImageNet's pictures left are better than those of a few faces.
        return [one for one in chosen if not (settings.is_warm and isinstance(one, keras.layers.BatchNormalization))]

    @property
    def _best(self) -> Path:
        return self._folder / BEST

    @property
    def _checkpoint(self) -> Path:
        return self._folder / CHECKPOINT

    def _save(self) -> None:
        checkpoint.save(
            self._checkpoint,
            asdict(self._at),
            network=[ops.convert_to_numpy(one) for one in self._network.variables],
            optimizer=[ops.convert_to_numpy(one) for one in self._model.optimizer.variables],
        )

    def _take_up(self) -> None:
        """Go on from the checkpoint, or make the first one."""
        found = checkpoint.load(self._checkpoint)
        if found is None:
            self._enter(self._phase_of(0))
            self._progress.go_back(-1)
            self._save()
            return
        about, arrays = found
        self._at = Position(**about)
        # The optimiser of a phase that is over by now is of no use to the next one.
        was = self._phase_of(max(0, self._at.epoch - (self._at.seen == 0 and self._at.epoch > 0)))
        self._enter(was)
        for variables, values in (
            (self._network.variables, arrays["network"]),
            (self._model.optimizer.variables, arrays["optimizer"]),
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)
        self._progress.go_back(self._at.epoch * len(self._train) + self._at.seen)
        if self._at.epoch or self._at.seen:
            self._tell("note", text=f"Gone on at epoch {self._at.epoch + 1}, picture {self._at.seen + 1}.")

    def _halve(self) -> None:
        """Go back to the checkpoint with half the batch: the step that failed may have left anything."""
        smaller = max(1, self._at.batch // 2)
        log.warning("The memory does not hold a batch of %d: going on with %d.", self._at.batch, smaller)
        self._phase = ""
        self._take_up()
        self._at.batch = smaller
        self._tell("note", text=f"The memory did not hold so many pictures in a step; it is {smaller} from here on.")
        self._save()


def logits_of(model: keras.Model, faces: Faces, *, mirrored: bool = False) -> np.ndarray:
    """Return the logits of all faces, or of their mirror images, `(n, classes)`, cut as in use.

    As many at once as the memory holds.
    """
    size = _CHUNK
    while True:
        try:
            return np.concatenate(
                [_logits(model, faces, start, size, mirrored) for start in range(0, len(faces), size)]
            )
        except Exception as error:
            if size < 2 or not is_out_of_memory(error):
                raise
        size //= 2


def _surprise(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the cross-entropy of logits `(n, classes)` with the true classes `(n,)`."""
    shares = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(shares).sum(axis=1)) - shares[np.arange(len(labels)), labels]).mean())


def _logits(model: keras.Model, faces: Faces, start: int, size: int, mirrored: bool) -> np.ndarray:
    """Return the logits of a chunk of faces; the last one is filled up, as the network is compiled for one size."""
    crops_rgb = faces.plain_crops(range(start, min(start + size, len(faces))))[:, :, :: -1 if mirrored else 1]
    full = np.concatenate([crops_rgb, np.zeros((size - len(crops_rgb), *crops_rgb.shape[1:]), np.uint8)])
    return np.asarray(ops.convert_to_numpy(model.predict_on_batch(full)))[: len(crops_rgb)]


def _class_weights(faces: Faces) -> np.ndarray:
    """Return what each class counts, `(classes,)`: as much more as it is rarer, 1 on average over the faces."""
    counts = np.bincount(faces.labels, minlength=len(faces.classes))
    # A class without pictures may still get painted ones.
    return np.where(counts, len(faces) / (len(counts) * np.maximum(counts, 1)), 1.0).astype(np.float32)


def _check_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise _DivergedError("The loss is no number any more. Take a lower learning rate.")


def _unfreeze(network: keras.Model, chosen: list[keras.Layer], constants: list[Any]) -> None:
    for layer in network.layers:
        layer.trainable = any(layer is one for one in chosen)
    for weight in constants:
        weight.trainable = False


def _optimizer(settings: Settings) -> keras.optimizers.Optimizer:
    if settings.optimiser == "sgd":
        return keras.optimizers.SGD(settings.rate, momentum=0.9, global_clipnorm=_CLIP_NORM)
    if settings.optimiser == "adam":
        return keras.optimizers.Adam(settings.rate, global_clipnorm=_CLIP_NORM)
    return keras.optimizers.AdamW(settings.rate, weight_decay=_DECAY, global_clipnorm=_CLIP_NORM)
