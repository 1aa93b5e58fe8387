"""Giving back what a training took, so that one process can do many."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


@contextmanager
def given_back() -> Iterator[None]:
    """Let go of the networks that are made inside, when this is left; what others hold is theirs."""
    gradients = _gradients()
    before = set(gradients)
    try:
        yield
    finally:
        for name in set(gradients) - before:
            del gradients[name]
        keras.utils.clear_session()


def _gradients() -> dict[str, Any]:
    """Return where TensorFlow registers gradients: for good, and with them every graph that a step was traced to."""
    if keras.backend.backend() != "tensorflow":
        return {}
    from tensorflow.python.framework import ops

    # Nothing public leads there. Where it is called otherwise one day, memory stays taken, and all else works.
    found: dict[str, Any] = getattr(getattr(ops, "gradient_registry", None), "_registry", {})
    return found
