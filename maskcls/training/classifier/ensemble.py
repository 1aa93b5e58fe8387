"""Several trained networks as one teacher: together they are right more often than any of them alone."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from maskcls.engines import LiteRTEngine
from maskcls.export import export_litert


class Ensemble:
    """Answers for crops what several networks say in the mean (Hinton et al., 2015).

    Args:
        networks: Files of trained networks, `.keras`.
        folder: Where their LiteRT files go, which answer more quickly.
    """

    def __init__(self, networks: Sequence[Path], folder: Path) -> None:
        self._engines = []
        for number, path in enumerate(networks):
            target = folder / f"teacher-{number}.tflite"
            export_litert(keras.saving.load_model(path, compile=False), target)
            self._engines.append(LiteRTEngine(target))

    def __call__(self, crops_rgb: np.ndarray) -> np.ndarray:
        """Return probabilities `(n, classes) float32` for crops `(n, s, s, 3) uint8`."""
        answers = np.stack([engine.run(crops_rgb)[0] for engine in self._engines])
        return answers.mean(axis=0, dtype=np.float32)
