"""How good a model version is on pictures whose truth is known: folders of faces, or photographs with boxes.

Pictures stream through one at a time; one that cannot be read is named with its reason and the rest is evaluated.
"""

from typing import TYPE_CHECKING, Any

from maskcls.data.scenes import is_scenes
from maskcls.data.store import Store
from maskcls.evaluation.crops import evaluate_crops
from maskcls.evaluation.options import Options, Track
from maskcls.evaluation.scenes import evaluate_scenes

if TYPE_CHECKING:
    from maskcls.registry import Registry

__all__ = ["Options", "Track", "evaluate", "evaluate_crops", "evaluate_scenes"]


def evaluate(
    store: Store,
    registry: "Registry",
    *,
    model: str | None = None,
    options: Options | None = None,
    track: Track = iter,
) -> dict[str, Any]:
    """Evaluate a model version on a data set of either kind, told apart by its annotations.

    Args:
        store: The data.
        registry: Where the models are.
        model: The classifier's name; the one at work when None.
        options: Terms other than the usual ones.
        track: Wraps the list of pictures to show progress.

    Returns:
        `kind`, `data`, `split`, `labels` and `model`, then what `evaluate_crops` or `evaluate_scenes` returns.

    Raises:
        DatasetError: The data cannot be evaluated with this model.
        ModelError: There is no such model.
    """
    options = options or Options()
    classifier = registry.classifier(model)
    head = {"data": str(store.source), "split": options.split, "labels": options.labels, "model": classifier.card.name}
    if is_scenes(store):
        result = evaluate_scenes(store, registry.finder(), classifier, options=options, track=track)
        return {"kind": "scenes", **head, **result}
    return {"kind": "crops", **head, **evaluate_crops(store, classifier, options=options, track=track)}
