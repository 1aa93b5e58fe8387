"""HiResCAM (Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of CNNs", 2020).

Each number of a layer times its own gradient: only places that the network used can light up.
"""

import numpy as np

from maskcls.explain.question import Question


def explain(question: Question) -> np.ndarray:
    """Return what speaks for each crop's class, `(n, rows, columns) float32`, never negative."""
    activations, gradients = question.network.gradients(question.crops_rgb, question.labels, question.layer)
    return np.maximum((gradients * activations).sum(axis=3), 0)
