"""A teacher's answers, kept beside a run, so that it is asked only once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np


@contextmanager
def kept(path: Path) -> Iterator[dict[str, np.ndarray]]:
    """Give what is known from an `.npz` file, to be added to; in the end all of it is written there, or nothing.

    Args:
        path: The file; it need not be there yet.
    """
    known = dict(np.load(path)) if path.exists() else {}
    before = len(known)
    try:
        yield known
    finally:
        # Also after a stop: what was answered until then need not be asked again.
        if len(known) > before:
            draft = path.with_name(f".{path.stem}.draft.npz")
            np.savez_compressed(draft, **known)
            draft.replace(path)
