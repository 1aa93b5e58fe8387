"""`classify`: files, folders, patterns; text, JSON, tables, annotated pictures."""

import csv
from pathlib import Path

import pytest

from maskcls import images
from tests.cli.fakes import lines, picture, run
from tests.video.clips import clip


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


def test_a_video_as_json_and_annotated():
    clip(Path("clip.mp4"), size_wh=(64, 48))
    result = run("classify", "clip.mp4", picture("a.png"), "--json", "--annotate", "out")
    assert result.exit_code == 0
    video, photo = lines(result)
    assert list(video) == [
        *("file", "width_px", "height_px", "seconds", "frames", "events", "timeline", "shortened", "error")
    ]
    assert (video["file"], video["width_px"], video["frames"], video["error"]) == ("clip.mp4", 64, 15, None)
    assert video["events"] == [{"seconds": 0.0, "face": 1, "from": None, "to": "with_mask"}]
    assert video["timeline"] == {"0": {"with_mask": 1.0}}
    assert photo["file"] == "a.png"
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == ["a.annotated.jpg", "clip.annotated.mp4", "clip.events.csv"]
    assert Path("out/clip.events.csv").read_text().splitlines()[1] == "0.0,1,,mask worn"


def test_a_video_as_text():
    clip(Path("clip.mp4"), size_wh=(64, 48))
    result = run("classify", "clip.mp4")
    assert result.stdout.splitlines() == ["clip.mp4: 1 s, 1 face followed", "     0.00 s  face 1: ✓ mask worn"]
    assert [path.name for path in Path().iterdir()] == ["clip.mp4"]


def test_a_broken_video_among_good_pictures():
    Path("bad.mp4").write_text("no video")
    result = run("classify", "bad.mp4", picture("a.png"), "--json", "--annotate", "out")
    assert result.exit_code == 1
    assert "not a video" in lines(result)[0]["error"]
    assert lines(result)[1]["error"] is None
    assert [path.name for path in Path("out").iterdir()] == ["a.annotated.jpg"]
    assert "1 of 2 could not be classified." in result.stderr


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
