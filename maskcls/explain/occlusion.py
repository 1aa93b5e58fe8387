"""What an answer loses where the face is covered. Slow, but it asks the network itself: others are compared with it.

Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from maskcls.explain.question import Question

if TYPE_CHECKING:
    from maskcls.explain.network import Network

# As fine as the evidence of our classifier.
_CELLS = 8


def explain(question: Question) -> np.ndarray:
    """Return by how much each crop's logit falls when each part is covered, `(n, 8, 8) float32`. Slow."""
    maps = np.zeros((len(question.crops_rgb), _CELLS, _CELLS), np.float32)
    for i, (crop, label) in enumerate(zip(question.crops_rgb, question.labels, strict=True)):
        maps[i] = occlusion_map(partial(_logit, question.network, label), crop, cells=_CELLS)
        question.tell((i + 1) / len(maps))
    return maps


def _logit(network: "Network", label: int, crops: np.ndarray) -> np.ndarray:
    return network.logits(crops)[:, label]


def occlusion_map(score: Callable[[np.ndarray], np.ndarray], crop_rgb: np.ndarray, *, cells: int) -> np.ndarray:
    """Return by how much a score falls when each part of the crop is covered: `(cells, cells) float32`.

    Parts are twice as wide as a cell, centred on it, and covered with the crop's mean colour. At the border, where a
    part ends with the crop, its loss is scaled up to a whole part's.

    Args:
        score: From crops `(n, s, s, 3) uint8` to `(n,)`; up to a constant it is the logit of the class asked about.
        crop_rgb: `(s, s, 3) uint8`.
        cells: How many parts each way.
    """
    size = crop_rgb.shape[0]
    colour = crop_rgb.mean(axis=(0, 1)).round().astype(np.uint8)
    covered = np.repeat(crop_rgb[None], cells**2, axis=0)
    edges = np.linspace(-0.5, cells - 0.5, cells + 1)
    low, high = (np.clip(np.round((e * size) / cells), 0, size).astype(int) for e in (edges[:-1], edges[1:] + 1))
    for i, picture in enumerate(covered):
        row, column = divmod(i, cells)
        picture[low[row] : high[row], low[column] : high[column]] = colour
    scores = score(np.concatenate([crop_rgb[None], covered]))
    sides = (high - low) / (2 * size / cells)
    return ((scores[0] - scores[1:]).reshape(cells, cells) / np.outer(sides, sides)).astype(np.float32)
