"""A method is measured by what the network says: on colours, every method finds the corner that counts."""

from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.cards import Card
from maskcls.data.store import Store
from maskcls.errors import DatasetError
from maskcls.evaluation.explanations import evaluate_explanations
from tests.explain.conftest import PX, RED, red_and_green


class Classifier:
    card = Card("colours", "classifier", classes=("red", "green"), input_px=PX)


def test_no_pictures(tmp_path: Path):
    (tmp_path / "red").mkdir()
    with Store(tmp_path) as store, pytest.raises(DatasetError):
        evaluate_explanations(store, Classifier(), red_and_green())


def test_a_map_gains_on_chance(tmp_path: Path):
    picture = np.zeros((PX, PX, 3), np.uint8)
    picture[:3, :3, RED] = 255
    (tmp_path / "red").mkdir()
    for i in range(3):
        (tmp_path / "red" / f"{i}.png").write_bytes(images.encode(picture))
    (tmp_path / "red" / "torn.png").write_bytes(b"no picture")
    (tmp_path / "not_face").mkdir()
    (tmp_path / "not_face" / "0.png").write_bytes(images.encode(picture))
    with Store(tmp_path) as store:
        result = evaluate_explanations(store, Classifier(), red_and_green(), faces=10)
    assert (result["n"], len(result["skipped"])) == (3, 1)
    assert "evidence" not in result["methods"]
    for name in ("grad-cam", "hires-cam", "occlusion", "integrated-gradients"):
        assert result["methods"][name]["gain"] > 0, name
    assert result["default"] == "eigen-cam"
    assert result["forward_ms"] > 0
    by_gradients = ("grad-cam", "grad-cam++", "hires-cam", "layer-cam", "integrated-gradients", "smooth-grad")
    assert result["gradients_ms"] == pytest.approx(sum(result["methods"][name]["ms"] for name in by_gradients))
    best = result["methods"][result["best_quick"]]["gain"]
    assert result["default_share"] == pytest.approx(result["methods"]["eigen-cam"]["gain"] / best)
