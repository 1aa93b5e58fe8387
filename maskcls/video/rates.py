"""How often something happens, and how long it takes: over the last seconds of a stream."""

import threading
from collections import deque

import numpy as np

_LATELY_S = 3.0
# A camera of 120 frames a second fills the window; nothing grows beyond it.
_MOST = 400


class Rate:
    """Counts events and their durations; one thread may add while another reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def add(self, time_s: float, took_ms: float = 0.0) -> None:
        """Note an event and how long it took; times never go back."""
        with self._lock:
            self._events.append((time_s, took_ms))

    def per_second(self, time_s: float) -> float:
        """Return how many events a second there were lately; 0 while there are not two."""
        times = [at for at, _ in self._lately(time_s)]
        return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else 0.0

    def percentile_ms(self, share: float, time_s: float) -> float | None:
        """Return the duration that `share` per cent of the last events did not exceed; None without any."""
        took = [ms for _, ms in self._lately(time_s)]
        return float(np.percentile(took, share)) if took else None

    def _lately(self, time_s: float) -> list[tuple[float, float]]:
        with self._lock:
            return [event for event in self._events if time_s - event[0] <= _LATELY_S]
