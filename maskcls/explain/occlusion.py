"""What an answer loses where the face is covered (Zeiler and Fergus, 2014).

Slow, but it asks the network itself: what other maps are compared with.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier


def occlusion_map(classifier: "Classifier", crop_rgb: np.ndarray, *, label: int, cells: int = 8) -> np.ndarray:
    """Return by how much the class's score falls when each part of the crop is covered: `(cells, cells) float32`.

    Parts are twice as wide as a cell, centred on it, and covered with the crop's mean colour. At the border, where a
    part ends with the crop, its loss is scaled up to a whole part's. The score is the logit, up to a constant: the mean
    of the class's evidence.

    Args:
        classifier: Whose answer it is.
        crop_rgb: `(s, s, 3) uint8`.
        label: Which class.
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
    _, evidence = classifier.classify(np.concatenate([crop_rgb[None], covered]))
    scores = evidence[..., label].mean(axis=(1, 2))
    sides = (high - low) / (2 * size / cells)
    return ((scores[0] - scores[1:]).reshape(cells, cells) / np.outer(sides, sides)).astype(np.float32)
