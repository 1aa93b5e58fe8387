"""One device or several: a step gives the same weights. Several are played by a CPU that is cut in two."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from maskcls.training.runs.devices import Replicas, is_out_of_memory
from tests.conftest import ROOT

# In a process of its own: devices are settled before TensorFlow starts.
_SCRIPT = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
import numpy as np, tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from maskcls.registry import Registry
from maskcls.training.runs import learning
from maskcls.training.runs.devices import Replicas
from maskcls.training.runs.faces import Crop, Faces
from maskcls.training.runs.learning import Learner
from maskcls.training.runs.progress import Progress
from maskcls.training.runs.starting import build
from maskcls.data.datasets import Shelf
from maskcls.architectures import ARCHITECTURES
from tests.training.runs.conftest import PX, TINY, tiny_settings

class Killed(BaseException): pass

ARCHITECTURES["tiny"] = TINY

home, told = Path(sys.argv[1]), {}
dataset = Shelf(home / "datasets").open("tiny-1")
train, validation = (Faces(dataset, split, Crop(PX, 1.0)) for split in ("train", "validation"))
learning._EVERY_S = -1

def learn(name, devices, stopped=lambda: False, *, folder=None, **changes):
    folder = home / (folder or name)
    folder.mkdir(exist_ok=True)
    settings = tiny_settings(**{"architecture": "tiny", "epochs": 2, "dropout": 0.0} | changes)
    replicas = Replicas(devices)
    with replicas.holding():
        network = build(settings, train.classes, Registry(home))
    progress = Progress(folder / "progress.jsonl")
    learner = Learner(
        network, train, validation, settings, folder=folder, progress=progress, replicas=replicas, stopped=stopped
    )
    try:
        learner.learn()
    except Killed:
        return
    told[name] = {
        "count": replicas.count,
        "words": replicas.words,
        "weights": [float(np.abs(one).sum()) for one in network.get_weights()],
        "lines": [line for line in progress.lines() if line["kind"] in ("batch", "epoch")],
    }

both = ["CPU:0", "CPU:1"]
# Where there are GPUs, Keras would compile what several devices cannot run.
real = tf.config.list_physical_devices
tf.config.list_physical_devices = lambda kind=None: real(kind) if kind else [SimpleNamespace(device_type="GPU")]
learn("two", both)
tf.config.list_physical_devices = real
learn("one", ["CPU:0"])
# Of 24 faces, 23 and then 1.
learn("odd", both, batch=23, epochs=1)
learn("odd alone", ["CPU:0"], batch=23, epochs=1)
calls = iter(range(4))
def stopped():
    if next(calls, None) is None:
        raise Killed
    return False
learn("killed", both, stopped, dropout=0.4)
learn("gone on", both, folder="killed", dropout=0.4)
learn("not killed", both, dropout=0.4)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(painted_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    home = tmp_path_factory.mktemp("devices")
    (home / "datasets").symlink_to(painted_home / "datasets")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-c", _SCRIPT, str(home)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_two_devices_learn_what_one_does(told: dict):
    one, two = told["one"], told["two"]
    assert (one["count"], one["words"]) == (1, "CPU")
    assert (two["count"], two["words"]) == (2, "2 × CPU")
    assert two["weights"] == pytest.approx(one["weights"], rel=1e-3)
    for mine, other in zip(two["lines"], one["lines"], strict=True):
        if mine["kind"] == "batch":
            assert mine["loss"] == pytest.approx(other["loss"], rel=1e-3)
            assert mine["accuracy"] == pytest.approx(other["accuracy"])
        else:
            assert mine["validation"] == pytest.approx(other["validation"], rel=1e-2)


def test_a_batch_that_cannot_be_shared_evenly(told: dict):
    """The devices count the same however many faces each had, so the weights are near, and no more."""
    assert told["odd"]["weights"] == pytest.approx(told["odd alone"]["weights"], rel=2e-2)
    assert [line["at"] for line in told["odd"]["lines"]] == [23, 24, 24]


def test_several_devices_go_on_where_they_stopped(told: dict):
    killed, undisturbed = told["gone on"], told["not killed"]
    assert killed["weights"] == pytest.approx(undisturbed["weights"], rel=1e-4)
    timed = ("kind", "per_s", "left_s", "waited")
    for mine, other in zip(killed["lines"], undisturbed["lines"], strict=True):
        for name in mine.keys() - set(timed):
            assert mine[name] == pytest.approx(other[name], rel=1e-3), name


def test_one_device_is_what_keras_always_does():
    replicas = Replicas(["CPU:0"])
    assert (replicas.count, replicas.has_gpu, replicas.words) == (1, False, "CPU")
    with replicas.holding():
        pass


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("shapes do not fit"), False),
        (KeyError("memory"), False),
        (MemoryError(), True),
        (np._core._exceptions._ArrayMemoryError((9,), np.dtype(int)), True),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate"), True),
        (RuntimeError("OOM when allocating tensor with shape[32,64]"), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"), True),
    ],
)
def test_what_lack_of_memory_looks_like(error: Exception, expected: bool):
    assert is_out_of_memory(error) == expected


def test_tensorflow_s_own_word_for_it():
    import tensorflow as tf

    assert is_out_of_memory(tf.errors.ResourceExhaustedError(None, None, "no room"))
    assert not is_out_of_memory(tf.errors.InvalidArgumentError(None, None, "no sense"))
