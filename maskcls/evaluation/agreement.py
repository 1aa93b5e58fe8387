"""How well the classifier's own evidence map agrees with what covering the face shows."""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import spearmanr

from maskcls.data.crops import NOT_FACE
from maskcls.data.store import Store
from maskcls.evaluation.answers import cut_boxes, labelled_crops, readable
from maskcls.evaluation.options import Options, Track
from maskcls.explain.occlusion import occlusion_map
from maskcls.finder.cut import middle_box

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier


def evaluate_agreement(
    store: Store, classifier: "Classifier", *, options: Options | None = None, track: Track = iter
) -> dict[str, Any]:
    """Compare the evidence map with the occlusion map of the class that the classifier answers, face by face.

    Returns:
        `n` faces and `rank_correlation`, the mean of Spearman's over them: 1 for cells in the same order, 0 for any
        order; `in_hottest`, how much of the score's fall lies in the hottest quarter of the evidence map, in the mean
        (0.25 for any quarter). Both are None without faces. `flat` counts faces of which one of the maps is flat, or
        where no covering makes the score fall: they have no such figures. `skipped`, as elsewhere.

    Raises:
        DatasetError: There are no pictures.
    """
    options = options or Options()
    found = labelled_crops(store, options)
    faces = [item for item in found if item[1] != NOT_FACE]
    correlations, shares, flat = [], [], 0
    skipped: list[dict[str, str]] = []
    for _, image_rgb in readable(store, track(faces), skipped, key=lambda item: item[0]):
        crops = cut_boxes(image_rgb, middle_box(image_rgb, scale=options.cut_scale), classifier)
        probabilities, evidence = classifier.classify(crops)
        label = int(probabilities[0].argmax())
        own = evidence[0, :, :, label]
        lost = occlusion_map(partial(_mean_evidence, classifier, label), crops[0], cells=len(own))
        fall = np.clip(lost, 0, None)
        if np.ptp(own) == 0 or np.ptp(lost) == 0 or fall.sum() == 0:
            flat += 1
            continue
        correlations.append(float(spearmanr(own.ravel(), lost.ravel()).statistic))
        hottest = own >= np.quantile(own, 0.75)
        shares.append(float(fall[hottest].sum() / fall.sum()))
    return {
        "n": len(correlations),
        "rank_correlation": float(np.mean(correlations)) if correlations else None,
        "in_hottest": float(np.mean(shares)) if shares else None,
        "flat": flat,
        "skipped": skipped,
    }


def _mean_evidence(classifier: "Classifier", label: int, crops_rgb: np.ndarray) -> np.ndarray:
    """Return the logits of a class, up to a constant: `(n,)`."""
    return classifier.classify(crops_rgb)[1][..., label].mean(axis=(1, 2))
