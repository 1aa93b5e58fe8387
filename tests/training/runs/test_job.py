"""A run's process: whatever happens in it, a state that says so is left behind."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from maskcls.errors import DatasetError
from maskcls.training.runs import job, search, training
from maskcls.training.runs.run import (
    CANCELLED,
    FAILED,
    FINISHED,
    QUEUED,
    RUNNING,
    SEARCH,
    STOPPED,
    TRAINING,
    Run,
    Runs,
)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "runs")


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(job, "_LOOK_S", 0.01)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    with (tmp_path / "lock").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        yield file.fileno()


def test_the_end_is_what_the_work_says(runs: Runs, lock: int, monkeypatch: pytest.MonkeyPatch):
    run = runs.create(TRAINING, "mine", {})
    seen: list[tuple[str, bool]] = []

    def work(run: Run) -> None:
        with runs.turn() as ours:
            seen.append((Run(run.path)._said(), ours))
        run.finish({"version": "mine"})

    monkeypatch.setattr(training, "work", work)
    assert job.main(run.path, lock) == 0
    assert (run.state, run.result) == (FINISHED, {"version": "mine"})
    # At work, it was alone.
    assert seen == [(RUNNING, False)]
    with runs.turn() as ours:
        assert ours
    assert not os.get_inheritable(lock)


@pytest.mark.parametrize(("kind", "module"), [(TRAINING, training), (SEARCH, search)])
def test_the_kind_says_what_to_do(runs: Runs, lock: int, monkeypatch: pytest.MonkeyPatch, kind: str, module: object):
    run = runs.create(kind, "mine", {})
    monkeypatch.setattr(module, "work", lambda run: run.finish({"by": kind}))
    assert job.main(run.path, lock) == 0
    assert run.result == {"by": kind}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DatasetError("There is no data set a-1."), "There is no data set a-1."),
        (ValueError("shapes do not fit"), "It broke off: ValueError: shapes do not fit"),
        (MemoryError(), "It broke off: MemoryError: "),
        (KeyboardInterrupt(), "It broke off: KeyboardInterrupt: "),
        (SystemExit(3), "It broke off: SystemExit: 3"),
    ],
)
def test_what_goes_wrong_is_said(
    runs: Runs, lock: int, monkeypatch: pytest.MonkeyPatch, error: BaseException, words: str
):
    run = runs.create(TRAINING, "mine", {})

    def work(_: Run) -> None:
        raise error

    monkeypatch.setattr(training, "work", work)
    assert job.main(run.path, lock) == 1
    assert (run.state, run.error) == (FAILED, words)
    with runs.turn() as ours:
        assert ours


def test_damaged_settings(runs: Runs, lock: int):
    run = runs.create(TRAINING, "mine", {})
    (run.path / "settings.json").write_text("{")
    assert job.main(run.path, lock) == 1
    assert "is damaged" in run.error


def test_cancelled_before_its_turn(runs: Runs, lock: int, monkeypatch: pytest.MonkeyPatch):
    run = runs.create(TRAINING, "mine", {})
    monkeypatch.setattr(training, "work", lambda _: pytest.fail("it was cancelled"))
    with runs.turn() as ours:
        assert ours
        ended: list[int] = []
        process = threading.Thread(target=lambda: ended.append(job.main(run.path, lock)))
        process.start()
        process.join(0.1)
        assert process.is_alive()
        (run.path / "cancel").touch()
        process.join()
    assert (ended, run.state) == ([0], CANCELLED)


def test_those_before_it_go_first(runs: Runs, monkeypatch: pytest.MonkeyPatch):
    from datetime import UTC, datetime

    from maskcls.training.runs import run as module

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # noqa: ARG003
            return datetime(2026, 11, 21, tzinfo=UTC)

    monkeypatch.setattr(module, "datetime", Clock)
    first, second = (runs.create(TRAINING, name, {}) for name in ("a", "b"))
    assert runs.is_next(second)  # nobody has started the first
    first.say(QUEUED)
    assert runs.is_next(second)  # its process is gone
    monkeypatch.setattr(Run, "is_alive", lambda _: True)
    assert runs.is_next(first)
    assert not runs.is_next(second)
    for state in (FINISHED, CANCELLED, FAILED, STOPPED):
        first.say(state)
        assert runs.is_next(second)
