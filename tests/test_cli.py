"""The commands from the shell's side: what comes out where, and the exit code. Models are played by fakes."""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from maskcls import cli, images
from maskcls.cards import Card
from maskcls.errors import ModelError
from maskcls.face import Face


def a_card(name: str, *, kind: str = "classifier") -> Card:
    return Card(name, kind, classes=("with_mask", "without_mask"), input_px=32, threshold=0.5, figures={"test": 0.9})


@dataclass(frozen=True)
class FakeVersion:
    name: str
    card: Card
    shipped: bool = True
    path: Path = Path("nowhere")


@dataclass
class FakeClassifier:
    card: Card

    def classify(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.tile(np.float32([[0.9, 0.1]]), (len(crops), 1)), np.zeros((len(crops), 2, 2, 2), np.float32)


class FakeRegistry:
    promoted: list[str] = []  # noqa: RUF012

    def versions(self, kind: str = "classifier") -> list[FakeVersion]:
        every = [
            FakeVersion("first", a_card("first")),
            FakeVersion("mine", a_card("mine"), shipped=False),
            FakeVersion("finder", a_card("finder", kind="finder")),
        ]
        return [version for version in every if version.card.kind == kind]

    def at_work(self) -> FakeVersion:
        return self.versions()[0]

    def classifier(self, name: str | None = None) -> FakeClassifier:
        if name not in (None, "first", "mine"):
            raise ModelError(f"There is no model {name}. Look at `models list`.")
        return FakeClassifier(a_card(name or "first"))

    def finder(self) -> str:
        return "finder"

    def promote(self, name: str) -> None:
        self.classifier(name)
        self.promoted.append(name)


def fake_analyse(image_rgb: np.ndarray, _finder, _classifier, settings) -> list[Face]:
    """Find one face in every picture that is not black."""
    if not image_rgb.any():
        return []
    return [
        Face(
            box_xyxy=(1.0, 2.0, 9.0, 9.0),
            score=settings.min_score,
            landmarks=None,
            probabilities={"with_mask": 0.75, "without_mask": 0.25},
            evidence=np.zeros((2, 2, 2), np.float32),
            crop_xyxy=(0.0, 0.0, 10.0, 10.0),
        )
    ]


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(cli, "Registry", FakeRegistry)
    monkeypatch.setattr(cli, "analyse", fake_analyse)
    FakeRegistry.promoted.clear()
    monkeypatch.chdir(tmp_path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def picture(path: str, *, value: int = 200, size: tuple[int, int] = (12, 16)) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(images.encode(np.full((*size, 3), value, np.uint8)))
    return target


def lines(result: Result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("classify",),
        ("evaluate",),
        ("benchmark",),
        ("models",),
        ("models", "list"),
        ("models", "show"),
        ("models", "promote"),
    ],
)
def test_every_command_explains_itself(command: tuple):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert "\\b" not in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("classify",),
        ("evaluate",),
        ("fly",),
        ("classify", "a.jpg", "--min-score", "2"),
        ("evaluate", "a", "--cut", "wide"),
    ],
)
def test_commands_that_make_no_sense_exit_with_2(arguments: tuple):
    assert run(*arguments).exit_code == 2


# ------------------------------------------------------------------ classify


def test_a_picture_without_faces():
    result = run("classify", picture("a.png", value=0), "--json")
    assert result.exit_code == 0
    assert lines(result) == [{"file": "a.png", "width_px": 16, "height_px": 12, "faces": [], "error": None}]
    assert result.stderr == ""


def test_a_line_per_picture():
    result = run("classify", picture("a.png"), picture("b.png"), "--json", "--min-score", "0.25")
    assert [one["file"] for one in lines(result)] == ["a.png", "b.png"]
    assert list(lines(result)[0]) == ["file", "width_px", "height_px", "faces", "error"]
    assert lines(result)[0]["faces"][0] == {
        "box_xyxy": [1.0, 2.0, 9.0, 9.0],
        "score": 0.25,
        "landmarks": None,
        "label": "with_mask",
        "verdict": "with_mask",
        "probabilities": {"with_mask": 0.75, "without_mask": 0.25},
        "reasons": [],
    }


