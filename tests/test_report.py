"""Results as JSON, CSV and text."""

import csv
import io
import json

import numpy as np
import pytest

from maskcls import report
from maskcls.face import Face


def a_face(**changes) -> Face:
    settings = {
        "box_xyxy": (10.0, 20.5, 50.0, 70.0),
        "score": np.float32(0.9),
        "landmarks": np.zeros((5, 2), np.float32),
        "probabilities": {"with_mask": 0.7, "without_mask": 0.2, "partial_mask": 0.1},
        "evidence": np.zeros((2, 2, 3), np.float32),
        "crop_xyxy": (0.0, 0.0, 80.0, 80.0),
        **changes,
    }
    return Face(**settings)


def test_a_picture_that_could_not_be_read():
    assert report.picture_json("a.jpg", None, [], "a.jpg is empty.") == {
        "file": "a.jpg",
        "width_px": None,
        "height_px": None,
        "faces": [],
        "error": "a.jpg is empty.",
    }


def test_a_picture_as_json():
    result = json.loads(json.dumps(report.picture_json("a.jpg", (48, 64, 3), [a_face(reasons=("low_confidence",))])))
    assert (result["width_px"], result["height_px"], result["error"]) == (64, 48, None)
    (face,) = result["faces"]
    assert list(face) == ["box_xyxy", "score", "landmarks", "label", "verdict", "probabilities", "reasons"]
    assert (face["label"], face["verdict"], face["reasons"]) == ("with_mask", "not_sure", ["low_confidence"])


def test_no_rows():
    assert report.rows([]) == []
    assert report.csv_text([]) == ""


def test_rows_have_the_same_columns_whatever_was_found():
    results = [
        report.picture_json("bad.jpg", None, [], "bad.jpg is empty."),
        report.picture_json("none.jpg", (4, 4, 3), []),
        report.picture_json("two.jpg", (90, 80, 3), [a_face(), a_face(reasons=("too_small", "blurred"))]),
    ]
    rows = report.rows(results)
    assert len({tuple(row) for row in rows}) == 1
    assert [(row["file"], row["face"], row["error"]) for row in rows] == [
        ("bad.jpg", None, "bad.jpg is empty."),
        ("none.jpg", None, None),
        ("two.jpg", 1, None),
        ("two.jpg", 2, None),
    ]
    last = rows[-1]
    assert (last["verdict"], last["label"], last["score"], last["top"], last["p_with_mask"]) == (
        "with_mask",
        "with_mask",
        0.9,
        20.5,
        0.7,
    )
    assert last["reasons"] == "too_small; blurred"


def test_classes_of_a_model_of_its_own():
    rows = report.rows([report.picture_json("a.jpg", (4, 4, 3), [a_face(probabilities={"owl": 0.5, "cat": 0.5})])])
    assert [name for name in rows[0] if name.startswith("p_")] == ["p_owl", "p_cat"]


def test_csv_can_be_read_back():
    rows = report.rows([report.picture_json('a,"b"\n.jpg', (4, 4, 3), [a_face(box_xyxy=(-3.0, 0.0, 5.0, 5.0))])])
    (row,) = csv.DictReader(io.StringIO(report.csv_text(rows), newline=""))
    assert row["file"] == 'a,"b"\n.jpg'
    # A number is no formula, even below zero.
    assert row["left"] == "-3.0"
    assert row["error"] == ""


@pytest.mark.parametrize("name", ["=1+1.jpg", "+a.jpg", "-a.jpg", "@a.jpg", "\ta.jpg", "\r=a.jpg", "  =a.jpg"])
def test_formulas_are_made_harmless(name: str):
    rows = report.rows([report.picture_json(name, (4, 4, 3), [a_face(probabilities={"=cmd()": 1.0})])])
    (row,) = csv.DictReader(io.StringIO(report.csv_text(rows), newline=""))
    assert row["file"] == f"'{name}"
    plain = report.csv_text([{"=head": "a.jpg"}])
    assert plain == "'=head\r\na.jpg\r\n"


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (report.picture_json("a.jpg", (4, 4, 3), []), ["a.jpg: no face found"]),
        (report.picture_json("a.jpg", None, [], "a.jpg is empty."), ["a.jpg is empty."]),
        (report.picture_json("a.jpg", None, [], "The disk is gone."), ["a.jpg: The disk is gone."]),
        (report.picture_json("\x1b[31ma.jpg", (4, 4, 3), []), ["[31ma.jpg: no face found"]),
        (
            report.picture_json("a.jpg", (99, 99, 3), [a_face(), a_face(reasons=("low_confidence",))]),
            [
                "a.jpg: 2 faces",
                "  1. ✓ mask worn at 10,20–50,70 (mask worn 70.0%, no mask 20.0%, mask partially worn 10.0%)",
                "  2. ? not sure at 10,20–50,70 (mask worn 70.0%, no mask 20.0%, mask partially worn 10.0%; "
                "no class is likely enough)",
            ],
        ),
    ],
)
def test_a_picture_as_text(result: dict, expected: list[str]):
    assert report.picture_text(result).splitlines() == expected


