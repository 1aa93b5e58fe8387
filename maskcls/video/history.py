"""What happened in a stream: who changed verdict when, and which verdicts there were lately."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from maskcls.video.tracker import Track

_LATELY_S = 60.0
# More than anyone reads; a day before the camera must not fill the memory.
_MOST_EVENTS = 2000
# Who is not seen for so long starts anew.
_FORGOTTEN_S = 5.0


@dataclass(frozen=True)
class Event:
    """A face that changed verdict.

    Attributes:
        number: Of its track.
        time_s: When.
        before: The verdict until then; empty for a face that came.
        after: The verdict from then on.
    """

    number: int
    time_s: float
    before: str
    after: str


class History:
    """The events of a stream, and its last minute by verdict."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque(maxlen=_MOST_EVENTS)
        self._verdicts: dict[int, tuple[str, float]] = {}
        self._lately: deque[tuple[float, str]] = deque()
        self._counts: Counter[str] = Counter()

    def add(self, tracks: Sequence[Track], time_s: float) -> list[Event]:
        """Count the faces of one frame and return what changed in it."""
        new = []
        for track in tracks:
            before, _ = self._verdicts.get(track.number, ("", 0.0))
            if before != track.verdict:
                new.append(Event(track.number, time_s, before, track.verdict))
            self._verdicts[track.number] = track.verdict, time_s
            self._lately.append((time_s, track.verdict))
            self._counts[track.verdict] += 1
        self.events.extend(new)
        self._forget(time_s)
        return new

    def shares(self) -> dict[str, float]:
        """Return how much of what was seen in the last minute each verdict was; they add up to 1, or there are none."""
        return {verdict: count / len(self._lately) for verdict, count in self._counts.items() if count}

    def _forget(self, time_s: float) -> None:
        while self._lately and time_s - self._lately[0][0] > _LATELY_S:
            self._counts[self._lately.popleft()[1]] -= 1
        self._verdicts = {
            number: (verdict, seen_s)
            for number, (verdict, seen_s) in self._verdicts.items()
            if time_s - seen_s <= _FORGOTTEN_S
        }
