"""The table of trials, from what a run says."""

from pathlib import Path

import pytest

from maskcls.training.runs.run import FINISHED, RUNNING, SEARCH, Run, Runs
from maskcls.training.runs.trials import trials_of


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Runs(tmp_path).create(SEARCH, "mine", {})


def tell(run: Run, number: int, state: str, **more: object) -> None:
    what = {"value": None, "params": {"rate": 0.1}, "seconds": 2.0, "ours": True}
    run.progress.tell("trial", number, number=number, state=state, **what | more)


def test_none(run: Run):
    assert trials_of(run) == []
    run.progress.tell("note", 0, text="The study is called mine.")
    assert trials_of(run) == []


def test_last_word_counts(run: Run):
    run.say(FINISHED)
    tell(run, 1, "running")
    tell(run, 0, "complete", value=0.5, ours=False)
    tell(run, 1, "failed", error="No memory.")
    first, second = trials_of(run)
    assert first == {
        "number": 0,
        "state": "complete",
        "value": 0.5,
        "params": {"rate": 0.1},
        "seconds": 2.0,
        "ours": False,
    }
    assert (second["number"], second["state"], second["error"]) == (1, "failed", "No memory.")


def test_under_way(run: Run, monkeypatch: pytest.MonkeyPatch):
    run.say(RUNNING)
    tell(run, 0, "running")
    # Its process is gone, so nothing is under way.
    assert trials_of(run)[0]["state"] == "stopped"
    monkeypatch.setattr(Run, "is_alive", lambda _: True)
    assert trials_of(run)[0]["state"] == "running"
