"""Who is who: faces keep a number from frame to frame.

Tracking by detection as in SORT (Bewley et al., "Simple Online and Realtime Tracking", 2016): each face is expected
where its constant velocity carries it, and found faces are assigned to expected ones so that boxes overlap most (Kuhn,
"The Hungarian method", 1955).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from maskcls import labels
from maskcls.face import Face
from maskcls.finder.boxes import iou_matrix
from maskcls.video.votes import Votes

# Faces that overlap less are two faces.
_LEAST_IOU = 0.2
# A face that is not seen for so long has left, if one has looked for it as often.
_FORGOTTEN_S = 1.0
_FORGOTTEN_LOOKS = 2
# However seldom one looks: later it may be anybody.
_ANYBODY_S = 5.0
# How much of a newly measured velocity is believed.
_TRUST = 0.4
# Later than this nobody knows where a face has moved to.
_PREDICTED_S = 0.3


@dataclass(frozen=True, eq=False)
class Track:
    """A face that was followed, as it is now.

    Attributes:
        number: Its own, from 1, never given again.
        face: As it was found last.
        verdict: The vote of its recent frames.
        first_s: When it was first seen.
        last_s: When it was last seen.
        velocity: `(4,)`, how fast each side of its box moves, in pixels a second.
    """

    number: int
    face: Face
    verdict: str
    first_s: float
    last_s: float
    velocity: np.ndarray

    def box_at(self, time_s: float) -> np.ndarray:
        """Return the box `(4,)` where the face should be at a time soon after it was seen."""
        return np.array(self.face.box_xyxy) + self.velocity * min(time_s - self.last_s, _PREDICTED_S)


class Tracker:
    """Follows the faces of one stream. Not safe between threads: one stream has one worker."""

    def __init__(self) -> None:
        self._followed: list[_Followed] = []
        self._count = 0

    def update(self, faces: Sequence[Face], time_s: float) -> list[Track]:
        """Return the track of each face in a frame, in their order, then of those just missed: a finder blinks.

        Args:
            faces: What was found in the frame.
            time_s: When it was taken, on a clock that never goes back.
        """
        self._followed = [one for one in self._followed if not one.has_left(time_s)]
        found = np.array([face.box_xyxy for face in faces], float).reshape(-1, 4)
        expected = np.array([one.expected(time_s) for one in self._followed]).reshape(-1, 4)
        known = assigned(found, expected, least_iou=_LEAST_IOU)
        tracks = []
        for one in self._followed:
            one.looks += 1
        for i, face in enumerate(faces):
            one = self._followed[known[i]] if i in known else self._new(face, time_s)
            tracks.append(one.see(face, time_s))
        missed = [one.track for one in self._followed if 0 < time_s - one.last_s <= _PREDICTED_S]
        return [*tracks, *missed]

    def _new(self, face: Face, time_s: float) -> "_Followed":
        self._count += 1
        one = _Followed(self._count, face, time_s)
        self._followed.append(one)
        return one


class _Followed:
    def __init__(self, number: int, face: Face, time_s: float) -> None:
        self._number, self._first_s = number, time_s
        self._box = np.array(face.box_xyxy)
        self._velocity = np.zeros(4)
        self._votes = Votes()
        self.last_s = time_s
        # How often one has looked for it since it was seen.
        self.looks = 0
        self.track: Track

    def has_left(self, time_s: float) -> bool:
        """Tell whether the face is gone for good."""
        passed = time_s - self.last_s
        return passed > _ANYBODY_S or (passed > _FORGOTTEN_S and self.looks >= _FORGOTTEN_LOOKS)

    def expected(self, time_s: float) -> np.ndarray:
        """Return the box `(4,)` where the face should be."""
        return self._box + self._velocity * min(time_s - self.last_s, _PREDICTED_S)

    def see(self, face: Face, time_s: float) -> Track:
        box, passed = np.array(face.box_xyxy), time_s - self.last_s
        if passed > 0:
            self._velocity += _TRUST * ((box - self._box) / passed - self._velocity)
        self._box, self.last_s, self.looks = box, time_s, 0
        verdict = self._votes.add(face.probabilities, sure=face.verdict != labels.NOT_SURE, time_s=time_s)
        self.track = Track(self._number, face, verdict, self._first_s, time_s, self._velocity.copy())
        return self.track


def assigned(found: np.ndarray, expected: np.ndarray, *, least_iou: float) -> dict[int, int]:
    """Return which found box `(n, 4)` is which expected one `(m, 4)`, so that together they overlap most.

    Boxes that overlap less than `least_iou` are none of the others.
    """
    from scipy.optimize import linear_sum_assignment  # here: it takes half a second that few commands need

    overlap = iou_matrix(found, expected)
    # What hardly overlaps is worth nothing, or it would take the place of a pair that does.
    rows, columns = linear_sum_assignment(np.where(overlap >= least_iou, overlap, 0.0), maximize=True)
    return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if overlap[i, j] >= least_iou}
