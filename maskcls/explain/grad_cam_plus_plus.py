"""Grad-CAM++ (Chattopadhay et al., "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks", 2018).

Like Grad-CAM, with weights that let several places of one kind count fully. The second and third derivatives come from
the first, as in the paper, where the score is the exponential of the logit.
"""

import numpy as np

from maskcls.explain.question import Question


def explain(question: Question) -> np.ndarray:
    """Return what speaks for each crop's class, `(n, rows, columns) float32`, never negative."""
    activations, gradients = question.network.gradients(question.crops_rgb, question.labels, question.layer)
    squares = gradients**2
    below = 2 * squares + activations.sum(axis=(1, 2), keepdims=True) * gradients**3
    shares = np.divide(squares, below, out=np.zeros_like(squares), where=below != 0)
    weights = (shares * np.maximum(gradients, 0)).sum(axis=(1, 2), keepdims=True)
    return np.maximum((weights * activations).sum(axis=3), 0)
