"""From a video file to the same video with every face's verdict drawn on it, and what happened in it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from maskcls import drawing
from maskcls.analysis import Settings, analyse
from maskcls.errors import VideoError
from maskcls.face import Face
from maskcls.images import plain_name
from maskcls.video.history import Event, History
from maskcls.video.live import View
from maskcls.video.reading import MAX_PIXELS, MAX_SECONDS, length_s, opened, upright_rgb
from maskcls.video.tracker import Track, Tracker
from maskcls.video.writing import MOST_FPS, Writer

if TYPE_CHECKING:
    from maskcls.classifier.classifier import Classifier
    from maskcls.finder.finder import Finder

# Faces hardly change between two of these; the boxes move on in between.
_ANALYSED_FPS = 12
_LONGEST_PX = 1280
# Smaller faces take more looking than the video is long.
_SMALLEST_PX = 32
# Some containers count in milliseconds, and are one early or late.
_LEAST_BETWEEN_S = 1 / MOST_FPS - 0.0015
# A file that ends so long before it should was cut off.
_MISSING_S = 1.0
# Nobody waits for a file that says it is short and holds more than this.
_MOST_FRAMES = MAX_SECONDS * 240


@dataclass
class Outcome:
    """What happened in a video.

    Attributes:
        width_px: Of the annotated video.
        height_px: Of the annotated video.
        frames: How many were written.
        seconds: How long they last.
        events: Who changed verdict when, from the start of the video.
        timeline: For each second, how many faces of each verdict there were in the mean.
        shortened: Why the end is missing; None when it is there.
    """

    width_px: int = 0
    height_px: int = 0
    frames: int = 0
    seconds: float = 0.0
    events: list[Event] = field(default_factory=list)
    timeline: dict[int, dict[str, float]] = field(default_factory=dict)
    shortened: str | None = None


def faces_in(finder: "Finder", classifier: "Classifier", settings: Settings) -> Callable[[np.ndarray], Sequence[Face]]:
    """Return what finds and judges the faces of a frame `(h, w, 3) uint8`, those of 32 pixels and more.

    Args:
        finder: Finds them.
        classifier: Judges them.
        settings: How sure the finder has to be, and the smallest face where that is larger.
    """
    view = View(smallest_px=max(_SMALLEST_PX, round(settings.min_face_px)), min_score=settings.min_score)
    return lambda image_rgb: analyse(image_rgb, finder, classifier, view.settings(max(image_rgb.shape[:2])))


def annotate(
    source: Path,
    target: Path | None,
    find_faces: Callable[[np.ndarray], Sequence[Face]],
    *,
    name: str | None = None,
    on_progress: Callable[[float, float | None], None] = lambda *_: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Write `source` with boxes and verdicts as an MP4 that browsers play (H.264), with its sound.

    A few frames are in memory at a time. A damaged or cut-off file gives what could be read of it.

    Args:
        source: A file that `reading.opened` can open.
        target: Where to; left out when nothing could be read, or when it was cancelled. None: only look at it.
        find_faces: Takes a frame `(h, w, 3) uint8` and returns its faces; see `faces_in`.
        name: What people call the file; its own name when None.
        on_progress: Is told how many seconds are done, and of how many, where that is known.
        cancelled: Is asked after every frame.

    Raises:
        VideoError: Nothing in it can be read.
    """
    called = plain_name(name or source.name)
    draft = target.with_name(f".{target.name}.draft") if target else None
    try:
        with opened(source, name=name) as container:
            try:
                outcome = _convert(container, draft, find_faces, on_progress, cancelled)
            except (av.FFmpegError, OSError) as error:
                raise VideoError(f"{called} could not be worked through: {error}. Save it again as MP4.") from error
        if not outcome.frames and not cancelled():
            raise VideoError(f"Not one frame of {called} can be read: it is damaged. Save it again.")
        if draft and target and not cancelled():
            draft.replace(target)
    finally:
        if draft:
            draft.unlink(missing_ok=True)
    return outcome


def _convert(
    container: Any,
    draft: Path | None,
    find_faces: Callable[[np.ndarray], Sequence[Face]],
    on_progress: Callable[[float, float | None], None],
    cancelled: Callable[[], bool],
) -> Outcome:
    total_s = length_s(container)
    annotator = _Annotator(find_faces)
    faults = _Faults()
    with ExitStack() as stack:
        writer = stack.enter_context(Writer(draft, container)) if draft else None
        for packet in _packets(container, faults):
            faults.read(packet)
            if packet.stream is not container.streams.video[0]:
                if writer:
                    writer.sound(packet)
                continue
            for frame in _frames(packet, faults):
                time_s = annotator.time_of(frame)
                if time_s > MAX_SECONDS or annotator.decoded > _MOST_FRAMES:
                    faults.too_long = True
                    break
                shown = annotator.shown(frame, time_s)
                if writer and shown is not None:
                    writer.picture(shown, time_s)
                on_progress(time_s, total_s)
            if faults.too_long or cancelled():
                break
    return annotator.outcome(None if cancelled() else faults.said(container, total_s))


