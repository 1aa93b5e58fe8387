"""A run is a folder and a process: how it stands is known however that ends, and one computes at a time."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maskcls.errors import RunError
from maskcls.training.runs import run as module
from maskcls.training.runs.run import (
    BEST,
    CANCELLED,
    FAILED,
    FINISHED,
    QUEUED,
    RUNNING,
    STOPPED,
    TRAINING,
    Run,
    Runs,
)
from tests.conftest import ROOT

STUB = "tests.training.runs.stub_job"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    """Runs whose processes do what their settings say; what is left of them is ended with the test."""
    monkeypatch.setattr(module, "_JOB", STUB)
    folder = tmp_path / "home" / "runs"
    yield Runs(folder)
    for run in Runs(folder).all():
        # For those that wait for their turn.
        (run.path / "cancel").touch()
    for file in [*folder.glob("*/process"), *folder.glob("*/called")]:
        kill(int(file.read_text().split()[0]))
    until(lambda: not any(run.is_alive() for run in Runs(folder).all()))


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def until(check: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


def begun(runs: Runs, name: str = "mine", *, do: str = "wait") -> Run:
    """Return a run that is at work."""
    run = runs.create(TRAINING, name, {"do": do})
    run.start()
    until((run.path / "process").exists)
    return run


def process(run: Run) -> int:
    return int((run.path / "process").read_text().split()[0])


def go(run: Run) -> None:
    (run.path / "go").touch()
    until(lambda: not run.is_alive())


def test_no_runs(tmp_path: Path):
    none = Runs(tmp_path / "nowhere")
    assert none.all() == []
    for name in ("", "mine"):
        with pytest.raises(RunError, match="There are: none"):
            none.open(name)


def test_a_run_that_has_not_begun(runs: Runs):
    run = runs.create(TRAINING, "mine", {"a": 1})
    assert run.id.endswith("-mine")
    assert (run.name, run.kind, run.asked["settings"]) == ("mine", TRAINING, {"a": 1})
    assert (run.state, run.error, run.result, run.log, run.is_alive()) == (STOPPED, "", {}, "", False)
    assert run.progress.lines() == []
    assert runs.all() == [run]


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../mine", "a/b", "a b", ".mine", "x" * 81, "mine\n", "ö", "x/20261121-223116-mine"]
)
def test_names_that_cannot_be(runs: Runs, name: str):
    with pytest.raises(RunError, match="cannot name a run"):
        runs.create(TRAINING, name, {})
    assert not runs.folder.exists()


def test_two_in_one_second(runs: Runs, monkeypatch: pytest.MonkeyPatch):
    from datetime import UTC, datetime

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # noqa: ARG003
            return datetime(2026, 11, 21, tzinfo=UTC)

    monkeypatch.setattr(module, "datetime", Clock)
    runs.create(TRAINING, "mine", {})
    with pytest.raises(RunError, match="this very second"):
        runs.create(TRAINING, "mine", {})
    runs.create(TRAINING, "other", {})
    assert [run.id for run in runs.all()] == ["20261121-000000-other", "20261121-000000-mine"]


def test_nowhere_to_write(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        Runs(tmp_path / "file" / "runs").create(TRAINING, "mine", {})


def make(runs: Runs, name: str) -> Run:
    """Return a run of this id."""
    (runs.folder / name).mkdir(parents=True)
    (runs.folder / name / "settings.json").write_text('{"kind": "training", "created": "", "settings": {}}')
    return Run(runs.folder / name)


def test_which_run_is_meant(runs: Runs):
    first, second, other = (
        make(runs, f"20261121-00000{i}-{name}") for i, name in enumerate(("mine", "mine", "not-mine"))
    )
    assert runs.all() == [other, second, first]
    assert runs.open(first.id) == first
    assert runs.open("mine") == second
    assert runs.open("not-mine") == other
    for name in ("", "ine", "not", "20261121", "../mine"):
        with pytest.raises(RunError, match=r"There are: 20261121-000002-not-mine"):
            runs.open(name)


def test_strangers_are_no_runs(runs: Runs):
    make(runs, "finder")
    make(runs, ".20261121-000000-mine")
    (runs.folder / "20261121-000000-empty").mkdir()
    (runs.folder / "20261121-000000-file").write_text("")
    assert runs.all() == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"kind": "training", "created": "", "settings": []}', "\x00"])
def test_damaged_files(runs: Runs, text: str):
    run = make(runs, "20261121-000000-mine")
    for name in ("settings.json", "state.json", "result.json", "progress.jsonl"):
        (run.path / name).write_text(text)
    with pytest.raises(RunError, match="is damaged"):
        _ = run.asked
    assert (run.state, run.error, run.progress.lines()) == (STOPPED, "", [])
    assert runs.all() == [run]


@pytest.mark.parametrize("said", [QUEUED, RUNNING, STOPPED, FINISHED, CANCELLED, FAILED])
@pytest.mark.parametrize("alive", [True, False])
def test_how_it_stands(runs: Runs, said: str, alive: bool):
    run = runs.create(TRAINING, "mine", {})
    run.say(said, error="why")
    with (run.path / "alive").open("ab") as file:
        if alive:
            fcntl.flock(file, fcntl.LOCK_EX)
        assert run.is_alive() == alive
        assert run.state == (STOPPED if said in (QUEUED, RUNNING) and not alive else said)
    assert run.error == "why"


def test_it_came_to_its_end_while_it_was_asked(runs: Runs, monkeypatch: pytest.MonkeyPatch):
    run = runs.create(TRAINING, "mine", {})
    run.say(RUNNING)

    def ends(self: Run) -> bool:
        self.finish({})
        return False

    monkeypatch.setattr(Run, "is_alive", ends)
    assert run.state == FINISHED


def test_the_end_of_a_long_log(runs: Runs):
    run = runs.create(TRAINING, "mine", {})
    (run.path / "log.txt").write_bytes("ö".encode() * 30_000 + b"\xff the end")
    assert run.log.endswith("� the end")
    assert len(run.log) < 20_000


def test_from_start_to_end(runs: Runs):
    run = begun(runs)
    assert (run.state, run.is_alive()) == (RUNNING, True)
    with pytest.raises(RunError, match="under way already"):
        run.start()
    go(run)
    assert (run.state, run.result) == (FINISHED, {"did": "wait"})
    for deed in (run.start, run.cancel):
        with pytest.raises(RunError, match="is finished"):
            deed()
    assert run.state == FINISHED


def test_it_outlives_who_started_it(runs: Runs):
    run = runs.create(TRAINING, "mine", {"do": "wait"})
    script = f"""
