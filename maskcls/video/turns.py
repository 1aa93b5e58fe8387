"""A lock that is given in the order in which it was asked for."""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """Lets one thread in at a time, whoever has waited longest first.

    Python's own locks let the thread that has just left in again before one that waits has woken up: a stream that is
    never short of frames would starve the others.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        mine = threading.Event()
        with self._lock:
            self._queue.append(mine)
            if len(self._queue) == 1:
                mine.set()
        mine.wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._queue.popleft()
            if self._queue:
                self._queue[0].set()
