"""A stream of frames in, the same frames with what was found drawn on them out, at once and without fail."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from maskcls import drawing
from maskcls.analysis import Settings, heat
from maskcls.face import Face
from maskcls.video.alert import Alert
from maskcls.video.history import Event, History
from maskcls.video.rates import Rate
from maskcls.video.tracker import Track
from maskcls.video.worker import Result, Worker

log = logging.getLogger(__name__)

# Takes a frame `(h, w, 3) uint8`, settings and a table for the time of each stage, and returns the faces.
Analyse = Callable[[np.ndarray, Settings, dict[str, float]], Sequence[Face]]

# How many pixels the smallest face has left where the finder looks: the larger faces may be, the quicker it is.
_SMALLEST_SEEN_PX = 20
# The finder fills up to multiples of this; what is filled up takes time and shows nothing.
_STEP_PX = 64
# A box that was found longer ago says nothing about this frame.
_STALE_S = 1.0
_ALERT_COLOUR = (150, 45, 0)
_FAULT_COLOUR = (120, 20, 20)


@dataclass(frozen=True)
class View:
    """What people chose to see.

    Attributes:
        boxes: Draw boxes with verdicts.
        heatmap: Draw each face's heatmap for its likeliest class.
        mirrored: Show it as a mirror does.
        paused: Leave the frames as they are, and the model at rest.
        smallest_px: Faces whose longer side is shorter are left out; the smaller, the more work.
        min_score: How sure the finder must be.
        alert_s: Say so when a face without mask stays for so long; None is never.
    """

    boxes: bool = True
    heatmap: bool = False
    mirrored: bool = True
    paused: bool = False
    smallest_px: int = 48
    min_score: float = Settings.min_score
    alert_s: float | None = None

    def settings(self, long_side_px: int) -> Settings:
        """Return the settings of the analysis of a frame with this longer side."""
        longest = round(long_side_px * min(1.0, _SMALLEST_SEEN_PX / max(self.smallest_px, 1)))
        longest = max(_STEP_PX, longest // _STEP_PX * _STEP_PX)
        return Settings(self.min_score, self.smallest_px, longest)


@dataclass(frozen=True)
class Stats:
    """How a stream is doing, over its last seconds; times are None where there were no frames.

    Attributes:
        camera_fps: Frames that came in a second.
        result_fps: How many of them were analysed.
        callback_ms: What 95 in 100 frames waited for us at most.
        age_ms: How old what is drawn on a frame is: 95 in 100 frames, at most.
        stages_ms: Medians by stage of the analysis: `wait` for a turn, `find`, `classify`.
        faces: How many there are now, by verdict.
        shares: How much of what was seen in the last minute each verdict was.
        bare_s: For how long a face without mask has been there; 0 for none.
        fault: What went wrong with the last frame, if anything.
    """

    camera_fps: float = 0.0
    result_fps: float = 0.0
    callback_ms: float | None = None
    age_ms: float | None = None
    stages_ms: dict[str, float] = field(default_factory=dict)
    faces: dict[str, int] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    bare_s: float = 0.0
    fault: str | None = None


class Live:
    """One stream. `frame` belongs to the thread of the video, everything else may be called from any.

    Args:
        analyse: Finds and judges the faces of a frame.
        clock: Seconds that never go back.
    """

    def __init__(self, analyse: Analyse, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.view = View()
        self._analyse, self._clock = analyse, clock
        self._lock = threading.Lock()
        self._history, self._alert = History(), Alert()
        self._bare_s = 0.0
        self._fault: str | None = None
        self._newest: np.ndarray | None = None
        self._frames, self._results, self._ages = Rate(), Rate(), Rate()
        self._stages: dict[str, Rate] = {}
        self._worker = Worker(self._faces, on_result=self._note, clock=clock)

    def frame(self, image_rgb: np.ndarray) -> np.ndarray:
        """Return the frame to show for one that came: `(h, w, 3) uint8` both. Never raises, and never waits.

        The frame that came is left as it is. It is analysed after `answered`.
        """
        self._newest = None
        try:
            shown = self._shown(image_rgb)
            self._fault = None
        except Exception as error:
            shown = self._with_fault(image_rgb, error)
        return shown

    def answered(self, since_s: float) -> None:
        """Note that the frame went back which had come at `since_s` on this stream's clock, and let it be analysed.

        Not before: threads of Python that work side by side wait for each other, and a frame may not wait.
        """
        now = self._clock()
        self._frames.add(now, 1000 * (now - since_s))
        if self._newest is not None:
            self._worker.offer(self._newest, since_s)
            self._newest = None

    def stats(self) -> Stats:
        """Return how the stream is doing."""
        now = self._clock()
        result = self._fresh(now)
        with self._lock:
            shares, bare_s = self._history.shares(), self._bare_s
            stages = list(self._stages.items())
        medians = {name: rate.percentile_ms(50, now) for name, rate in stages}
        return Stats(
            camera_fps=self._frames.per_second(now),
            result_fps=self._results.per_second(now),
            callback_ms=self._frames.percentile_ms(95, now),
            age_ms=self._ages.percentile_ms(95, now),
            stages_ms={name: ms for name, ms in medians.items() if ms is not None},
            faces=dict(Counter(track.verdict for track in result.tracks)) if result is not None else {},
            shares=shares,
            bare_s=0.0 if self.view.paused else bare_s,
            fault=self._fault or self._worker.fault,
        )

    def events(self) -> list[Event]:
        """Return who changed verdict when, the oldest first; times are on this stream's clock."""
        with self._lock:
            return list(self._history.events)

    def now_faces(self) -> list[tuple[int, str, np.ndarray]]:
        """Return the faces that are seen now, as number, verdict and crop `(h, w, 3) uint8`, the largest first."""
        result = self._fresh(self._clock())
        if result is None:
            return []
        tracks = sorted(result.tracks, key=lambda track: -track.face.face_px)
        crops = [(track.number, track.verdict, _inside(result.image_rgb, track.face.crop_xyxy)) for track in tracks]
        return [one for one in crops if one[2].size]

    def close(self, *, wait: bool = True) -> None:
        """End the stream's thread; see `Worker.close`."""
        self._worker.close(wait=wait)

    def _shown(self, image_rgb: np.ndarray) -> np.ndarray:
        view = self.view
        image_rgb = cv2.flip(image_rgb, 1) if view.mirrored else image_rgb
        if view.paused:
            return image_rgb
        self._newest = image_rgb
        now = self._clock()
        result = self._fresh(now)
        tracks = [] if result is None else result.tracks
        if result is not None and tracks:
            self._ages.add(now, 1000 * (now - result.frame_s))
        shown = image_rgb
        if view.heatmap and tracks:
            shown = image_rgb.copy()
            for track in tracks:
                _draw_heat(shown, track, now)
        if view.boxes and tracks:
            boxes = np.stack([track.box_at(now) for track in tracks])
            numbers = [track.number for track in tracks]
            shown = drawing.draw_boxes(shown, boxes, [track.verdict for track in tracks], numbers=numbers)
        words, colour = self._banner(view)
        if words:
            # The frame itself may still be waiting to be analysed.
            shown = shown.copy() if shown is image_rgb else shown
            drawing.banner(shown, words, colour=colour)
        return shown

    def _banner(self, view: View) -> tuple[str, tuple[int, int, int]]:
        if self._worker.fault is not None:
            return self._worker.fault, _FAULT_COLOUR
        if view.alert_s is not None and self._bare_s >= view.alert_s:
            return f"No mask for {self._bare_s:.0f} s", _ALERT_COLOUR
        return "", _ALERT_COLOUR

    def _with_fault(self, image_rgb: np.ndarray, error: Exception) -> np.ndarray:
        if self._fault is None:  # once for a spell of faults
            log.error("A frame could not be drawn.", exc_info=error)
        self._fault = "Something went wrong with this frame."
        try:
            shown = np.array(image_rgb)
            drawing.banner(shown, self._fault, colour=_FAULT_COLOUR)
        except Exception:  # not even that: then the frame as it came
            return image_rgb
        return shown

    def _fresh(self, now: float) -> Result | None:
        """Return the last result; None when it says nothing of what is there now."""
        result = self._worker.latest
        return None if result is None or now - result.frame_s > _STALE_S else result

    def _faces(self, image_rgb: np.ndarray) -> Sequence[Face]:
        stages: dict[str, float] = {}
        faces = self._analyse(image_rgb, self.view.settings(max(image_rgb.shape[:2])), stages)
        self._time(stages)
        return faces

    def _note(self, result: Result) -> None:
        self._results.add(result.ready_s)
        self._time({"wait": result.wait_ms})
        with self._lock:
            self._history.add(result.tracks, result.frame_s)
            self._bare_s = self._alert.update(result.tracks, result.frame_s)

    def _time(self, stages_ms: dict[str, float]) -> None:
        now = self._clock()
        with self._lock:
            rates = {name: self._stages.setdefault(name, Rate()) for name in stages_ms}
        for name, ms in stages_ms.items():
            rates[name].add(now, ms)


def _draw_heat(shown: np.ndarray, track: Track, now: float) -> None:
    """Lay the evidence for the face's class over it, where it should be now."""
    moved = track.box_at(now) - np.array(track.face.box_xyxy)
    crop = np.array(track.face.crop_xyxy) + np.tile((moved[:2] + moved[2:]) / 2, 2)
    drawing.overlay_face(shown, heat(track.face, track.face.label), crop.tolist(), opacity=0.5)


def _inside(image_rgb: np.ndarray, crop_xyxy: Sequence[float]) -> np.ndarray:
    left, top, right, bottom = (max(0, round(side)) for side in crop_xyxy)
    return image_rgb[top:bottom, left:right].copy()
