"""A thread that analyses the newest frame, so that whoever takes frames never waits."""

import logging
import os
import sys
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
_NICE = 10


@dataclass(frozen=True, eq=False)
class Result:
    """What was found in one frame.

    Attributes:
        tracks: Its faces.
        image_rgb: The frame, `(h, w, 3) uint8`.
        frame_s: When the frame was offered.
        ready_s: When the result was there, on the same clock.
        wait_ms: How long this stream waited for its turn.
        analysis_ms: How long finding and classifying took after that.
    """

    tracks: list[Track]
    image_rgb: np.ndarray
    frame_s: float
    ready_s: float
    wait_ms: float
    analysis_ms: float


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

    def offer(self, image_rgb: np.ndarray) -> None:
        """Hand over a frame `(h, w, 3) uint8`; one that still waits is dropped. Returns at once."""
        with self._changed:
            self._waiting = image_rgb, self._clock()
            self._changed.notify()

    def close(self, *, wait: bool = True) -> None:
        """End the thread; a frame that is being analysed is finished first, and that is waited for or not."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if wait and threading.current_thread() is not self._thread:
            self._thread.join()

    def _work(self) -> None:
        _step_back()
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
        start_s = self._clock()
        faces = self._analyse(image_rgb)
        ready_s = self._clock()
        tracks = self._tracker.update(faces, frame_s)
        return Result(tracks, image_rgb, frame_s, ready_s, 1000 * (start_s - asked_s), 1000 * (ready_s - start_s))

    def _note(self, error: Exception) -> None:
        words = str(error) if isinstance(error, MaskclsError) else "Something went wrong with this frame."
        if words != self.fault:
            # Once for a fault, not for each of thirty frames a second.
            log.error("A frame could not be analysed.", exc_info=error)
        self.fault = words


def _step_back() -> None:
    """Let the frames of the video go first: a result may come a moment later, a frame may not."""
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
