"""A run as a folder that any process can look into, and the shelf of all runs.

runs/<id>/settings.json    what was asked for, and when
runs/<id>/state.json       how it stands
runs/<id>/progress.jsonl   what it says while it goes
runs/<id>/checkpoint.npz   where it goes on after a stop; best.npz, its best weights so far
runs/<id>/result.json      what came out
runs/<id>/log.txt          what its process printed
runs/<id>/trials/<number>/ what a trial of a search said while it went
runs/<id>/owner            what tells the trials of this run from those of other machines
runs/<id>/storage          URL of the database of a search, where it was given one; only its owner may read it
runs/<id>/cancel           somebody wants it to stop
runs/<id>/alive            locked by its process for as long as that lives, however it ends
"""

import fcntl
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maskcls.errors import RunError
from maskcls.training.runs.progress import Progress

# What a state is, for people and for other programs.
QUEUED, RUNNING, FINISHED, CANCELLED, FAILED = "queued", "running", "finished", "cancelled", "failed"
# Its process is gone and it has not come to an end: it can be resumed.
STOPPED = "stopped"
ACTIVE = (QUEUED, RUNNING)
TRAINING, SEARCH = "training", "search"
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
BEST, CHECKPOINT = "best.npz", "checkpoint.npz"
_SETTINGS, _STATE, _RESULT, _ALIVE, _CANCEL = "settings.json", "state.json", "result.json", "alive", "cancel"
_JOB, _PROJECT = "maskcls.training.runs.job", Path(__file__).resolve().parents[3]
_TRIES = 5


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        path: Its folder.
    """

    path: Path

    @property
    def id(self) -> str:
        """Its folder's name: when it was asked for, and what for."""
        return self.path.name

    @property
    def name(self) -> str:
        """What it is for: the end of its id."""
        return self.id.split("-", 2)[-1]

    @property
    def asked(self) -> dict[str, Any]:
        """What was asked for: `kind`, `created` and `settings`.

        Raises:
            RunError: That is damaged.
        """
        content = _read(self.path / _SETTINGS)
        if not {"kind", "created"} <= content.keys() or not isinstance(content.get("settings"), dict):
            raise RunError(f"The run {self.id} is damaged. Remove its folder {self.path}.")
        return content

    @property
    def kind(self) -> str:
        """`training` or `search`."""
        return str(self.asked["kind"])

    @property
    def state(self) -> str:
        """How it stands: queued, running, stopped, finished, cancelled or failed."""
        if (said := self._said()) not in ACTIVE or self.is_alive():
            return said
        # It may have come to its end since it was asked.
        return STOPPED if (said := self._said()) in ACTIVE else said

    @property
    def error(self) -> str:
        """Why it failed, for people; empty where it did not."""
        return str(_read(self.path / _STATE).get("error", ""))

    @property
    def result(self) -> dict[str, Any]:
        """What came out; empty before it has come to an end."""
        return _read(self.path / _RESULT)

    @property
    def progress(self) -> Progress:
        """What it says while it goes."""
        return Progress(self.path / "progress.jsonl")

    @property
    def log(self) -> str:
        """The end of what its process printed."""
        try:
            return (self.path / "log.txt").read_bytes()[-20_000:].decode("utf-8", "replace")
        except OSError:
            return ""

    def is_alive(self) -> bool:
        """Tell whether its process lives."""
        try:
            with (self.path / _ALIVE).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def _said(self) -> str:
        return str(_read(self.path / _STATE).get("state", STOPPED))

    def say(self, state: str, **more: Any) -> None:
        """Set how it stands."""
        _write(self.path / _STATE, {"state": state, **more})

    def finish(self, result: dict[str, Any], state: str = FINISHED) -> None:
        """Set what came out, and that it has come to an end."""
        _write(self.path / _RESULT, result)
        self.say(state)
        # Nothing goes on from here; those of a large network take as much as a hundred versions of ours.
        for name in (BEST, CHECKPOINT):
            (self.path / name).unlink(missing_ok=True)

    def cancel(self) -> None:
        """Ask it to stop; it keeps the best so far, for which one whose process is gone is started once more.

        Raises:
            RunError: It has come to an end already.
        """
        if (state := self.state) not in (*ACTIVE, STOPPED):
            raise RunError(f"The run {self.id} is {state}: there is nothing to cancel.")
        (self.path / _CANCEL).touch()
        with (self.path / _ALIVE).open("ab") as alive:
            # Locked, so that its process is neither starting nor just coming to its end.
            if not _locked(alive) or self.state not in (*ACTIVE, STOPPED):
                return
            if self.has_best():
                self._launch(alive)
            else:
                self.say(CANCELLED)

    def has_best(self) -> bool:
        """Tell whether it has weights that a version could be made of."""
        return (self.path / BEST).exists()

    def is_cancelled(self) -> bool:
        """Tell whether somebody wants it to stop."""
        return (self.path / _CANCEL).exists()

    def start(self) -> None:
        """Start its process, which lives on when this one ends; or go on where it stopped.

        Raises:
            RunError: It is under way, or has come to an end.
        """
        with (self.path / _ALIVE).open("ab") as alive:
            if not _locked(alive):
                raise RunError(f"The run {self.id} is under way already.")
            if (state := self.state) == FINISHED or (state == CANCELLED and self.result):
                raise RunError(f"The run {self.id} is {state}; start another one.")
            (self.path / _CANCEL).unlink(missing_ok=True)
            self._launch(alive)

    def _launch(self, alive: Any) -> None:
        """Start its process, which takes over the lock on the open file `alive`."""
        self.say(QUEUED)
        try:
            with (self.path / "log.txt").open("ab") as log:
                # The process inherits the lock, which the system takes back when it ends, in whatever way.
                process = subprocess.Popen(  # noqa: S603 - our own module, in our own Python
                    [sys.executable, "-m", _JOB, str(self.path.resolve()), str(alive.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=_PROJECT,
                    pass_fds=(alive.fileno(),),
                    start_new_session=True,
                )
        except OSError as error:
            self.say(FAILED, error=f"No process could be started: {error.strerror}.")
            raise RunError(f"No process could be started: {error.strerror}. Free some disk and memory.") from error
        # Somebody has to take note of its end, or it stays in the list of processes.
        threading.Thread(target=process.wait, daemon=True).start()


class Runs:
    """The runs in a folder.

    Args:
        folder: Made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Run]:
        """Return all runs, the latest first."""
        if not self.folder.is_dir():
            return []
        found = [Run(path.parent) for path in self.folder.glob(f"*/{_SETTINGS}") if _ID.fullmatch(path.parent.name)]
        return sorted(found, key=lambda run: run.id, reverse=True)

    def open(self, name: str) -> Run:
        """Return the run with this id, or the latest one for what is called so.

        Raises:
            RunError: There is none.
        """
        found = [run for run in self.all() if name in (run.id, run.name)]
        if not found:
            known = ", ".join(run.id for run in self.all()[:10]) or "none"
            raise RunError(f"There is no run {name[:80]!r}. There are: {known}.")
        return found[0]

    def create(self, kind: str, name: str, settings: dict[str, Any]) -> Run:
        """Make a run, which is not started yet.

        Args:
            kind: `training` or `search`.
            name: What it is for; it ends its id.
            settings: What is asked for.

        Raises:
            RunError: It cannot be written.
        """
        now = datetime.now(UTC)
        chosen = f"{now:%Y%m%d-%H%M%S}-{name}"
        if not _ID.fullmatch(chosen):
            raise RunError(f"{name[:80]!r} cannot name a run: use letters, digits, dots, dashes, underscores.")
        path = self.folder / chosen
        try:
            path.mkdir(parents=True)
            run = Run(path)
            run.say(STOPPED)
            # Last: what has settings is a run.
            content = {"kind": kind, "created": now.isoformat(timespec="seconds"), "settings": settings}
            _write(path / _SETTINGS, content)
        except FileExistsError as error:
            raise RunError(f"A run {name} was made this very second. Try again.") from error
        except OSError as error:
            raise RunError(f"The run cannot be written to {self.folder}: {error.strerror}.") from error
        return run

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Try to be the one run that computes; yields whether this is it."""
        with (self.folder / ".turn").open("ab") as file:
            yield _locked(file)

    def is_next(self, run: Run) -> bool:
        """Tell whether no run that was asked for before is waiting or under way."""
        return not any(other.id < run.id and other.state in ACTIVE for other in self.all())


def _locked(file: Any) -> bool:
    """Lock a file for as long as it is open; False where another process has it."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Perhaps somebody only looked whether it is locked.
            time.sleep(0.01)
        else:
            return True
    return False


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_name(f".{path.name}")
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)
