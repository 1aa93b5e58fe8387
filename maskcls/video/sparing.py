"""Every face of a frame is found, and a few of them are judged, in turn: with many faces results stay quick."""

from typing import TYPE_CHECKING

import numpy as np

from maskcls.analysis import Settings, find, follow, judge, timed
from maskcls.face import Face
from maskcls.finder.finder import Found
from maskcls.video.tracker import assigned

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.finder.finder import Finder

# Besides new faces, so many are judged in a frame: a verdict is a vote of many frames anyway.
_MOST_JUDGED = 2
# Where that would take longer, only one is: the next frame comes after 33 milliseconds.
_SLOW_MS = 25.0
# A face that has moved further is judged anew.
_SAME_PLACE_IOU = 0.5


class Sparing:
    """Analyses the frames of one stream, one after the other.

    Args:
        finder: Finds the faces.
        classifier: Judges them.
    """

    def __init__(self, finder: "Finder", classifier: "Classifier") -> None:
        self._finder, self._classifier = finder, classifier
        self._before: list[Face] = []
        self._frames_since: list[int] = []
        self._most_judged = _MOST_JUDGED

    def faces(self, image_rgb: np.ndarray, settings: Settings, stages_ms: dict[str, float]) -> list[Face]:
        """Return every face of a frame `(h, w, 3) uint8`, surest first, each judged in this frame or shortly before.

        Args:
            image_rgb: The frame.
            settings: See `analysis.analyse`.
            stages_ms: Is told how long `find` and `classify` took.
        """
        with timed(stages_ms, "find"):
            found = find(image_rgb, self._finder, settings)
        with timed(stages_ms, "classify"):
            faces = self._judged(image_rgb, found)
        judged = self._frames_since.count(0)
        expected_ms = stages_ms["find"] + _MOST_JUDGED * stages_ms["classify"] / max(1, judged)
        self._most_judged = _MOST_JUDGED if expected_ms <= _SLOW_MS else 1
        return faces

    def _judged(self, image_rgb: np.ndarray, found: list[Found]) -> list[Face]:
        boxes, before = (
            np.array([one.box_xyxy for one in some], float).reshape(-1, 4) for some in (found, self._before)
        )
        known = assigned(boxes, before, least_iou=_SAME_PLACE_IOU)
        longest_ago = sorted(known, key=lambda i: -self._frames_since[known[i]])
        due = sorted({*range(len(found))} - {*longest_ago[self._most_judged :]})
        judged = dict(zip(due, judge(image_rgb, [found[i] for i in due], self._classifier), strict=True))
        faces = [
            judged[i] if i in judged else follow(self._before[known[i]], one, self._classifier)
            for i, one in enumerate(found)
        ]
        self._frames_since = [0 if i in judged else self._frames_since[known[i]] + 1 for i in range(len(found))]
        self._before = faces
        return faces
