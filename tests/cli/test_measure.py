"""`evaluate`."""

import json

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


def test_a_cut_that_makes_no_sense():
    picture("data/with_mask/1.png")
    result = run("evaluate", "data", "--cut", "0")
    assert result.exit_code == 1
    assert "cut is between" in result.stderr