def test_as_text():
    result = run("classify", picture("a.png"))
    assert result.stdout.splitlines() == [
        "a.png: 1 face",
        "  1. ✓ mask worn at 1,2–9,9 (mask worn 75.0%, no mask 25.0%)",
    ]


def test_one_bad_picture_among_good_ones():
    Path("bad.jpg").write_text("no picture")
    result = run("classify", picture("a.png"), "bad.jpg", "missing.jpg", picture("c.png"), "--json")
    assert result.exit_code == 1
    answers = lines(result)
    assert [one["file"] for one in answers] == ["a.png", "bad.jpg", "missing.jpg", "c.png"]
    assert [one["error"] is None for one in answers] == [True, False, False, True]
    assert (answers[1]["width_px"], answers[1]["height_px"], answers[1]["faces"]) == (None, None, [])
    assert "2 of 4 could not be classified." in result.stderr


def test_errors_as_text_go_to_stderr():
    result = run("classify", "missing.jpg")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "missing.jpg" in result.stderr
    assert "Traceback" not in result.output


def test_folders_are_searched_for_pictures():
    picture("photos/a.png")
    picture("photos/deep/er/b.PNG")
    Path("photos/notes.txt").write_text("no picture")
    assert [one["file"] for one in lines(run("classify", "photos", "--json"))] == [
        "photos/a.png",
        "photos/deep/er/b.PNG",
    ]


def test_a_folder_without_pictures():
    Path("empty").mkdir()
    result = run("classify", "empty", "--json")
    assert result.exit_code == 1
    assert lines(result)[0]["error"] == "empty is a folder without pictures."


@pytest.mark.parametrize(
    ("pattern", "expected"), [("*.png", ["a.png"]), ("**/*.png", ["a.png", "sub/b.png"]), ("s*", ["sub/b.png"])]
)
def test_patterns_that_the_shell_left_alone(pattern: str, expected: list[str]):
    picture("a.png")
    picture("sub/b.png")
    assert [one["file"] for one in lines(run("classify", pattern, "--json"))] == expected


def test_a_pattern_without_a_match():
    result = run("classify", "*.png", "--json")
    assert result.exit_code == 1
    assert lines(result)[0]["error"] == "Nothing matches *.png."


def test_a_name_that_looks_like_a_pattern():
    picture("a[1].png")
    assert [one["file"] for one in lines(run("classify", "a[1].png", "--json"))] == ["a[1].png"]


def test_a_picture_named_twice_is_done_once():
    picture("sub/a.png")
    assert len(lines(run("classify", "sub/a.png", "sub", "sub/*.png", "--json"))) == 1


def test_names_that_differ_in_case_only_are_two():
    picture("a.png")
    picture("A.png")
    assert len(lines(run("classify", "a.png", "A.png", "--json"))) == 2


def test_a_name_that_is_too_long():
    result = run("classify", "a" * 5000, "--json")
    assert result.exit_code == 1
    assert lines(result)[0]["error"]