SCORES = {"precision": 0.5, "recall": 1.0, "f1": 0.6667, "n": 2}
NO_SCORES = {"precision": None, "recall": None, "f1": None, "n": 0}


CLASSIFICATION = {
    **{"n": 2, "accuracy": 0.5, "macro_f1": 0.6667, "ece": 0.1, "sure": {"share": 1.0, "accuracy": None}},
    "groups": 2,
    "per_class": {"mask": SCORES, "none": NO_SCORES},
    "confusion": [[2, 0], [0, 0]],
    "interval95": {
        **{"accuracy": [0.25, 0.75], "macro_f1": None},
        **{"f1": {"mask": [0.5, 0.8], "none": None}, "sure": {"share": [1.0, 1.0], "accuracy": None}},
    },
}


def test_an_evaluation_as_text():
    result = {
        "kind": "crops",
        **{"data": "faces.zip", "split": "test", "labels": "corrected", "model": "maskcls-1"},
        **CLASSIFICATION,
        "slices": {
            "beard": {"n": 3, "accuracy": None, "interval95": None},
            "glasses": {"n": 31, "accuracy": 0.9, "interval95": [0.8, 0.95]},
        },
        **{"ignored": {"too_small": 4}, "skipped": [{"file": "a.jpg", "reason": "it is empty"}]},
    }
    lines = report.evaluation_text(result).splitlines()
    assert lines[0] == "maskcls-1 on faces.zip, split test, labels corrected"
    assert lines[1] == "Faces: n 2 in 2 groups (95 % intervals are over groups)"
    assert lines[2] == "  accuracy 0.5000 (0.2500–0.7500), macro-F1 0.6667"
    assert lines[3] == "  calibration error 0.1000, sure 1.0000 (1.0000–1.0000) with accuracy –"
    assert lines[5].split() == ["mask", "0.5000", "1.0000", "0.6667", "(0.5000–0.8000)", "2", "2,", "0"]
    assert lines[6].split() == ["none", "–", "–", "–", "0", "0,", "0"]
    assert [line.split() for line in lines[8:10]] == [
        ["beard", "n", "3", "not", "measured", "(too", "few)"],
        ["glasses", "n", "31", "0.9000", "(0.8000–0.9500)"],
    ]
    assert lines[10:] == [
        "Counted neither way: 4 × too_small",
        "Skipped: 1 that could not be read",
        "  a.jpg: it is empty",
    ]


def test_figures_as_text():
    assert report.figures_text({}) == ""
    figures = {"one_face": {"fps_back": 29.94}, "growth": 0.01}
    assert report.figures_text(figures).splitlines() == [
        "one face",
        "  fps back             29.94",
        "growth               0.01",
    ]


def test_two_classes_of_three_as_text():
    """The line is there where the data has several of the model's classes, and not all."""
    result = {
        "kind": "crops",
        **{"data": "kaggle.zip", "split": None, "labels": "given", "model": "maskcls-1", "slices": {}, "skipped": []},
        **CLASSIFICATION,
        "per_class": {"mask": SCORES, "partial": NO_SCORES, "none": SCORES},
        "confusion": [[1, 1, 0], [0, 0, 0], [0, 0, 2]],
        "interval95": {**CLASSIFICATION["interval95"], "f1": dict.fromkeys(["mask", "partial", "none"])},
        "accuracy_among_present": 0.75,
    }
    assert "  choosing only among mask, none: accuracy 0.7500" in report.evaluation_text(result).splitlines()


def test_an_evaluation_of_photographs_as_text():
    finder = {"ap50": 0.8, "recall_at_precision_90": 0.7, "finder_ms": 20.04}
    result = {
        "kind": "scenes",
        **{"data": "scenes.zip", "split": None, "labels": "given", "model": "maskcls-1", "skipped": []},
        **{"pictures": 3, "faces": 5, **finder, "compared_finder": None, "true_boxes": CLASSIFICATION},
        "found_faces": {**CLASSIFICATION, "recall": 0.9},
        **{"map50": 0.75, "ap50_per_class": {"mask": 0.8, "none": None}},
    }
    alone = report.evaluation_text(result).splitlines()
    assert alone[:3] == [
        "maskcls-1 on scenes.zip",
        "3 pictures with 5 faces",
        "Face finder: AP50 0.8000, recall at precision 0.90 0.7000, 20.0 ms per picture",
    ]
    assert alone[3].startswith("Classifier on the true boxes: n 2")
    assert any(line.startswith("Classifier on the found faces (recall 0.9000): n 2") for line in alone)
    assert alone[-1] == "End to end: mAP50 0.7500 (mask 0.8000, none –)"
    beside = report.evaluation_text({**result, "compared_finder": {**finder, "ap50": None}}).splitlines()
    assert beside[3] == "YuNet, 640 px: AP50 –, recall at precision 0.90 0.7000, 20.0 ms per picture"
    assert beside[4:] == alone[3:]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"params": {}}, "trial 3"),
        ({"state": "running"}, "trial 3 (rate 0.000123, batch 32): begins"),
        ({"state": "stopped", "seconds": 4.0}, "trial 3 (rate 0.000123, batch 32): stopped, 4 s"),
        ({"state": "failed", "error": "No memory."}, "trial 3 (rate 0.000123, batch 32): failed: No memory."),
        (
            {"state": "pruned", "value": 0.5},
            "trial 3 (rate 0.000123, batch 32): given up early, validation loss 0.5000",
        ),
        (
            {"state": "complete", "value": 0.5, "accuracy": 0.75, "macro_f1": 0.25, "seconds": 9.6},
            "trial 3 (rate 0.000123, batch 32): validation loss 0.5000, accuracy 0.7500, macro-F1 0.2500, 10 s",
        ),
    ],
)
def test_a_trial(more: dict, expected: str):
    trial = {"number": 3, "value": None, "params": {"rate": 0.00012345, "batch": 32}, **more}
    assert report.trial_text(trial) == expected
    assert report.progress_text({"kind": "trial", "at": 3, **trial}) == expected


