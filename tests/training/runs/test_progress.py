"""The lines of a run: whole ones are there for everybody, whatever a kill has left."""

import json
import threading
from pathlib import Path

import pytest

from maskcls.training.runs.progress import Progress


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "progress.jsonl"


def ats(progress: Progress) -> list[int]:
    return [line["at"] for line in progress.lines()]


def test_nothing_said(path: Path):
    assert Progress(path).lines() == []


def test_going_back_before_anything_was_said(path: Path):
    Progress(path).go_back(-1)
    assert Progress(path).lines() == []


def test_there_and_back(path: Path):
    Progress(path).tell("note", 3, text="ö\nand “more”\u2028", epoch=0)
    assert Progress(path).lines() == [{"kind": "note", "at": 3, "text": "ö\nand “more”\u2028", "epoch": 0}]
    assert len(path.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["\n", "{", "3\n", "[]\n", "{}\n", '{"kind": "note"}\n', "null\n", '{"kind": "note", "at": 1, "te\n']
)
def test_what_is_no_line_is_passed_over(path: Path, text: str):
    path.write_text(text)
    progress = Progress(path)
    assert progress.lines() == []
    progress.tell("note", 5)
    assert ats(progress) == [5]


@pytest.mark.parametrize("half", ['{"kind": "bat', '{"kind": "batch", "at": 2', "{"])
def test_what_comes_after_half_a_line_is_not_lost(path: Path, half: str):
    progress = Progress(path)
    progress.tell("batch", 1)
    with path.open("a") as file:
        file.write(half)
    progress.tell("batch", 3)
    progress.tell("batch", 4)
    assert ats(progress) == [1, 3, 4]


def test_going_back(path: Path):
    progress = Progress(path)
    for at in (-1, 8, 16, 24, 24, 32):
        progress.tell("batch", at)
    progress.go_back(24)
    assert ats(progress) == [-1, 8, 16, 24, 24]
    progress.tell("batch", 32)
    progress.go_back(-1)
    assert ats(progress) == [-1]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_who_reads_never_sees_half(path: Path):
    """Somebody looks while lines come and go."""
    progress, ended, seen = Progress(path), threading.Event(), []

    def look() -> None:
        while not ended.is_set():
            seen.append(ats(Progress(path)))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(20):
        for at in range(5):
            progress.tell("batch", at)
        progress.go_back(-1)
    ended.set()
    reader.join()
    assert all(one == list(range(len(one))) for one in seen)


def test_any_program_can_read_it(path: Path):
    progress = Progress(path)
    progress.tell("epoch", 24, train={"loss": 0.5, "accuracy": 1.0}, validation=None)
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["validation"] is None
