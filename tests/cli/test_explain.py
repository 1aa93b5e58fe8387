"""`explain`, and `evaluate --explanations`."""

import json
from pathlib import Path

import numpy as np
import pytest

from maskcls import images
from maskcls.explain.methods import METHODS
from tests.cli.fakes import picture, run


def test_a_picture_without_faces():
    picture("nobody.png", value=0)
    result = run("explain", "nobody.png", "--out", "why", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["faces"] == []
    assert run("explain", "nobody.png", "--out", "why").stdout == "nobody.png: no face found.\n"


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method(method: str):
    picture("one.png")
    result = run("explain", "one.png", "--method", method, "--out", "why/deep", "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert (answer["file"], answer["method"]) == ("one.png", method)
    assert (answer["layer"] is None) == (not METHODS[method].uses_layer)
    assert len(answer["faces"]) == 1
    for number, face in enumerate(answer["faces"], 1):
        assert {"box_xyxy", "class", "insertion", "deletion", "average_drop", "regions", "sentence", "files"} <= set(
            face
        )
        assert face["files"] == [f"why/deep/one.face{number}.{method}{ending}" for ending in (".png", ".npz")]
        assert images.read_file(Path(face["files"][0])).shape == (384, 384, 3)
        with np.load(face["files"][1]) as archive:
            assert archive["heat"].ndim == 2


def test_as_text():
    picture("one.png")
    words = run("explain", "one.png", "--out", "why", "--class", "without_mask", "--no-check").stdout
    assert words.startswith("one.png, face 1: without_mask. ")
    assert "knows nothing" not in words


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--class", "beard"), "knows no class 'beard'. It knows: with_mask, without_mask"),
        (("--method", "eigen-cam", "--layer", "nowhere"), "no layer 'nowhere'"),
        (("--method", "eigen-cam", "--layer", "logits"), "no place in the picture"),
        (("--model", "nobody"), "There is no model nobody"),
        (("--out", "one.png/why"), "cannot be made"),
    ],
)
def test_what_makes_no_sense(options: tuple[str, ...], message: str):
    picture("one.png")
    result = run("explain", "one.png", "--out", "why", *options)
    assert result.exit_code == 1
    assert message in result.stderr
    assert not list(Path("why").glob("*")) if Path("why").exists() else True


def test_no_picture():
    result = run("explain", "missing.png", "--out", "why")
    assert result.exit_code == 1
    assert "missing.png" in result.stderr
    assert not Path("why").exists()


def test_explanations_of_a_data_set():
    for name in ("with_mask/1.png", "without_mask/2.png", "with_mask/3.png"):
        picture(f"data/{name}")
    result = run("evaluate", "data", "--explanations", "--faces", "2", "--json")
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert (answer["n"], set(answer["methods"])) == (2, set(METHODS))
    one = answer["methods"]["evidence"]
    chance = answer["random"]
    assert one["gain"] == pytest.approx(
        one["insertion"] - one["deletion"] - chance["insertion"] + chance["deletion"], abs=1e-6
    )
    assert answer["default"] == "eigen-cam"
    assert "random order" in run("evaluate", "data", "--explanations", "--faces", "1").stdout
