"""What runs a network: LiteRT on the CPU, Keras on a GPU. Both take a batch and give the same arrays.

They stand below both the finder and the classifier, which neither know nor care which one they were given.
"""

import importlib.util
import logging
import os
import queue
import subprocess
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from maskcls.errors import ModelError, SettingsError

log = logging.getLogger(__name__)

DEVICE_VARIABLE = "MASKCLS_DEVICE"
# Interpreters of one version that answer at once; a further caller waits for one of them.
_POOL = 2
# Input shapes that an interpreter stays prepared for, and how many pixels they may have together: the face finder takes
# some 130 bytes for each.
_SHAPES_KEPT = 12
_PIXELS_KEPT = 2_500_000


_LARGEST_BATCH = 16


# How many cores a network may take; None for as many as there are, up to four.
_threads: ContextVar[int | None] = ContextVar("threads", default=None)


@contextmanager
def on_one_core() -> Iterator[None]:
    """Let networks on the CPU run in the calling thread alone, so that a video beside them keeps the other cores."""
    token = _threads.set(1)
    try:
        yield
    finally:
        _threads.reset(token)


class Engine(Protocol):
    """Runs one network; safe to call from several threads."""

    device: str

    def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        """Return every output of the network for `(n, h, w, 3) uint8`, each `(n, …) float32`, in the model's order."""
        ...


class LiteRTEngine:
    """LiteRT on the CPU.

    Interpreters are not thread-safe, so a few of them are kept and each serves one caller at a time.

    Args:
        path: A `.tflite` file with one `uint8` input and free batch and picture sizes.

    Raises:
        ModelError: The file is missing or is not such a model.
    """

    device = "CPU (LiteRT)"

    def __init__(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelError(f"{path} cannot be read: {error.strerror}.") from error
        pool = [_Interpreters(content, path) for _ in range(_POOL)]
        # A damaged file is noticed here and not at the first picture.
        pool[0].check()
        self._free: queue.LifoQueue[_Interpreters] = queue.LifoQueue()
        for interpreters in pool:
            self._free.put(interpreters)

    def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        """See `Engine.run`."""
        if not len(images_rgb):
            # LiteRT takes no empty batch.
            return [output[:0] for output in self.run(np.zeros((1, *images_rgb.shape[1:]), np.uint8))]
        interpreters = self._free.get()
        try:
            return interpreters.run(images_rgb)
        finally:
            self._free.put(interpreters)


class _Interpreters:
    """One interpreter for each input shape met lately: preparing one for another shape takes longer than running it."""

    def __init__(self, content: bytes, path: Path) -> None:
        self._content = content
        self._path = path
        self._prepared: OrderedDict[tuple[int, Any], Any] = OrderedDict()

    def check(self) -> None:
        self._new()

    def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        try:
            pieces = [self._run(piece) for piece in _in_powers_of_two(images_rgb)]
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"{self._path} takes no pictures of shape {images_rgb.shape}. Restore it or choose another version."
            ) from error
        return [np.concatenate(parts) for parts in zip(*pieces, strict=True)] if len(pieces) > 1 else pieces[0]

    def _run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        interpreter = self._for_shape(images_rgb.shape, _threads.get() or min(4, os.cpu_count() or 1))
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], images_rgb)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in _output_indices(interpreter)]

    def _for_shape(self, shape: tuple[int, ...], threads: int) -> Any:
        key = (threads, shape)
        if key in self._prepared:
            self._prepared.move_to_end(key)
            return self._prepared[key]
        interpreter = self._new(threads)
        # Strict: only what the model leaves free may change, or a picture of the wrong size would get some answer.
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape, strict=True)
        interpreter.allocate_tensors()
        self._prepared[key] = interpreter
        while len(self._prepared) > 1 and self._keeps_too_much():
            self._prepared.popitem(last=False)
        return interpreter

    def _keeps_too_much(self) -> bool:
        pixels = sum(n * height * width for _, (n, height, width, _) in self._prepared)
        return len(self._prepared) > _SHAPES_KEPT or pixels > _PIXELS_KEPT

    def _new(self, threads: int = 1) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        try:
            return Interpreter(model_content=self._content, num_threads=threads)
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"{self._path} is damaged or is no LiteRT model. Restore it or choose another version."
            ) from error


