"""A map that tells the truth agrees with covering; one that is turned over does not."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.cards import Card
from maskcls.data.store import Store
from maskcls.evaluation.agreement import evaluate_agreement


class Brightness:
    """Answers by the brightness of 8 × 8 cells, and shows them as its evidence: as they are, or upside down."""

    card = Card("painter", "classifier", classes=("a", "b"), input_px=64)

    def __init__(self, *, honest: bool) -> None:
        self._honest = honest

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cells = crops.reshape(len(crops), 8, 8, 8, 8, 3).mean(axis=(2, 4, 5))
        evidence = np.stack([cells, cells - 300], axis=-1).astype(np.float32)
        probabilities = np.tile(np.float32([0.9, 0.1]), (len(crops), 1))
        return probabilities, evidence if self._honest else evidence[:, ::-1]


def test_no_faces_that_say_anything(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "flat.png").write_bytes(images.encode(np.full((64, 64, 3), 90, np.uint8)))
    (tmp_path / "not_face").mkdir()
    (tmp_path / "not_face" / "1.png").write_bytes(images.encode(np.eye(64, dtype=np.uint8)[..., None].repeat(3, 2)))
    with Store(tmp_path) as store:
        result = evaluate_agreement(store, Brightness(honest=True))
    assert result == {"n": 0, "rank_correlation": None, "in_hottest": None, "flat": 1, "skipped": []}


@pytest.mark.parametrize("honest", [True, False])
def test_only_an_honest_map_agrees(tmp_path: Path, rng: np.random.Generator, honest: bool):
    (tmp_path / "a").mkdir()
    for i in range(3):
        # Bright above and dark below, so that upside down is another map.
        rows = np.linspace(250, 5, 8)[:, None] * rng.uniform(0.9, 1, (8, 8))
        picture = np.kron(rows, np.ones((8, 8)))[..., None].repeat(3, axis=2).astype(np.uint8)
        (tmp_path / "a" / f"{i}.png").write_bytes(images.encode(picture))
    with Store(tmp_path) as store:
        result = evaluate_agreement(store, Brightness(honest=honest))
    assert result["n"] == 3
    if honest:
        assert result["rank_correlation"] > 0.9
        assert result["in_hottest"] > 0.4
    else:
        assert result["rank_correlation"] < -0.5
        assert result["in_hottest"] < 0.1
