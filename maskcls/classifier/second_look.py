"""A second look at a face whose first answer is not clear: its mirror image is asked too, and both answers are one.

A face and its mirror image should get the same answer; where they differ, their mean is mostly the better answer
(test-time augmentation; Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural Networks", 2012).
Where the first answer is clear the mirror image hardly ever changes it, and nobody waits for it.
"""

import numpy as np

# From this probability on, an answer is clear.
CLEAR = 0.95


def is_unclear(probabilities: np.ndarray) -> np.ndarray:
    """Return for which of `(n, classes)` probabilities the mirror image is to be asked, `(n,) bool`."""
    return probabilities.max(axis=1, initial=0.0) < CLEAR


def mean_answer(*answers: np.ndarray) -> np.ndarray:
    """Return what some answers `(n, classes)` say together, `float32`: the softmax of the mean of their logits."""
    # One that rules a class out, and another that rules out all others, still have a mean.
    least = np.finfo(np.float64).tiny
    logits = np.mean([np.log(np.maximum(answer, least, dtype=np.float64)) for answer in answers], axis=0)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def after_second_look(first: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
    """Return a classifier's answers `(n, classes)`, from its network's for crops and for their mirror images."""
    return np.where(is_unclear(first)[:, None], mean_answer(first, mirrored), first)
