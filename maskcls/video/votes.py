"""One verdict from many frames: a vote with hysteresis, so that it does not flicker where the model wavers."""

import math
from collections.abc import Mapping

from maskcls import labels

# A frame's weight halves in this time.
_HALF_LIFE_S = 0.5
# What is shown changes only when another class has this many times its votes, which takes a good second …
_LEAD = 5.0
# … and becomes *not sure* when sure frames have had less than this share of the weight for some time.
_LEAST_SURE = 0.15


class Votes:
    """The recent frames of one face.

    Sure frames vote for their class with their probability; frames that are not sure say only that.
    """

    def __init__(self) -> None:
        self._votes: dict[str, float] = {}
        self._sure = self._all = 0.0
        self._time_s = -math.inf
        self._shown = labels.NOT_SURE

    @property
    def verdict(self) -> str:
        """The class that is shown, or `not_sure`."""
        return self._shown

    def add(self, probabilities: Mapping[str, float], *, sure: bool, time_s: float) -> str:
        """Count one frame and return the verdict.

        Args:
            probabilities: Of each class.
            sure: Whether the likeliest is likely enough for a verdict.
            time_s: When the frame was taken; never before the last one.
        """
        self._fade(time_s)
        self._all += 1
        if sure:
            self._sure += 1
            name = max(probabilities, key=lambda one: probabilities[one])
            self._votes[name] = self._votes.get(name, 0.0) + probabilities[name]
        self._shown = self._decide()
        return self._shown

    def _fade(self, time_s: float) -> None:
        factor = 0.5 ** ((time_s - self._time_s) / _HALF_LIFE_S)
        self._time_s = time_s
        self._votes = {name: votes * factor for name, votes in self._votes.items()}
        self._sure *= factor
        self._all *= factor

    def _decide(self) -> str:
        if self._sure < _LEAST_SURE * self._all:
            return labels.NOT_SURE
        best = max(self._votes, key=lambda name: self._votes[name])
        if self._shown == labels.NOT_SURE:
            # Coming out of *not sure* takes more than staying out of it, or it would flicker there.
            return best if self._sure >= 2 * _LEAST_SURE * self._all else labels.NOT_SURE
        return best if self._votes[best] > _LEAD * self._votes.get(self._shown, 0.0) else self._shown
