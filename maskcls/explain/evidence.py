"""The evidence map: the network's own, whose mean is the logit (class activation mapping, Zhou et al., 2016).

Exact and free, for networks with such a head. It is not clipped: what speaks against a class is negative.
"""

import numpy as np

from maskcls.explain.question import Question


def explain(question: Question) -> np.ndarray:
    """Return the evidence for each crop's class, `(n, rows, columns) float32`.

    Raises:
        ModelError: The network has no such map.
    """
    evidence = question.network.evidence(question.crops_rgb)
    return np.take_along_axis(evidence, question.labels[:, None, None, None], axis=3)[..., 0]
