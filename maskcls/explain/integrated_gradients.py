"""Integrated gradients (Sundararajan et al., "Axiomatic Attribution for Deep Networks", 2017).

The gradients at every step of the way from an empty picture to this one, times the way: over all pixels they add up to
what the logit gained. Empty is the crop's own mean colour, as where occlusion covers.
"""

import numpy as np

from maskcls.explain.question import Question

_FIRST_STEPS, _MOST_STEPS = 32, 256
# Steps are halved until the sum is as near as this to what it must be.
_NEAR = 0.01


def explain(question: Question) -> np.ndarray:
    """Return by how much each pixel moved the logit of its crop's class, `(n, s, s) float32`."""
    maps = []
    for i, (crop, label) in enumerate(zip(question.crops_rgb, question.labels, strict=True)):
        maps.append(_one(question, crop.astype(np.float32), int(label)))
        question.tell((i + 1) / len(question.crops_rgb))
    return np.stack(maps) if maps else np.zeros(question.crops_rgb.shape[:3], np.float32)


def _one(question: Question, crop: np.ndarray, label: int) -> np.ndarray:
    empty = np.broadcast_to(crop.mean(axis=(0, 1)), crop.shape)
    way = crop - empty

    def along(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # By the square: close to the empty picture, where nothing is much larger than noise, gradients leap.
        pictures = empty + (places**2)[:, None, None, None] * way
        logits, gradients = question.network.input_gradients(pictures, np.full(len(places), label))
        return logits, np.tensordot(2 * places, gradients, axes=1)

    steps = _FIRST_STEPS
    places = np.linspace(0, 1, steps + 1)
    logits, total = along(places)
    gain = logits[-1] - logits[0]
    # Trapezia, so that the old points stay when steps are halved; the first one weighs nothing, the last one half.
    _, last = along(places[-1:])
    total = total - last / 2
    while abs((total * way).sum() / steps - gain) > _NEAR * abs(gain) and steps < _MOST_STEPS:
        total = total + along((np.arange(steps) + 0.5) / steps)[1]
        steps *= 2
    return (total * way / steps).sum(axis=2).astype(np.float32)
