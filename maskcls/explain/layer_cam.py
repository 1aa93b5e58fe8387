"""LayerCAM (Jiang et al., "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", 2021).

Each number of a layer times its own gradient where that speaks for the class; made for early, finer layers too.
"""

import numpy as np

from maskcls.explain.question import Question


def explain(question: Question) -> np.ndarray:
    """Return what speaks for each crop's class, `(n, rows, columns) float32`, never negative."""
    activations, gradients = question.network.gradients(question.crops_rgb, question.labels, question.layer)
    return np.maximum((np.maximum(gradients, 0) * activations).sum(axis=3), 0)
