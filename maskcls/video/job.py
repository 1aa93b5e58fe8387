"""A video that is being annotated while its owner does something else."""

import logging
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from maskcls.errors import MaskclsError
from maskcls.face import Face
from maskcls.video.files import Outcome, annotate
from maskcls.video.worker import TURNS

log = logging.getLogger(__name__)

_SOURCE, _RESULT = "source", "annotated.mp4"


class Job:
    """Annotates one video in a thread of its own. It ends, and its files go, when nobody holds the job any more.

    Args:
        data: The bytes of the video; written to disk at once, and not kept.
        name: What people call it.
        analyse: Takes a frame `(h, w, 3) uint8` and returns its faces.
    """

    def __init__(self, data: bytes | memoryview, name: str, analyse: Callable[[np.ndarray], Sequence[Face]]) -> None:
        self.name = name
        self._state = _State()
        folder = Path(tempfile.mkdtemp(prefix="maskcls-"))
        (folder / _SOURCE).write_bytes(data)
        self.result = folder / _RESULT
        self._started_s = time.monotonic()
        # The thread knows nothing of the job, or a session that has gone could not let go of it.
        self._thread = threading.Thread(
            target=_work, args=(self._state, folder, name, analyse), name="maskcls-video", daemon=True
        )
        self._forget = weakref.finalize(self, _forget, self._state, folder, self._thread)
        self._thread.start()

    @property
    def done_s(self) -> float:
        """How many seconds of the video are done."""
        return self._state.done_s

    @property
    def total_s(self) -> float | None:
        """How many there are, as far as the file says."""
        return self._state.total_s

    @property
    def outcome(self) -> Outcome | None:
        """What happened in the video; None until it is done, and when it cannot be read."""
        return self._state.outcome

    @property
    def error(self) -> str | None:
        """Why it cannot be read, for people."""
        return self._state.error

    @property
    def running(self) -> bool:
        """Whether it is still at it."""
        return self._thread.is_alive()

    @property
    def cancelled(self) -> bool:
        """Whether somebody called it off."""
        return self._state.cancel.is_set()

    @property
    def left_s(self) -> float | None:
        """How long it will probably take; None while that cannot be told."""
        if not self.done_s or not self.total_s:
            return None
        return (time.monotonic() - self._started_s) * max(0.0, self.total_s / self.done_s - 1)

    def cancel(self) -> None:
        """Call it off; its thread ends after the frame that it is at."""
        self._state.cancel.set()

    def close(self) -> None:
        """Call it off and delete its files."""
        self.cancel()
        self._thread.join()
        self._forget()


@dataclass
class _State:
    cancel: threading.Event = field(default_factory=threading.Event)
    done_s: float = 0.0
    total_s: float | None = None
    outcome: Outcome | None = None
    error: str | None = None
    abandoned: bool = False


def _work(state: _State, folder: Path, name: str, analyse: Callable[[np.ndarray], Sequence[Face]]) -> None:
    def faces(image_rgb: np.ndarray) -> Sequence[Face]:
        # Live streams and other videos are served in between.
        with TURNS:
            return analyse(image_rgb)

    def note(done_s: float, total_s: float | None) -> None:
        state.done_s, state.total_s = done_s, total_s

    try:
        state.outcome = annotate(
            folder / _SOURCE, folder / _RESULT, faces, name=name, on_progress=note, cancelled=state.cancel.is_set
        )
    except MaskclsError as error:
        state.error = str(error)
    except Exception as error:
        log.error("A video could not be annotated.", exc_info=error)
        state.error = "Something went wrong with this video. Try another one, and tell whoever runs this server."
    finally:
        (folder / _SOURCE).unlink(missing_ok=True)
        if state.abandoned:
            shutil.rmtree(folder, ignore_errors=True)


def _forget(state: _State, folder: Path, thread: threading.Thread) -> None:
    """Delete the files now, or let the thread do it when it has ended."""
    state.abandoned = True
    state.cancel.set()
    if not thread.is_alive():
        shutil.rmtree(folder, ignore_errors=True)
