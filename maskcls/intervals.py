"""How far a figure hangs on which photographs the test set happens to hold: 95 % intervals by bootstrap over groups.

Groups are drawn with replacement, not faces (cluster bootstrap, Field and Welsh, 2007): the faces of one photograph
share light, camera and mask, so that ten of them say less than ten photographs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

_RESAMPLES = 1000
_EDGES = (2.5, 97.5)
_Z = 1.96

Interval = list[float] | None


def of_share(right: np.ndarray, groups: Sequence[Any]) -> Interval:
    """Return the interval of `right`'s mean.

    Args:
        right: `(n,) bool`.
        groups: n of anything that can be compared; equal for faces that belong together.

    Returns:
        Lower and upper end; None when there are not two groups to draw from.
    """
    hits = np.asarray(right, float)
    sums = _resampled(np.stack([hits, np.ones(len(hits))], axis=1), groups)
    return None if sums is None else _of_a_share(sums[:, 0], sums[:, 1], len(set(groups)))


def of_classification(
    truth: np.ndarray, probabilities: np.ndarray, groups: Sequence[Any], *, classes: Sequence[str], threshold: float
) -> dict[str, Any]:
    """Return the intervals of what `metrics.classification` returns, under the same names.

    The calibration error has none: every draw adds noise inside its absolute values, so that the figure itself may lie
    below all of them. A draw without a class has a macro-F1 over the others.

    Args:
        truth: `(n,) int`.
        probabilities: `(n, c) float`.
        groups: n of anything that can be compared.
        classes: Names of the columns.
        threshold: The probability from which an answer counts as sure.
    """
    n, c = probabilities.shape
    answer = probabilities.argmax(1)
    right = answer == truth
    sure = probabilities.max(1, initial=0.0) >= threshold
    cells = np.zeros((n, c * c))
    cells[np.arange(n), truth * c + answer] = 1
    sums = _resampled(np.column_stack([cells, sure, sure & right]), groups)
    if sums is None:
        nothing = dict.fromkeys(classes)
        return {"accuracy": None, "macro_f1": None, "f1": nothing, "sure": {"share": None, "accuracy": None}}
    table = sums[:, : c * c].reshape(-1, c, c)
    total = table.sum(axis=(1, 2))
    hits = table.diagonal(axis1=1, axis2=2)
    true = table.sum(axis=2)
    # A class that a draw does not hold has no score there, as in `metrics`.
    f1 = np.divide(2 * hits, true + table.sum(axis=1), out=np.full(hits.shape, np.nan), where=true > 0)
    occurring = np.isfinite(f1)
    sure_n, sure_right, n_groups = sums[:, -2], sums[:, -1], len(set(groups))
    return {
        "accuracy": _of_a_share(hits.sum(axis=1), total, n_groups),
        "macro_f1": _interval(np.where(occurring, f1, 0).sum(axis=1), occurring.sum(axis=1)),
        "f1": {name: _interval(np.where(occurring, f1, 0)[:, i], occurring[:, i]) for i, name in enumerate(classes)},
        "sure": {
            "share": _of_a_share(sure_n, total, n_groups),
            "accuracy": _of_a_share(sure_right, sure_n, n_groups),
        },
    }


def _resampled(values: np.ndarray, groups: Sequence[Any]) -> np.ndarray | None:
    """Return sums of `values` `(n, k)` over many draws of the groups: `(draws, k)`; None for less than two groups."""
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        return None
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, index, values)
    # Always the same draws: the same data gives the same interval.
    counts = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=_RESAMPLES)
    return counts @ sums


def _of_a_share(numerator: np.ndarray, denominator: np.ndarray, n_groups: int) -> Interval:
    """Return the interval of a share; where no draw differs, as if there were one answer in each group.

    Without a single error (or a single hit) draws know nothing of the errors that the next photographs will bring:
    there the score interval (Wilson, 1927) speaks.
    """
    interval = _interval(numerator, denominator)
    if interval not in ([0.0, 0.0], [1.0, 1.0]):
        return interval
    least = _Z**2 / (n_groups + _Z**2)
    return [0.0, least] if interval == [0.0, 0.0] else [1 - least, 1.0]


def _interval(numerator: np.ndarray, denominator: np.ndarray) -> Interval:
    some = denominator > 0
    if not some.any():
        return None
    low, high = np.percentile(numerator[some] / denominator[some], _EDGES)
    return [float(low), float(high)]
