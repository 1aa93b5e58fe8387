"""Telling when a face without a mask has stayed for some time."""

from collections.abc import Sequence

from maskcls import labels
from maskcls.video.tracker import Track

# Who is not seen for so long starts anew.
_GONE_S = 1.0


class Alert:
    """Watches the faces of one stream."""

    def __init__(self) -> None:
        self._bare: dict[int, tuple[float, float]] = {}

    def update(self, tracks: Sequence[Track], time_s: float) -> float:
        """Count a frame and return for how many seconds the face that is bare for longest has been so; 0 for none."""
        for track in tracks:
            if track.verdict == labels.WITHOUT_MASK:
                since, _ = self._bare.get(track.number, (time_s, time_s))
                self._bare[track.number] = since, time_s
            else:
                self._bare.pop(track.number, None)
        self._bare = {number: spell for number, spell in self._bare.items() if time_s - spell[1] <= _GONE_S}
        return max((time_s - since for since, _ in self._bare.values()), default=0.0)
