"""Eigen-CAM (Muhammad and Yeasin, "Eigen-CAM: Class Activation Map using Principal Components", 2020).

What most of a layer's channels say together. It asks about no class: the map is the same for each.
"""

import numpy as np

from maskcls.explain.question import Question


def explain(question: Question) -> np.ndarray:
    """Return the first principal component of each crop's features, `(n, rows, columns) float32`, never negative."""
    activations = question.network.activations(question.crops_rgb, question.layer)
    count, rows, columns, channels = activations.shape
    maps = np.zeros((count, rows, columns), np.float32)
    for i, features in enumerate(activations.reshape(count, rows * columns, channels)):
        _, _, directions = np.linalg.svd(features, full_matrices=False)
        along = features @ directions[0]
        # The direction's sign means nothing: the larger part of the features lies on its positive side.
        maps[i] = np.maximum(along * np.sign(along.sum()), 0).reshape(rows, columns)
    return maps
