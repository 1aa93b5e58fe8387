"""Score-CAM (Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks", 2020).

Without gradients: each channel of a layer veils the picture, and counts by what the network says of what is left.
"""

import cv2
import numpy as np

from maskcls.explain.question import Question

_AT_ONCE = 32


def explain(question: Question) -> np.ndarray:
    """Return what speaks for each crop's class, `(n, rows, columns) float32`, never negative. Slow."""
    activations = question.network.activations(question.crops_rgb, question.layer)
    maps = [_one(question, i, activations[i]) for i in range(len(activations))]
    return np.stack(maps) if maps else activations[..., 0]


def _one(question: Question, i: int, activations: np.ndarray) -> np.ndarray:
    crop, label = question.crops_rgb[i].astype(np.float32), question.labels[i]
    low, high = activations.min(axis=(0, 1)), activations.max(axis=(0, 1))
    # A channel that is the same everywhere veils nothing.
    live = np.flatnonzero(high > low)
    if not len(live):
        return np.zeros(activations.shape[:2], np.float32)
    veils = (activations[..., live] - low[live]) / (high[live] - low[live])
    scores = np.empty(len(live), np.float32)
    for start in range(0, len(live), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        large = np.stack([cv2.resize(veils[..., k], crop.shape[:2]) for k in range(*some.indices(len(live)))])
        scores[some] = question.network.logits(large[..., None] * crop)[:, label]
        question.tell((i + min(start + _AT_ONCE, len(live)) / len(live)) / len(question.crops_rgb))
    # The score of an empty picture, which the paper takes off each, falls out of the softmax.
    weights = np.exp(scores - scores.max())
    return np.maximum(activations[..., live] @ (weights / weights.sum()), 0).astype(np.float32)
