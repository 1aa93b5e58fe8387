"""Grad-CAM (Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks", 2017).

A layer's channels, each weighted by how much it moves the logit in the mean over all places.
"""

import numpy as np

from maskcls.explain.question import Question


def explain(question: Question) -> np.ndarray:
    """Return what speaks for each crop's class, `(n, rows, columns) float32`, never negative."""
    activations, gradients = question.network.gradients(question.crops_rgb, question.labels, question.layer)
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    return np.maximum((weights * activations).sum(axis=3), 0)
