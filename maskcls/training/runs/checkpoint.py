"""Where a run stands, in a file that is whole or not there: arrays, and a few words about them. Never a pickle."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_ABOUT = "about"


def save(path: Path, about: dict[str, Any], **arrays: Sequence[np.ndarray]) -> None:
    """Write lists of arrays by name, and what JSON can hold.

    Args:
        path: An `.npz` file, replaced at once.
        about: For `load` to return.
        arrays: Any lists of arrays of numbers.
    """
    draft = path.with_name(f".{path.name}")
    flat: dict[str, Any] = {f"{name}/{i}": one for name, some in arrays.items() for i, one in enumerate(some)}
    sizes = {name: len(some) for name, some in arrays.items()}
    flat[_ABOUT] = np.array(json.dumps([about, sizes]))
    np.savez(draft, **flat)
    # Its own ending stays, so NumPy adds none.
    draft.replace(path)


def load(path: Path) -> tuple[dict[str, Any], dict[str, list[np.ndarray]]] | None:
    """Return what `save` wrote; None where there is nothing, or something else."""
    try:
        # Opened here: of a torn file, NumPy leaves it open.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            about, sizes = json.loads(str(file[_ABOUT]))
            return about, {name: [file[f"{name}/{i}"] for i in range(count)] for name, count in sizes.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile):
        return None