def test_a_table():
    Path("bad.jpg").write_text("no picture")
    result = run("classify", picture("=1+1.png"), picture("b.png", value=0), "bad.jpg", "--csv", "out.csv")
    assert result.exit_code == 1
    with Path("out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["'=1+1.png", "b.png", "bad.jpg"]
    assert (rows[0]["verdict"], rows[0]["p_with_mask"], rows[1]["verdict"]) == ("with_mask", "0.75", "")
    assert rows[2]["error"]


def test_a_table_without_a_place():
    result = run("classify", picture("a.png"), "--csv", "nowhere/out.csv")
    assert result.exit_code == 1
    assert "Make it first" in result.stderr
    assert result.stdout == ""


def test_annotated_pictures_of_one_name_do_not_overwrite_each_other():
    picture("one/a.png", size=(12, 16))
    picture("two/a.png", size=(24, 16))
    assert run("classify", "one", "two", "--annotate", "out").exit_code == 0
    heights = {path.name: images.read_file(path).shape[0] for path in Path("out").iterdir()}
    assert heights == {"a.annotated.jpg": 12, "a-2.annotated.jpg": 24}
    # The same run again puts the same pictures in the same places.
    assert run("classify", "one", "two", "--annotate", "out").exit_code == 0
    assert len(list(Path("out").iterdir())) == 2


def test_annotated_pictures_do_not_overwrite_what_was_given():
    picture("a.annotated.jpg", value=0)
    before = Path("a.annotated.jpg").read_bytes()
    assert run("classify", picture("a.png"), "a.annotated.jpg", "--annotate", ".").exit_code == 0
    assert Path("a.annotated.jpg").read_bytes() == before
    assert Path("a-2.annotated.jpg").exists()


def test_a_place_for_annotated_pictures_that_is_none():
    result = run("classify", picture("a.png"), "--annotate", picture("b.png") / "sub")
    assert result.exit_code == 1
    assert "cannot be made" in result.stderr


def test_an_unknown_model_is_one_sentence():
    result = run("classify", picture("a.png"), "--model", "nobody")
    assert result.exit_code == 1
    assert result.stderr == "Error: There is no model nobody. Look at `models list`.\n"
    assert result.stdout == ""


# ------------------------------------------------------------------ evaluate


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


# ------------------------------------------------------------------ models


def test_listing_models():
    table = json.loads(run("models", "list", "--json").stdout)
    assert [(row["name"], row["kind"], row["at_work"]) for row in table] == [
        ("first", "classifier", True),
        ("mine", "classifier", False),
        ("finder", "finder", False),
    ]
    assert run("models", "list").stdout.splitlines() == [
        "* first   classifier  shipped",
        "  mine    classifier  made here",
        "  finder  finder      shipped",
    ]


def test_listing_models_when_none_can_work(monkeypatch: pytest.MonkeyPatch):
    def nobody(_registry: FakeRegistry) -> FakeVersion:
        raise ModelError("shipped.json is damaged.")

    monkeypatch.setattr(FakeRegistry, "at_work", nobody)
    result = run("models", "list", "--json")
    assert [row["at_work"] for row in json.loads(result.stdout)] == [False, False, False]
    assert "shipped.json is damaged." in result.stderr


@pytest.mark.parametrize(("arguments", "name"), [((), "first"), (("mine",), "mine"), (("finder",), "finder")])
def test_showing_a_model(arguments: tuple, name: str):
    card = json.loads(run("models", "show", *arguments, "--json").stdout)
    assert (card["name"], card["input_px"]) == (name, 32)
    assert "with_mask, without_mask" in run("models", "show", *arguments).stdout


def test_showing_a_model_that_is_not_there():
    result = run("models", "show", "nobody")
    assert result.exit_code == 1
    assert "There are: first, mine, finder." in result.stderr


def test_promoting_a_model():
    assert run("models", "promote", "mine").exit_code == 0
    assert FakeRegistry.promoted == ["mine"]
    assert run("models", "promote", "nobody").exit_code == 1


# ------------------------------------------------------------------ the real thing


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(cli.__file__).parent.parent
    return subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603


def test_the_package_runs():
    shown = python("-m", "maskcls", "--help")
    assert shown.returncode == 0
    assert "Usage: python -m maskcls" in shown.stdout


def test_the_commands_load_no_training_and_no_page():
    code = "import sys, maskcls.cli, maskcls.evaluation, maskcls.benchmark; print(*sys.modules)"
    assert {"tensorflow", "keras", "streamlit"}.isdisjoint(python("-c", code).stdout.split())