from pathlib import Path
from maskcls.training.runs import run
run._JOB = {STUB!r}
run.Run(Path({str(run.path)!r})).start()
"""
    parent = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603
    assert parent.stderr == ""
    until((run.path / "process").exists)
    pid, session = (int(one) for one in (run.path / "process").read_text().split())
    # Nothing that is sent to the terminal or the group of whoever started it reaches it.
    assert session == pid
    assert os.getsid(pid) != os.getsid(0)
    assert run.state == RUNNING
    go(run)
    assert run.state == FINISHED


@pytest.mark.parametrize("do", ["wait", "call"])
def test_kill_and_go_on(runs: Runs, do: str):
    run = begun(runs, do=do)
    os.kill(process(run), signal.SIGKILL)
    # At once, whatever it has called and left behind.
    until(lambda: run.state == STOPPED, seconds=5)
    if do == "call":
        os.kill(int((run.path / "called").read_text()), 0)
        kill(int((run.path / "called").read_text()))
    (run.path / "process").unlink()
    run.start()
    until((run.path / "process").exists)
    go(run)
    assert run.state == FINISHED


def test_the_driver_s_answer_does_not_keep_it_alive(runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    slow = tmp_path / "bin" / "nvidia-smi"
    slow.parent.mkdir()
    slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/draft; mv {tmp_path}/draft {tmp_path}/asked\nexec sleep 9\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    run = begun(runs, do="query")
    until((tmp_path / "asked").exists)
    os.kill(process(run), signal.SIGKILL)
    until(lambda: not run.is_alive(), seconds=5)
    os.kill(int((tmp_path / "asked").read_text()), 0)
    kill(int((tmp_path / "asked").read_text()))


def test_cancelled_at_work(runs: Runs):
    run = begun(runs)
    run.cancel()
    until(lambda: not run.is_alive())
    assert (run.state, run.result) == (CANCELLED, {"did": "wait"})
    # What it has kept is a version already.
    for deed in (run.start, run.cancel):
        with pytest.raises(RunError, match="is cancelled"):
            deed()


def test_cancelled_after_a_kill(runs: Runs):
    run = begun(runs)
    os.kill(process(run), signal.SIGKILL)
    until(lambda: run.state == STOPPED)
    run.cancel()
    assert run.state == CANCELLED
    # Nothing came out, so that it may go on after all.
    (run.path / "process").unlink()
    run.start()
    until((run.path / "process").exists)
    assert not run.is_cancelled()
    go(run)
    assert run.state == FINISHED


def test_cancelled_after_a_kill_the_best_is_kept(runs: Runs):
    run = begun(runs)
    os.kill(process(run), signal.SIGKILL)
    until(lambda: run.state == STOPPED)
    (run.path / BEST).write_bytes(b"weights")
    run.cancel()
    until(lambda: run.state == CANCELLED)
    assert run.result == {"did": "wait"}
    assert not run.has_best()


def test_one_that_failed_may_go_on(runs: Runs):
    run = runs.create(TRAINING, "mine", {"do": "wait"})
    run.say(FAILED, error="no room")
    with pytest.raises(RunError, match="is failed: there is nothing to cancel"):
        run.cancel()
    run.start()
    until((run.path / "process").exists)
    go(run)
    assert (run.state, run.error) == (FINISHED, "")


@pytest.mark.parametrize("end", [FINISHED, FAILED])
def test_it_ends_just_when_it_is_cancelled(runs: Runs, monkeypatch: pytest.MonkeyPatch, end: str):
    run = runs.create(TRAINING, "mine", {})
    locked = module._locked
    with (run.path / "alive").open("ab") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        run.say(RUNNING)

        def ends(file: object) -> bool:
            run.say(end)
            fcntl.flock(alive, fcntl.LOCK_UN)
            return locked(file)

        monkeypatch.setattr(module, "_locked", ends)
        run.cancel()
    assert run.state == end


def test_cancelling_one_at_work_leaves_the_word_to_it(runs: Runs):
    run = runs.create(TRAINING, "mine", {})
    with (run.path / "alive").open("ab") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        run.say(RUNNING)
        run.cancel()
        run.cancel()
        assert run.state == RUNNING
        assert run.is_cancelled()


def test_one_at_a_time_and_in_order(runs: Runs):
    first = begun(runs, "a")
    waiting = []
    for name in ("c", "b"):
        run = runs.create(TRAINING, name, {"do": "wait"})
        run.start()
        waiting.append(run)
        # Another second, another id.
        time.sleep(1.01)
    assert first.state == RUNNING
    assert [run.state for run in waiting] == [QUEUED, QUEUED]
    assert not (waiting[0].path / "began").exists()
    go(first)
    until((waiting[0].path / "process").exists)
    assert [run.state for run in waiting] == [RUNNING, QUEUED]
    go(waiting[0])
    until((waiting[1].path / "process").exists)
    go(waiting[1])
    assert [run.state for run in (first, *waiting)] == [FINISHED] * 3


def test_a_queued_run_is_cancelled(runs: Runs):
    first = begun(runs, "a")
    second = runs.create(TRAINING, "b", {"do": "wait"})
    second.start()
    assert second.state == QUEUED
    second.cancel()
    until(lambda: not second.is_alive())
    assert (second.state, second.result) == (CANCELLED, {})
    assert not (second.path / "began").exists()
    assert first.state == RUNNING


def test_one_that_was_killed_holds_up_nobody(runs: Runs):
    first = begun(runs, "a")
    second = runs.create(TRAINING, "b", {"do": "wait"})
    second.start()
    os.kill(process(first), signal.SIGKILL)
    until((second.path / "process").exists)
    assert (first.state, second.state) == (STOPPED, RUNNING)
    # It comes after those that are at work, though it was asked for first.
    (first.path / "process").unlink()
    first.start()
    time.sleep(0.5)
    assert first.state == QUEUED
    go(second)
    until((first.path / "process").exists)
    go(first)
    assert first.state == FINISHED
