"""Which training labels look wrong: `python -m maskcls.training.classifier.suspects --help`.

Confident learning (Northcutt et al., "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021): a label is
suspect where a network that never saw the picture is at least as sure of another class as it is on average of that
class's own pictures. Someone then looks at the sheets, which show pictures and given labels but no network's answer,
and writes what is wrong into `maskcls/data/corrections.csv`.
"""

import csv
import logging
from collections import defaultdict
from pathlib import Path

import click
import numpy as np

from maskcls import images
from maskcls.data.manifest import Entry, read_manifest
from maskcls.data.store import Store
from maskcls.labels import CLASSES
from maskcls.sheets import contact_sheet
from maskcls.training.classifier.opinions import read_opinions
from maskcls.training.entries import training_entries

log = logging.getLogger("maskcls.training.classifier.suspects")

_ON_A_SHEET = 54


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), default="../shared/data", show_default=True)
@click.option("--run", type=click.Path(path_type=Path, exists=True), default=".maskcls/runs/folds", show_default=True)
def main(data: Path, run: Path) -> None:
    """Write `suspects.csv` and contact sheets, both with the worst label first, into the run's folder."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    opinions = read_opinions(run)
    entries = [entry for entry in training_entries(data) if _name(entry) in opinions]
    labels = np.array([CLASSES.index(entry.label) for entry in entries])
    probabilities = np.stack([opinions[_name(entry)] for entry in entries])
    order, others = suspects(probabilities, labels)
    at_odds = groups_at_odds(read_manifest(data / "manifest.csv"))
    with (run / "suspects.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["archive", "file", "label", "suspected", *CLASSES, "group_at_odds"])
        for i, other in zip(order, others, strict=True):
            entry = entries[i]
            row = [entry.archive, entry.file, entry.label, CLASSES[other], *probabilities[i].round(3)]
            writer.writerow([*row, entry.group in at_odds])
    worst = [entries[i] for i in order]
    for start in range(0, len(worst), _ON_A_SHEET):
        sheet = _sheet(data, worst[start : start + _ON_A_SHEET])
        (run / f"suspects-{start:04d}.png").write_bytes(images.encode(sheet))
    log.info("%d of %d labels are suspect; %d groups hold several labels", len(order), len(entries), len(at_odds))


def suspects(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which labels are suspect and what they should perhaps be, the worst first.

    Args:
        probabilities: `(n, classes)`, of networks that never saw the picture.
        labels: `(n,)`, as given.

    Returns:
        Indices `(m,)` and classes `(m,)`.
    """
    classes = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    usual = np.array([own[labels == c].mean() if (labels == c).any() else np.inf for c in range(classes)])
    candidates = np.where(probabilities >= usual, probabilities, 0)
    likely = candidates.argmax(axis=1)
    found = np.flatnonzero((candidates.max(axis=1, initial=0) > 0) & (likely != labels))
    found = found[np.argsort(own[found] - candidates.max(axis=1, initial=0)[found], kind="stable")]
    return found, likely[found]


def groups_at_odds(entries: list[Entry]) -> set[str]:
    """Return the groups, copies of one photograph's face, that hold more than one label."""
    labels: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        # Whole photographs have no label of their own, and several faces.
        if entry.label in CLASSES and entry.archive != "faces.zip":
            labels[entry.group].add(entry.label)
    return {group for group, some in labels.items() if len(some) > 1}


def _sheet(data: Path, worst: list[Entry]) -> np.ndarray:
    pictures = []
    for entry in worst:
        with Store(data / entry.archive) as store:
            pictures.append(images.read(store.read(entry.file), name=str(entry.file)))
    return contact_sheet(pictures, [entry.label for entry in worst])


def _name(entry: Entry) -> str:
    return f"{entry.archive}/{entry.file}"


if __name__ == "__main__":
    main()