def _in_powers_of_two(images_rgb: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the batch in pieces of 16, 8, 4, 2 and 1: any number of faces then needs five shapes at most."""
    start = 0
    while start < len(images_rgb):
        size = min(_LARGEST_BATCH, 1 << ((len(images_rgb) - start).bit_length() - 1))
        yield images_rgb[start : start + size]
        start += size


def _output_indices(interpreter: Any) -> list[int]:
    """Return the tensors of the outputs in the order of the Keras model's: the converter numbers their names."""
    details = sorted(interpreter.get_output_details(), key=lambda detail: detail["name"])
    return [detail["index"] for detail in details]


class KerasEngine:
    """Keras on whatever its backend finds, a GPU where there is one.

    Batches are filled up to powers of two, so that the network is compiled for a handful of shapes only.

    Args:
        path: A `.keras` file.

    Raises:
        ModelError: The file is missing or is not such a model.
    """

    def __init__(self, path: Path) -> None:
        import keras

        _grow_memory()
        try:
            self._model = keras.saving.load_model(path, compile=False, safe_mode=True)
        except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"{path} is damaged or is no Keras model. Restore it or choose another version."
            ) from error
        self.uses_gpu = _keras_sees_gpu()
        self.device = f"{(self.uses_gpu and gpu_name()) or 'CPU'} (Keras, {keras.backend.backend()})"

    def run(self, images_rgb: np.ndarray) -> list[np.ndarray]:
        """See `Engine.run`."""
        import keras

        n = len(images_rgb)
        full = np.zeros((1 << (n - 1).bit_length() if n else 1, *images_rgb.shape[1:]), np.uint8)
        full[:n] = images_rgb
        outputs = self._model.predict_on_batch(full)
        # One output comes by itself; several in a list or a dictionary, in the order of the model's definition.
        values = outputs.values() if isinstance(outputs, dict) else outputs
        values = values if isinstance(outputs, dict | list | tuple) else [outputs]
        return [np.asarray(keras.ops.convert_to_numpy(value), np.float32)[:n] for value in values]


def load_engine(folder: Path) -> Engine:
    """Return the engine for the version in `folder`: Keras where there is a GPU, else LiteRT.

    Raises:
        ModelError: The version's files are missing or damaged.
        SettingsError: `MASKCLS_DEVICE` is neither `cpu` nor `gpu`, or asks for a GPU where there is none.
    """
    if chosen_device() == "gpu":
        engine = KerasEngine(folder / "model.keras")
        if engine.uses_gpu:
            return engine
        # A driver alone is not enough: the backend needs its own CUDA libraries.
        advice = "the driver knows a GPU, but Keras sees none. Install requirements-gpu.txt"
        if os.environ.get(DEVICE_VARIABLE):
            raise SettingsError(f"{DEVICE_VARIABLE}=gpu: {advice}, or set it to cpu.")
        log.warning("The CPU answers: %s to use it.", advice)
    return LiteRTEngine(folder / "model.tflite")


def chosen_device() -> str:
    """Return `cpu` or `gpu`: what `MASKCLS_DEVICE` says, else what the machine has.

    Raises:
        SettingsError: The variable makes no sense here.
    """
    wish = os.environ.get(DEVICE_VARIABLE, "").strip().lower()
    if wish not in ("", "cpu", "gpu"):
        raise SettingsError(f"{DEVICE_VARIABLE} is {wish!r}; it takes cpu or gpu.")
    if wish == "gpu" and gpu_name() is None:
        raise SettingsError(f"{DEVICE_VARIABLE}=gpu, but no GPU answers here. Set it to cpu, or mend the driver.")
    return wish or ("gpu" if gpu_name() is not None and _has_backend() else "cpu")


def gpu_name() -> str | None:
    """Return the name of the first NVIDIA GPU, None without one; asks the driver, so that no framework is imported."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],  # noqa: S607 - where it lies differs
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip().split("\n")[0] or None


def _has_backend() -> bool:
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    return importlib.util.find_spec("keras") is not None and importlib.util.find_spec(name) is not None


def _keras_sees_gpu() -> bool:
    import keras

    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.is_available()
    return bool(keras.distribution.list_devices("gpu"))


def _grow_memory() -> None:
    """Keep TensorFlow from taking the whole GPU at once, where it is the backend and has not started yet."""
    import keras

    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, enable=True)
        except RuntimeError:  # it is running already, with whatever was set before
            return
