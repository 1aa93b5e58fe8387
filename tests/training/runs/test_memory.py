"""Memory that a training took is free again when it is over."""

import gc
import importlib
import weakref

import keras
import numpy as np
import pytest

from maskcls.training.runs import memory


def graphs() -> list[object]:
    return [one for one in gc.get_objects() if type(one).__name__ == "FuncGraph"]


def trained() -> list[weakref.ref]:
    """Train a network as a run does, and return what shall not outlive it."""
    others = {id(one) for one in graphs()}
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    network.compile(optimizer=keras.optimizers.AdamW(global_clipnorm=1.0), loss="mse", jit_compile=False)
    network.train_on_batch(np.zeros((2, 4), np.float32), np.zeros((2, 3), np.float32))
    return [weakref.ref(one) for one in (network, *graphs()) if id(one) not in others]


@pytest.mark.parametrize("fails", [False, True])
def test_nothing_stays(fails: bool):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Graphs are TensorFlow's")
    try:
        with memory.given_back():
            taken = trained()
            if fails:
                raise KeyError
    except KeyError:
        assert fails
    gc.collect()
    assert len(taken) > 1
    assert [one() for one in taken if one() is not None] == []


def test_another_tensorflow(monkeypatch: pytest.MonkeyPatch):
    ops = importlib.import_module("tensorflow.python.framework.ops")
    monkeypatch.setattr(ops, "gradient_registry", object())
    with memory.given_back():
        pass


def test_another_backend(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory.keras.backend, "backend", lambda: "jax")
    assert memory._gradients() == {}
