"""What a run computes on: one device, or all GPUs of the machine, behind one small adapter.

Every GPU holds the network and takes its part of each batch (data parallelism); gradients are averaged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from maskcls.engines import gpu_name


class Replicas:
    """The devices that a run computes on.

    Args:
        devices: Names as TensorFlow's; all GPUs when None. With fewer than two, Keras does what it always does.
    """

    def __init__(self, devices: list[str] | None = None) -> None:
        self._backend = keras.backend.backend()
        self._strategy: Any = None
        names = keras.distribution.list_devices("gpu") if devices is None and self._backend != "torch" else devices
        self.count = max(1, len(names or []))
        self.has_gpu = (bool(names) and devices is None) or (self._backend == "torch" and gpu_name() is not None)
        if self.count < 2:
            return
        if self._backend == "jax":
            keras.distribution.set_distribution(keras.distribution.DataParallel(devices=names))
        else:
            import tensorflow as tf

            self._strategy = tf.distribute.MirroredStrategy(names)

    @property
    def words(self) -> str:
        """What it is, for people."""
        name = (gpu_name() or "GPU") if self.has_gpu else "CPU"
        return f"{self.count} × {name}" if self.count > 1 else name

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Make what is built inside be there on every device."""
        if self._strategy is None:
            yield
            return
        with self._strategy.scope():
            yield

    def train(
        self, model: keras.Model, crops_rgb: np.ndarray, truth: np.ndarray, weights: np.ndarray
    ) -> dict[str, float]:
        """Take one step, and return what the model's metrics say of this batch alone.

        Args:
            model: Compiled.
            crops_rgb: `(n, s, s, 3) uint8`.
            truth: `(n, classes)`.
            weights: `(n,)`, how much each counts.
        """
        if self._strategy is None:
            return dict(model.train_on_batch(crops_rgb, truth, sample_weight=weights, return_dict=True))
        if model.train_function is None:
            # The metrics have variables, which cannot be made any more while several devices compute.
            with self._strategy.scope():
                model.test_on_batch(crops_rgb[:1], truth[:1], sample_weight=weights[:1])
            model.make_train_function()
        model.reset_metrics()
        parts = iter([tuple(self._shared(array) for array in (crops_rgb, truth, weights))])
        return {name: float(value) for name, value in model.train_function(parts).items()}

    def _shared(self, array: np.ndarray) -> Any:
        """Return an array whose parts lie on the devices; a batch smaller than their number is repeated."""
        full = np.resize(array, (max(len(array), self.count), *array.shape[1:]))
        parts = np.array_split(full, self.count)
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: parts[context.replica_id_in_sync_group]
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that a batch was too large, whichever backend says it."""
    said = f"{type(error).__name__} {error}"
    return isinstance(error, MemoryError) or any(
        sign in said for sign in ("ResourceExhausted", "RESOURCE_EXHAUSTED", "OutOfMemory", "out of memory", "OOM when")
    )
