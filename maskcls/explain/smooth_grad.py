"""SmoothGrad (Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017).

The mean gradient over noisy copies of the picture: which pixels the answer hangs on, whichever way.
"""

import numpy as np

from maskcls.explain.question import Question

_COPIES = 32
# Of the picture's range of values; the paper finds 10 to 20 per cent best.
_NOISE = 0.15


def explain(question: Question) -> np.ndarray:
    """Return how much each crop's logit hangs on each pixel, `(n, s, s) float32`, never negative."""
    rng = np.random.default_rng(0)
    maps = np.zeros(question.crops_rgb.shape[:3], np.float32)
    for i, (crop, label) in enumerate(zip(question.crops_rgb, question.labels, strict=True)):
        noise = rng.normal(0, _NOISE * np.ptp(crop), (_COPIES, *crop.shape))
        _, gradients = question.network.input_gradients(crop + noise, np.full(_COPIES, label))
        maps[i] = np.abs(gradients.mean(axis=0)).sum(axis=2)
        question.tell((i + 1) / len(maps))
    return maps
