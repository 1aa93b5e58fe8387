"""How small and quick the classifier can be and stay right: `python -m maskcls.training.knee --help`.

Each way to build it is trained by one short recipe and measured on validation faces, never on test faces. What
came out stands in `docs/knee.md`.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np

from maskcls.benchmark import median_ms
from maskcls.data.store import Store
from maskcls.engines import LiteRTEngine
from maskcls.evaluation import Options, evaluate_crops
from maskcls.evaluation.agreement import evaluate_agreement
from maskcls.export import export_litert
from maskcls.registry import Registry
from maskcls.training.classifier.fitting import Recipe, train
from maskcls.training.classifier.painted import training_pictures
from maskcls.training.classifier.pictures import FACES_CUT, Picture
from maskcls.training.ship import ship_classifier, validation_crops

log = logging.getLogger("maskcls.training.knee")

_SHORT = Recipe(epochs=6)
# How much the shipped classifier's word counts where it teaches.
_TAUGHT = 0.7
# What is changed, and to what; the first is what the others are compared with.
VARIANTS = {
    "as-shipped": _SHORT,
    "half-width": replace(_SHORT, inner=0.5),
    "half-width-taught": replace(_SHORT, inner=0.5, taught=_TAUGHT),
    # Cut sooner: each cell of the map sees less of the face, and inside block 6 the cells are half as large.
    "cut-10": replace(_SHORT, cut=10),
    "cut-6": replace(_SHORT, cut=6),
    "96-px": replace(_SHORT, input_px=96),
    "112-px": replace(_SHORT, input_px=112),
    "160-px": replace(_SHORT, input_px=160),
}
# The same network with other weights in its file.
_BITS = (32, 16, 8)
_TIMED = 200
_VALIDATION = Options("validation", cut_scale=FACES_CUT, labels="corrected")


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default="../shared/data", show_default=True)
@click.option("--weights", type=click.Path(path_type=Path, exists=True), default="../shared/weights", show_default=True)
@click.option("--run", type=click.Path(path_type=Path), default=".maskcls/runs/knee", show_default=True)
@click.option("--painted", default=900, show_default=True, help="Faces with something painted on them, for each class.")
@click.option("--only", multiple=True, type=click.Choice(list(VARIANTS)), help="Not all of them; may be repeated.")
def main(data: Path, weights: Path, run: Path, painted: int, only: tuple[str, ...]) -> None:
    """Train and measure every variant; what stands in the run's folder is not done again."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    run.mkdir(parents=True, exist_ok=True)
    chosen = {name: VARIANTS[name] for name in only or VARIANTS}
    if not all((run / name / "model.keras").exists() for name in chosen):
        pictures = training_pictures(data, weights, painted=painted, answers=run / "landmarks.npz")
        _train_all(chosen, pictures, weights, run)
    for name in chosen:
        if not (run / "models" / name).exists():
            (run / "models").mkdir(exist_ok=True)
            ship_classifier(run / name / "model.keras", run / "models", data, name=name)
    rows = [measure(Registry(home_folder=run), name, data) for name in chosen]
    rows += formats(run / next(iter(chosen)) / "model.keras", run, data)
    files = [(run / "models" / name / "model.tflite", recipe.input_px) for name, recipe in chosen.items()]
    files += [(_in_bits(run, bits), files[0][1]) for bits in _BITS]
    for row, crop_ms in zip(rows, crop_times(files), strict=True):
        row["crop_ms"] = crop_ms
    (run / "knee.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    click.echo(table(rows))


def measure(registry: Registry, name: str, data: Path) -> dict[str, Any]:
    """Return what the version `name` is worth on validation faces, and how large it is."""
    classifier = registry.classifier(name)
    with Store(data / "faces.zip") as store:
        scores = evaluate_crops(store, classifier, options=_VALIDATION)
        agreement = evaluate_agreement(store, classifier, options=_VALIDATION)
    folder = registry.version(name).path
    return {
        "name": name,
        "accuracy": scores["accuracy"],
        "macro_f1": scores["macro_f1"],
        "partial_f1": scores["per_class"]["partial_mask"]["f1"],
        "rank_correlation": agreement["rank_correlation"],
        "in_hottest": agreement["in_hottest"],
        "kb": (folder / "model.tflite").stat().st_size / 1000,
    }


def formats(trained: Path, run: Path, data: Path) -> list[dict[str, Any]]:
    """Return size and accuracy of one network with weights of 32, 16 and 8 bits; the files stay in `run`."""
    network = keras.saving.load_model(trained, compile=False)
    crops, labels = validation_crops(data, size_px=network.input_shape[1])
    rows = []
    for bits in _BITS:
        path = _in_bits(run, bits)
        export_litert(network, path, bits=bits, pictures=[crop[None] for crop in crops[::3]])
        answers = LiteRTEngine(path).run(crops)[0].argmax(axis=1)
        row = {"accuracy": float((answers == labels).mean()), "kb": path.stat().st_size / 1000}
        rows.append({"name": f"{trained.parent.name}, {bits} bits", **row})
    return rows


def crop_times(files: Sequence[tuple[Path, int]]) -> list[float]:
    """Return the median time in ms of one crop through each `.tflite` file, on two threads.

    They take turns: a machine's speed varies by more than networks differ.

    Args:
        files: With the side of its crops in pixels each.
    """
    ways = [partial(LiteRTEngine(path).run, np.zeros((1, px, px, 3), np.uint8)) for path, px in files]
    return median_ms(ways, runs=_TIMED)


def _in_bits(run: Path, bits: int) -> Path:
    return run / f"{bits}-bits.tflite"


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table; what was not measured stays empty."""
    columns = {key: None for row in rows for key in row}
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(_cell(row.get(column, "")) for column in columns) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.3f}" if value < 10 else f"{value:.0f}"


def _train_all(
    variants: dict[str, Recipe], pictures: dict[tuple[str, str], list[Picture]], weights: Path, run: Path
) -> None:
    for name, recipe in variants.items():
        if not (run / name / "model.keras").exists():
            log.info("%s", name)
            keras.utils.set_random_seed(0)
            (run / name).mkdir(exist_ok=True)
            train(pictures, weights, run / name, recipe, teacher=_shipped(run) if recipe.taught else None)


def _shipped(run: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return what the shipped classifier says of crops; in the run's folder nobody has promoted another one."""
    classifier = Registry(home_folder=run).classifier()
    return lambda crops_rgb: classifier.classify(crops_rgb)[0]


if __name__ == "__main__":
    main()
