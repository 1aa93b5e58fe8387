"""What networks that never saw a picture's group say of it: read from and written to a folder of a run."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

_FILE = "opinions.npz"


def read_opinions(folder: Path) -> dict[str, np.ndarray]:
    """Return probabilities `(classes,)` by the name of the picture, archive and file.

    Raises:
        FileNotFoundError: The run has not come to its end.
    """
    with np.load(folder / _FILE) as file:
        return dict(zip(file["names"].tolist(), file["probabilities"], strict=True))


def write_opinions(folder: Path, opinions: Mapping[str, np.ndarray]) -> None:
    """Write what `read_opinions` reads, whole or not at all."""
    draft = folder / f".draft-{_FILE}"
    np.savez_compressed(draft, names=np.array(list(opinions)), probabilities=np.stack(list(opinions.values())))
    draft.replace(folder / _FILE)
