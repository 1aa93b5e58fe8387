"""A thread that analyses the newest frame, so that whoever takes frames never waits."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from maskcls.engines import on_one_core
from maskcls.errors import MaskclsError
from maskcls.face import Face
from maskcls.video.tracker import Track, Tracker
from maskcls.video.turns import Turns

log = logging.getLogger(__name__)

# All streams and videos of this server take turns: results come more slowly when more people watch, and nothing queues.
TURNS = Turns()
# After a fault the next try waits so long: a broken model would otherwise fail hundreds of times a second.
_PAUSE_S = 0.5


@dataclass(frozen=True, eq=False)
class Result:
    """What was found in one frame.

    Attributes:
        tracks: Its faces.
        image_rgb: The frame, `(h, w, 3) uint8`.
        frame_s: When the frame came.
        ready_s: When the result was there, on the same clock.
        wait_ms: How long this stream waited for its turn.
    """

    tracks: list[Track]
    image_rgb: np.ndarray
    frame_s: float
    ready_s: float
    wait_ms: float


class Worker:
    """Analyses the newest of the frames it is offered, until it is closed.

    Args:
        analyse: Takes `(h, w, 3) uint8` RGB and returns its faces.
        on_result: Is told of each result, in the worker's thread.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        analyse: Callable[[np.ndarray], Sequence[Face]],
        *,
        on_result: Callable[[Result], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._analyse, self._on_result, self._clock = analyse, on_result, clock
        self._tracker = Tracker()
        self._changed = threading.Condition()
        self._waiting: tuple[np.ndarray, float] | None = None
        self._closed = False
        self.latest: Result | None = None
        self.fault: str | None = None
        self._thread = threading.Thread(target=self._work, name="maskcls-live", daemon=True)
        self._thread.start()

    def offer(self, image_rgb: np.ndarray, frame_s: float | None = None) -> None:
        """Hand over a frame `(h, w, 3) uint8` that came at `frame_s` (None: now); one that still waits is dropped."""
        with self._changed:
            self._waiting = image_rgb, self._clock() if frame_s is None else frame_s
            self._changed.notify()

    def close(self, *, wait: bool = True) -> None:
        """End the thread; a frame that is being analysed is finished first, and that is waited for or not."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if wait and threading.current_thread() is not self._thread:
            self._thread.join()

    def _work(self) -> None:
        with on_one_core():
            self._go_on()

    def _go_on(self) -> None:
        while self._wait():
            asked_s = self._clock()
            try:
                with TURNS:
                    result = self._look_at_newest(asked_s)
                if result is not None:
                    self.latest = result
                    self._on_result(result)
                self.fault = None
            except Exception as error:
                self._note(error)
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, timeout=_PAUSE_S)

    def _wait(self) -> bool:
        """Wait for a frame; False when the worker is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting is not None)
            return not self._closed

    def _look_at_newest(self, asked_s: float) -> Result | None:
        """Analyse the frame that is the newest now, after the wait for a turn; None where there is none."""
        with self._changed:
            frame, self._waiting = self._waiting, None
            if frame is None or self._closed:
                return None
        image_rgb, frame_s = frame
        wait_ms = 1000 * (self._clock() - asked_s)
        tracks = self._tracker.update(self._analyse(image_rgb), frame_s)
        return Result(tracks, image_rgb, frame_s, self._clock(), wait_ms)

    def _note(self, error: Exception) -> None:
        words = str(error) if isinstance(error, MaskclsError) else "Something went wrong with this frame."
        if words != self.fault:
            # Once for a fault, not for each of thirty frames a second.
            log.error("A frame could not be analysed.", exc_info=error)
        self.fault = words
