"""A video that is being annotated while its owner does something else."""

import logging
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from maskcls.errors import MaskclsError
from maskcls.face import Face
from maskcls.video.files import Outcome, annotate
from maskcls.video.worker import TURNS

log = logging.getLogger(__name__)


class Job:
    """Annotates one video in a thread of its own; its files go with it.

    Args:
        data: The bytes of the video; written to disk at once, and not kept.
        name: What people call it.
        analyse: Takes a frame `(h, w, 3) uint8` and returns its faces.
    """

    def __init__(self, data: bytes | memoryview, name: str, analyse: Callable[[np.ndarray], Sequence[Face]]) -> None:
        self.name = name
        self.done_s = 0.0
        self.total_s: float | None = None
        self.outcome: Outcome | None = None
        self.error: str | None = None
        folder = Path(tempfile.mkdtemp(prefix="maskcls-"))
        # Also when a session ends, and nobody says so.
        self._delete = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._source = folder / "source"
        self._source.write_bytes(data)
        self.result = folder / "annotated.mp4"
        self._analyse = analyse
        self._cancel = threading.Event()
        self._started_s = time.monotonic()
        self._thread = threading.Thread(target=self._work, name="maskcls-video", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is still at it."""
        return self._thread.is_alive()

    @property
    def cancelled(self) -> bool:
        """Whether somebody called it off."""
        return self._cancel.is_set()

    @property
    def left_s(self) -> float | None:
        """How long it will probably take; None while that cannot be told."""
        if not self.done_s or not self.total_s:
            return None
        return (time.monotonic() - self._started_s) * max(0.0, self.total_s / self.done_s - 1)

    def cancel(self) -> None:
        """Call it off; its thread ends after the frame that it is at."""
        self._cancel.set()

    def close(self) -> None:
        """Call it off and delete its files."""
        self._cancel.set()
        self._thread.join()
        self._delete()

    def _work(self) -> None:
        try:
            self.outcome = annotate(
                self._source,
                self.result,
                self._faces,
                name=self.name,
                on_progress=self._note,
                cancelled=self._cancel.is_set,
            )
        except MaskclsError as error:
            self.error = str(error)
        except Exception as error:
            log.error("A video could not be annotated.", exc_info=error)
            self.error = "Something went wrong with this video. Try another one, and tell whoever runs this server."
        finally:
            self._source.unlink(missing_ok=True)

    def _faces(self, image_rgb: np.ndarray) -> Sequence[Face]:
        # Live streams and other videos are served in between.
        with TURNS:
            return self._analyse(image_rgb)

    def _note(self, done_s: float, total_s: float | None) -> None:
        self.done_s, self.total_s = done_s, total_s