def test_a_search():
    best = {"number": 3, "value": 0.5, "params": {"rate": 0.1}}
    told = {"run": "1-mine", "state": "finished", "study": "ours", "best": best, "trials": 4, "pruned": 0, "failed": 0}
    assert report.run_text({**told, "importances": {}}).splitlines() == [
        "1-mine: finished",
        "The study ours: 4 trials",
        "Best: trial 3 (rate 0.1): validation loss 0.5000",
        "Train with it: the same search with --study ours --train-best",
    ]
    lines = report.search_text({**told, "pruned": 2, "failed": 1, "importances": {"rate": 0.7, "batch": 0.3}})
    assert "ours: 4 trials, 2 of them given up early; 1 more failed" in lines
    assert "What mattered: rate 70%, batch 30%" in lines


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"kind": "batch", "at": 8, "loss": 0.5}, ""),
        ({"kind": "what a later version says", "at": 8}, ""),
        ({"kind": "device", "at": -1, "text": "CPU", "pictures": 24}, "CPU"),
        ({"kind": "note", "at": 8, "text": "Gone on at epoch 2, picture 9."}, "Gone on at epoch 2, picture 9."),
    ],
)
def test_what_a_run_says(line: dict, expected: str):
    assert report.progress_text(line) == expected


@pytest.mark.parametrize(
    ("validation", "between"),
    [
        (None, ""),
        (
            {"loss": 0.25, "calibrated": 0.2, "accuracy": 0.9, "macro_f1": 0.85},
            "; validation: loss 0.2500, accuracy 0.9000, macro-F1 0.8500",
        ),
    ],
)
def test_what_a_run_says_of_an_epoch(validation: dict | None, between: str):
    line = {"kind": "epoch", "at": 24, "epoch": 1, "train": {"loss": 0.5, "accuracy": 0.75}, "validation": validation}
    text = report.progress_text({**line, "per_s": 12.4, "left_s": 30.2})
    assert text == f"epoch 2: loss 0.5000, accuracy 0.7500{between}; 12 pictures/s, 30 s left"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"state": "queued"}, "20261121-000000-mine: queued"),
        ({"state": "queued", "error": ""}, "20261121-000000-mine: queued"),
        ({"state": "failed", "error": "The memory is full."}, "20261121-000000-mine: failed: The memory is full."),
    ],
)
def test_how_a_run_stands(told: dict, expected: str):
    assert report.run_text({"run": "20261121-000000-mine", **told}) == expected


def a_finished_run(**compared: object) -> dict:
    return {
        "run": "20261121-000000-mine",
        "state": "finished",
        "version": "mine",
        "at_work": "maskcls-1",
        "learnt": {"epochs": 4, "best_epoch": 2, "per_s": 51.7, "waited": 0.023},
        "comparison": {"classes": [], "new": {}, "at_work": {}, "better": [], "worse": [], **compared},
    }


def test_how_a_run_ended():
    first, second, last = report.run_text(a_finished_run()).splitlines()
    assert first == "20261121-000000-mine: finished"
    assert second == "mine: the best of 4 epochs was number 3; 52 pictures/s, of which waiting for pictures 2.3%"
    assert last == "Put it to work with: models promote mine"


def test_a_run_beside_the_version_at_work():
    def figures(accuracy: float, ms: float) -> dict:
        interval = {"accuracy": [accuracy - 0.05, 1.0], "macro_f1": None}
        return {"n": 20, "accuracy": accuracy, "macro_f1": None, "interval95": interval, "ms": ms}

    told = a_finished_run(
        classes=["with_mask", "hat"],
        new=figures(0.95, 2.34),
        at_work=figures(0.9, 5.0),
        better=[{}, {}],
        worse=[{}],
    )
    assert report.run_text(told).splitlines()[2:-1] == [
        "On 20 test pictures, choosing among with_mask, hat:",
        "  mine                     accuracy 0.9500 (0.9000–1.0000), macro-F1 –, 2.3 ms",
        "  maskcls-1                accuracy 0.9000 (0.8500–1.0000), macro-F1 –, 5.0 ms",
        "  better on 2 pictures, worse on 1",
    ]
