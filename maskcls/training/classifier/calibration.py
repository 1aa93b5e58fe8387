"""How sure is sure: the temperature and the threshold for *not sure*, chosen on validation data."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

# Of the answers that are given on validation faces, so many are to be right; nine in ten faces get one.
SURE_ACCURACY, MOST_UNSURE = 0.99, 0.1


def choose_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Return what to divide logits by so that probabilities fit best (Guo et al., 2017).

    Args:
        logits: `(n, classes)`.
        labels: `(n,)`, the true class of each.
    """

    def surprise(log_temperature: float) -> float:
        chances = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(chances[np.arange(len(labels)), labels].mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2.0, 2.0), method="bounded").x))


def choose_threshold(probabilities: np.ndarray, labels: np.ndarray, *, accuracy: float, most_unsure: float) -> float:
    """Return the lowest threshold at which sure answers reach `accuracy`.

    Where that would leave more than `most_unsure` of all answers unsure, the threshold that leaves just so many.

    Args:
        probabilities: `(n, classes)`, calibrated.
        labels: `(n,)`.
        accuracy: Wanted among the answers at or above the threshold.
        most_unsure: Greatest share of answers below it.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    order = np.argsort(-confidence)
    accuracies = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Answers of one confidence are sure together or not at all: only the last of them tells their accuracy.
    last = np.append(np.diff(confidence[order]) != 0, True)
    good = np.flatnonzero(last & (accuracies >= accuracy))
    kept = int(good[-1]) + 1 if len(good) else 1
    kept = max(kept, int(np.ceil(len(order) * (1 - most_unsure))))
    return float(confidence[order][kept - 1])
