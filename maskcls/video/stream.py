"""What a video connection needs of us: a callback for its frames, and an end."""

import functools
import gc
import logging
import sys
import threading
import time
from typing import Any

import cv2

from maskcls.video.frames import as_frame
from maskcls.video.live import Analyse, Live, View

log = logging.getLogger(__name__)

_SWITCH_S = 0.0002


class Stream:
    """Frames of one person's camera. The connection may end and begin again; what happened stays to be looked at.

    Args:
        analyse: See `Live`. It may be replaced at any time, as when another model is put to work.
    """

    def __init__(self, analyse: Analyse) -> None:
        self.analyse = analyse
        _make_way()
        self._view = View()
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._ended = True
        self._faulty = False
        # What the clock of a stream, which knows no date, has to be added to.
        self.epoch_s = time.time() - time.monotonic()

    @property
    def live(self) -> Live | None:
        """The connection that is, or the last one that was; None before the first frame."""
        return self._live

    @property
    def running(self) -> bool:
        """Whether frames come."""
        return not self._ended

    def show(self, view: View) -> None:
        """Show the stream so from the next frame on."""
        self._view = view
        if self._live is not None:
            self._live.view = view

    def recv(self, frame: Any) -> Any:
        """Return what to show for an `av.VideoFrame`: another one. Never raises, and never waits for the model."""
        start_s = time.monotonic()
        try:
            live = self._live_now()
            # In this thread alone: on a busy machine help comes later than the work is done.
            shown = live.frame(frame.to_ndarray(format="rgb24", threads=1))
            answer = as_frame(shown)
            live.answered(start_s)
        except Exception as error:  # better shown as it came than no stream at all
            if not self._faulty:  # once for a spell of faults
                log.error("A frame goes back as it came.", exc_info=error)
            self._faulty = True
            return frame
        self._faulty = False
        return answer

    def ended(self) -> None:
        """End the connection's thread; nobody waits for it here."""
        with self._lock:
            self._ended = True
            if self._live is not None:
                self._live.close(wait=False)

    def _live_now(self) -> Live:
        with self._lock:
            if self._live is None or self._ended:
                self._live = Live(lambda *given: self.analyse(*given))
                self._live.view = self._view
                self._ended = False
            return self._live


@functools.cache
def _make_way() -> None:
    """Once in a process, keep what else goes on in it from stopping the video."""
    # The video's thread would wait up to five milliseconds for one that computes in Python.
    sys.setswitchinterval(min(sys.getswitchinterval(), _SWITCH_S))
    # OpenCV's helping threads wait busily for more work, on the cores that the video needs.
    cv2.setNumThreads(1)
    # Streamlit collects garbage after each run of a page. All that was imported until now will never be any, and takes
    # 150 milliseconds to look through.
    gc.collect()
    gc.freeze()
