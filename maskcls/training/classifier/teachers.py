"""Trained classifiers as teachers of the next one: what several say together is right more often than what one says."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np

from maskcls.classifier.second_look import mean_answer


def together(files: Sequence[Path]) -> Callable[[np.ndarray], np.ndarray]:
    """Return what several classifiers say of crops, as one (Hinton et al., 2015).

    Args:
        files: Networks as `architectures.maskcls.build` returns them, saved as `.keras`; at least one.

    Returns:
        From `(n, s, s, 3) uint8` to `(n, classes) float32`, the geometric mean of their probabilities, scaled to a sum
        of one.
    """
    networks = [keras.saving.load_model(file, compile=False) for file in files]

    def answer(crops_rgb: np.ndarray) -> np.ndarray:
        return mean_answer(*(np.asarray(network.predict_on_batch(crops_rgb)[0]) for network in networks))

    return answer
