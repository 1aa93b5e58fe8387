"""A thread that analyses the newest frame, so that whoever takes frames never waits."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from maskcls.errors import MaskclsError
from maskcls.face import Face
from maskcls.video.tracker import Track, Tracker

log = logging.getLogger(__name__)

# All streams of this server take turns: results come more slowly when more people watch, and nothing queues.
_TURNS = threading.Semaphore(1)
# After a fault the next try waits so long: a broken model would otherwise fail hundreds of times a second.
_PAUSE_S = 0.5


@dataclass(frozen=True, eq=False)
class Result:
    """What was found in one frame.

    Attributes:
        tracks: Its faces.
        frame_s: When the frame was offered.
        ready_s: When the result was there, on the same clock.
        analysis_ms: How long finding and classifying took, without waiting for a turn.
    """

    tracks: list[Track]
    frame_s: float
    ready_s: float
    analysis_ms: float


class Worker:
    """Analyses the newest of the frames it is offered, until it is closed.

    Args:
        analyse: Takes `(h, w, 3) uint8` RGB and returns its faces.
        clock: Seconds that never go back.
    """

    def __init__(
        self, analyse: Callable[[np.ndarray], Sequence[Face]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._analyse, self._clock = analyse, clock
        self._tracker = Tracker()
        self._changed = threading.Condition()
        self._waiting: tuple[np.ndarray, float] | None = None
        self._closed = False
        self.latest: Result | None = None
        self.fault: str | None = None
        self._thread = threading.Thread(target=self._work, name="maskcls-live", daemon=True)
        self._thread.start()

    def offer(self, image_rgb: np.ndarray) -> None:
        """Hand over a frame `(h, w, 3) uint8`; one that still waits is dropped. Returns at once."""
        with self._changed:
            self._waiting = image_rgb, self._clock()
            self._changed.notify()

    def close(self) -> None:
        """End the thread; a frame that is being analysed is finished first."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _work(self) -> None:
        while (frame := self._next()) is not None:
            try:
                with _TURNS:
                    self.latest = self._look_at(*frame)
                self.fault = None
            except Exception as error:
                self._note(error)
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, timeout=_PAUSE_S)

    def _next(self) -> tuple[np.ndarray, float] | None:
        """Wait for a frame and take it; None when the worker is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting is not None)
            frame, self._waiting = self._waiting, None
            return None if self._closed else frame

    def _look_at(self, image_rgb: np.ndarray, frame_s: float) -> Result:
        start_s = self._clock()
        faces = self._analyse(image_rgb)
        ready_s = self._clock()
        return Result(self._tracker.update(faces, frame_s), frame_s, ready_s, 1000 * (ready_s - start_s))

    def _note(self, error: Exception) -> None:
        words = str(error) if isinstance(error, MaskclsError) else "Something went wrong with this frame."
        if words != self.fault:
            # Once for a fault, not for each of thirty frames a second.
            log.error("A frame could not be analysed.", exc_info=error)
        self.fault = words
