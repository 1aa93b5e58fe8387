"""`runs list`, `show`, `cancel` and `resume`."""

import json
from pathlib import Path

import pytest

from maskcls.cli import train as command
from maskcls.training.runs import asking
from maskcls.training.runs.run import CANCELLED, FAILED, FINISHED, QUEUED, STOPPED, TRAINING, Run
from tests.cli.fakes import run
from tests.cli.test_train import RESULT, finishing


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(command, "_LOOK_S", 0)


@pytest.fixture
def mine() -> Run:
    return asking.runs().create(TRAINING, "mine", {"dataset": "tiny-1", "name": "mine"})


def test_no_runs():
    assert "no run yet" in run("runs", "list").stdout
    assert json.loads(run("runs", "list", "--json").stdout) == []
    for verb in ("show", "cancel", "resume"):
        result = run("runs", verb, "mine")
        assert (result.exit_code, "There are: none" in result.stderr) == (1, True)


def test_listing(mine: Run):
    other = asking.runs().create(TRAINING, "other", {"dataset": "tiny-1"})
    other.finish(RESULT)
    newest, oldest = sorted((mine, other), key=lambda one: one.id, reverse=True)
    states = {mine.id: STOPPED, other.id: FINISHED}
    assert run("runs", "list").stdout.splitlines() == [
        f"{one.id}  {states[one.id]:9}  training  tiny-1" for one in (newest, oldest)
    ]
    table = json.loads(run("runs", "list", "--json").stdout)
    assert [(row["run"], row["state"], row["kind"]) for row in table] == [
        (one.id, states[one.id], TRAINING) for one in (newest, oldest)
    ]


@pytest.mark.parametrize("text", ["{", "[]", '{"kind": "training", "created": "", "settings": 3}'])
def test_a_damaged_run_is_named_and_left_out(mine: Run, text: str):
    broken = asking.runs().create(TRAINING, "broken", {})
    (broken.path / "settings.json").write_text(text)
    result = run("runs", "list", "--json")
    assert [row["run"] for row in json.loads(result.stdout)] == [mine.id]
    assert f"{broken.id} is damaged. Remove its folder" in result.stderr
    assert run("runs", "show", "broken").exit_code == 1


def test_showing_one_that_waits(mine: Run):
    assert run("runs", "show", "mine").stdout == f"{mine.id}: stopped\n"
    told = json.loads(run("runs", "show", mine.id, "--json").stdout)
    assert (told["run"], told["state"], told["error"], told["progress"]) == (mine.id, STOPPED, "", [])
    assert told["settings"] == {"dataset": "tiny-1", "name": "mine"}


def test_showing_one_that_has_ended(mine: Run):
    finishing(mine)
    lines = run("runs", "show", "mine").stdout.splitlines()
    assert lines[:3] == [
        "CPU",
        "epoch 1: loss 0.5000, accuracy 0.7500; 12 pictures/s, 4 s left",
        f"{mine.id}: finished",
    ]
    assert lines[-1].endswith("models promote mine")
    told = json.loads(run("runs", "show", "mine", "--json").stdout)
    assert [line["kind"] for line in told["progress"]] == ["device", "batch", "epoch"]
    assert {name: told[name] for name in RESULT} == RESULT


def test_showing_one_that_failed(mine: Run):
    mine.say(FAILED, error="The memory is full.")
    assert run("runs", "show", "mine").stdout == f"{mine.id}: failed: The memory is full.\n"


def test_what_its_process_printed(mine: Run):
    assert run("runs", "show", "mine", "--log").stdout == "\n"
    (mine.path / "log.txt").write_text("one\ntwo\n")
    assert run("runs", "show", "mine", "--log").stdout == "one\ntwo\n\n"


def test_cancelling(mine: Run):
    result = run("runs", "cancel", "mine")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"{mine.id} is ending" in result.stderr
    assert mine.state == CANCELLED
    again = run("runs", "cancel", "mine")
    assert again.exit_code == 1
    assert "there is nothing to cancel" in again.stderr


def test_resuming(mine: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Run, "start", finishing)
    result = run("runs", "resume", "mine", "--json")
    assert json.loads(result.stdout) == {"run": mine.id, "state": FINISHED, **RESULT}
    assert "epoch 1" in result.stderr


@pytest.mark.usefixtures("mine")
def test_resuming_without_waiting(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Run, "start", lambda self: self.say(QUEUED))
    result = run("runs", "resume", "mine", "--detach")
    assert (result.exit_code, result.stdout) == (0, "")


def test_one_that_is_finished_is_not_resumed(mine: Run):
    finishing(mine)
    result = run("runs", "resume", "mine")
    assert result.exit_code == 1
    assert f"{mine.id} is finished; start another one" in result.stderr
