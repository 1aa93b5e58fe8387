"""What is saved is there again, whole or not at all."""

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from maskcls.training.runs import checkpoint


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.npz"


def test_nothing_there(path: Path):
    assert checkpoint.load(path) is None


def test_there_and_back(path: Path, rng: np.random.Generator):
    about = {"epoch": 3, "best_loss": math.inf, "loss": 0.1 + 0.2, "words": "ö"}
    network = [rng.normal(size=shape).astype(np.float32) for shape in ((), (3,), (2, 3, 4), (0, 5))]
    seeds = [np.array([1, 2**32 - 1], np.uint32), np.array(7, np.int64)]
    checkpoint.save(path, about, network=network, seeds=seeds, nothing=[])
    found = checkpoint.load(path)
    assert found is not None
    assert found[0] == about
    assert list(found[1]) == ["network", "seeds", "nothing"]
    for one, other in zip([*network, *seeds], [*found[1]["network"], *found[1]["seeds"]], strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert (one == other).all()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_order_of_more_than_ten(path: Path):
    checkpoint.save(path, {}, network=[np.array(i) for i in range(12)])
    found = checkpoint.load(path)
    assert found is not None
    assert [int(one) for one in found[1]["network"]] == list(range(12))


def test_a_save_that_breaks_off_leaves_the_one_before(path: Path, monkeypatch: pytest.MonkeyPatch):
    checkpoint.save(path, {"epoch": 1})

    def half(file: Path, **_: object) -> None:
        file.write_bytes(b"PK half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(path, {"epoch": 2})
    assert checkpoint.load(path) == ({"epoch": 1}, {})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no checkpoint",
        b"PK\x03\x04",
        pickle.dumps({"a": 1}),
        b"\x93NUMPY",
    ],
)
def test_something_else(path: Path, content: bytes):
    path.write_bytes(content)
    assert checkpoint.load(path) is None


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_torn_one(path: Path, share: float):
    checkpoint.save(path, {"epoch": 1}, network=[np.arange(100.0)])
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert checkpoint.load(path) is None


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"about": np.array("no JSON")},
        {"about": np.array("3")},
        {"about": np.array("[{}, 3]")},
        {"about": np.array('[{}, {"network": 2}]'), "network/0": np.zeros(3)},
        {"about": np.array([1, 2])},
    ],
)
def test_arrays_of_somebody_else(path: Path, arrays: dict[str, np.ndarray]):
    np.savez(path, **arrays)
    assert checkpoint.load(path) is None


def test_a_single_array(path: Path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    assert checkpoint.load(path) is None


def test_objects_are_never_loaded(path: Path):
    np.savez(path, about=np.array('[{}, {"network": 1}]'), **{"network/0": np.array([{"a": 1}], object)})
    assert checkpoint.load(path) is None
