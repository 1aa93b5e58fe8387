"""`evaluate`."""

import json
from pathlib import Path

from maskcls import images
from tests.cli.fakes import picture, run


def test_evaluating_nothing():
    result = run("evaluate", "missing.zip")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is nothing at missing.zip")


def test_evaluating_face_pictures():
    picture("data/test/with_mask/1.png")
    picture("data/test/without_mask/2.png")
    picture("data/train/with_mask/3.png")
    result = run("evaluate", "data", "--split", "test", "--cut", "1.6", "--model", "mine", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert (answer["kind"], answer["model"], answer["n"], answer["accuracy"]) == ("crops", "mine", 2, 0.5)
    text = run("evaluate", "data", "--split", "test").stdout
    assert "accuracy 0.5000" in text
    assert "with_mask" in text


def test_errors_as_a_contact_sheet():
    picture("data/with_mask/1.png")
    picture("data/without_mask/2.png")
    result = run("evaluate", "data", "--errors", "wrong.png", "--json")
    assert result.exit_code == 0
    (wrong,) = json.loads(result.stdout)["errors"]
    assert wrong["file"] in ("with_mask/1.png", "without_mask/2.png")
    assert wrong["answer"] != wrong["label"] == wrong["file"].split("/")[0]
    assert images.read(Path("wrong.png").read_bytes(), name="wrong.png").shape == (144, 128, 3)
    assert run("evaluate", "data", "--errors", "nowhere/wrong.png").stderr.startswith("Error: There is no folder")


def test_stress():
    picture("data/with_mask/1.png")
    answer = json.loads(run("stress", "data", "--json").stdout)
    assert answer["rows"]["as it is"]["n"] == answer["rows"]["night"]["n"] == 1
    assert "as it is" in run("stress", "data").stdout
    assert run("stress", "missing.zip").exit_code == 1


def test_a_cut_that_makes_no_sense():
    picture("data/with_mask/1.png")
    result = run("evaluate", "data", "--cut", "0")
    assert result.exit_code == 1
    assert "cut is between" in result.stderr
