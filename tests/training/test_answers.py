"""What a teacher said is known again, also after a stop."""

from pathlib import Path

import numpy as np
import pytest

from maskcls.training.answers import kept


def test_nothing_known_and_nothing_added(tmp_path: Path):
    with kept(tmp_path / "a.npz") as known:
        assert known == {}
    assert list(tmp_path.iterdir()) == []


def test_what_was_added_is_known_again(tmp_path: Path):
    for i in range(2):
        with kept(tmp_path / "a.npz") as known:
            assert set(known) == {f"a/{j}.jpg" for j in range(i)}
            known[f"a/{i}.jpg"] = np.full((2, 15), i)
    with kept(tmp_path / "a.npz") as known:
        assert known["a/1.jpg"].tolist() == np.full((2, 15), 1).tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def _stopped_after_one(path: Path) -> None:
    with kept(path) as known:
        known["b"] = np.zeros(3)
        raise KeyboardInterrupt


def test_a_stop_loses_no_answer(tmp_path: Path):
    with kept(tmp_path / "a.npz") as known:
        known["a"] = np.zeros(3)
    with pytest.raises(KeyboardInterrupt):
        _stopped_after_one(tmp_path / "a.npz")
    with kept(tmp_path / "a.npz") as known:
        assert set(known) == {"a", "b"}
