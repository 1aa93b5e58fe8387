"""How faithful each method's maps are, in the mean over many faces: the network is asked, see `explain.trust`."""

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from maskcls.data.crops import NOT_FACE
from maskcls.data.store import Store
from maskcls.evaluation.answers import check_readable, cut_boxes, labelled_crops, readable
from maskcls.evaluation.options import Options, Track
from maskcls.explain import methods, trust
from maskcls.explain.question import Question
from maskcls.finder.cut import middle_box

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.explain.network import Network

# Methods that take less for a face may be the default of a page.
_QUICK_MS = 100.0


def evaluate_explanations(
    store: Store,
    classifier: "Classifier",
    network: "Network",
    *,
    faces: int = 200,
    options: Options | None = None,
    track: Track = iter,
) -> dict[str, Any]:
    """Ask of each method how faithful its maps are, for the class that the network answers.

    Args:
        store: Folders of face pictures.
        classifier: Says how crops are cut.
        network: The same version, opened up.
        faces: How many, drawn at random but always the same.
        options: Terms other than the usual ones.
        track: Wraps the list of pictures to show progress.

    Returns:
        `n` faces; `methods`, by name, each with the means of `insertion`, `deletion` (areas), `gain` (insertion less
        deletion, less the same for pixels in random order), `average_drop`, and the median `ms` for a face; `random`;
        `forward_ms`, the network's answer alone; `gradients_ms`, all methods by gradients together; `default`;
        `best_quick`, the method with most gain of those under 100 ms; `default_share`, the default's gain as a share of
        that one's. `skipped`, as elsewhere.

    Raises:
        DatasetError: There are no pictures, or none can be read.
    """
    options = options or Options()
    found = [item for item in labelled_crops(store, options) if item[1] != NOT_FACE]
    order = np.random.default_rng(0).permutation(len(found))[:faces]
    wanted = [found[i] for i in order]
    skipped: list[dict[str, str]] = []
    names = methods.names_for(network)
    measured: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for i, (_, image_rgb) in enumerate(readable(store, track(wanted), skipped, key=lambda item: item[0])):
        crop = cut_boxes(image_rgb, middle_box(image_rgb, scale=options.cut_scale), classifier)[0]
        start = time.perf_counter()
        label = int(network.probabilities(crop[None])[0].argmax())
        measured["forward"].append((0.0, 0.0, 0.0, 1000 * (time.perf_counter() - start)))
        question = Question(network, crop[None], np.array([label]), network.default_layer)
        for name in names:
            maps, took_ms = methods.timed_map(name, question)
            measured[name].append((*_asked(question, maps[0]), took_ms))
        measured["random"].append((*_asked(question, trust.random_order(len(crop), seed=i)), 0.0))
    check_readable(skipped, wanted, store)
    return _summary(measured, names) | {"skipped": skipped}


def _asked(question: Question, heat: np.ndarray) -> tuple[float, float, float]:
    label = int(question.labels[0])
    seen = trust.ask(lambda crops: question.network.probabilities(crops)[:, label], question.crops_rgb[0], heat)
    return seen.insertion_area, seen.deletion_area, seen.average_drop


def _summary(measured: dict[str, list[tuple[float, ...]]], names: list[str]) -> dict[str, Any]:
    table = {}
    chance = np.mean(measured["random"], axis=0)
    for name in [*names, "random"]:
        insertion, deletion, drop, _ = np.mean(measured[name], axis=0)
        table[name] = {
            "insertion": float(insertion),
            "deletion": float(deletion),
            "gain": float(insertion - deletion - chance[0] + chance[1]),
            "average_drop": float(drop),
            "ms": float(np.median([one[3] for one in measured[name]])),
        }
    random = table.pop("random")
    quick = [name for name in names if table[name]["ms"] < _QUICK_MS]
    best = max(quick, key=lambda name: table[name]["gain"], default=None)
    return {
        "n": len(measured["random"]),
        "methods": table,
        "forward_ms": float(np.median([one[3] for one in measured["forward"]])),
        "gradients_ms": sum(table[name]["ms"] for name in names if methods.method(name).by_gradients),
        "random": {name: random[name] for name in ("insertion", "deletion", "average_drop")},
        "default": methods.DEFAULT,
        "best_quick": best,
        "default_share": table[methods.DEFAULT]["gain"] / table[best]["gain"]
        if best and table[best]["gain"] > 0
        else None,
    }