@dataclass
class _Faults:
    """What was wrong with a file, as it was read."""

    damaged: int = 0
    too_long: bool = False
    end_s: float = 0.0

    def read(self, packet: Any) -> None:
        """Note how far the file has been read, whatever this part of it holds."""
        if packet.pts is not None and packet.time_base is not None:
            self.end_s = max(self.end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))

    def said(self, container: Any, total_s: float | None) -> str | None:
        """Return what to say of it; None when all of it could be read."""
        start_s = container.start_time / av.time_base if container.start_time else 0.0
        read_s = self.end_s - start_s
        if self.too_long:
            return f"Only its first {MAX_SECONDS // 60} minutes were taken."
        # Some containers give the time of the end for their length.
        if total_s is not None and total_s - self.end_s > _MISSING_S:
            return f"It is damaged or cut off: {read_s:.0f} of its {total_s:.0f} seconds could be read."
        return f"It is damaged: {self.damaged} of its parts could not be read." if self.damaged else None


def _packets(container: Any, faults: _Faults) -> Iterator[Any]:
    """Yield the packets of picture and sound, up to the first that cannot be read."""
    streams = [container.streams.video[0], *container.streams.audio[:1]]
    container.streams.video[0].thread_type = "AUTO"
    try:
        yield from container.demux(*streams)
    except av.FFmpegError:
        faults.damaged += 1


def _frames(packet: Any, faults: _Faults) -> list[Any]:
    try:
        frames = list(packet.decode())
    except av.FFmpegError:
        faults.damaged += 1
        return []
    fitting = [frame for frame in frames if frame.width * frame.height <= MAX_PIXELS]
    faults.damaged += len(frames) - len(fitting)
    return fitting


class _Annotator:
    """Follows the faces through the frames of one video."""

    def __init__(self, find_faces: Callable[[np.ndarray], Sequence[Face]]) -> None:
        self._find_faces = find_faces
        self._tracker, self._history = Tracker(), History()
        self._tracks: list[Track] = []
        self._start_s: float | None = None
        self._analysed_s: float | None = None
        self._shown_s: float | None = None
        self._seen: dict[int, list[Counter[str]]] = {}
        self._outcome = Outcome()
        self.decoded = 0

    def time_of(self, frame: Any) -> float:
        """Return the seconds from the first frame on; frames without a time come a thirtieth after the last."""
        self.decoded += 1
        if frame.pts is None or not frame.time_base:
            return 0.0 if self._shown_s is None else self._shown_s + 1 / 30
        time_s = float(frame.pts * frame.time_base)
        if self._start_s is None:
            self._start_s = time_s
        return time_s - self._start_s

    def shown(self, frame: Any, time_s: float) -> np.ndarray | None:
        """Return the frame with boxes; None for one that comes too soon after the last, or before it."""
        if self._shown_s is not None and time_s - self._shown_s < _LEAST_BETWEEN_S:
            return None
        image_rgb = upright_rgb(frame, longest_px=_LONGEST_PX)
        if self._analysed_s is None or time_s - self._analysed_s >= 1 / _ANALYSED_FPS - _LEAST_BETWEEN_S / 8:
            self._look(image_rgb, time_s)
        self._shown_s = time_s
        self._outcome.frames += 1
        if self._outcome.frames == 1:
            self._outcome.height_px, self._outcome.width_px = image_rgb.shape[:2]
        boxes = np.array([track.box_at(time_s) for track in self._tracks]).reshape(-1, 4)
        numbers = [track.number for track in self._tracks]
        return drawing.draw_boxes(image_rgb, boxes, [track.verdict for track in self._tracks], numbers=numbers)

    def outcome(self, shortened: str | None) -> Outcome:
        """Return what happened, and why the end is missing, if it is."""
        result = self._outcome
        result.seconds = self._shown_s or 0.0
        result.events = list(self._history.events)
        result.shortened = shortened
        for second, counts in self._seen.items():
            names = dict.fromkeys(name for one in counts for name in one)
            result.timeline[second] = {name: sum(one[name] for one in counts) / len(counts) for name in names}
        return result

    def _look(self, image_rgb: np.ndarray, time_s: float) -> None:
        self._tracks = self._tracker.update(self._find_faces(image_rgb), time_s)
        self._history.add(self._tracks, time_s)
        self._analysed_s = time_s
        self._seen.setdefault(int(time_s), []).append(Counter(track.verdict for track in self._tracks))
