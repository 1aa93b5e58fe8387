"""From a video file to the same video with every face's verdict drawn on it, and what happened in it."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from maskcls import drawing
from maskcls.errors import VideoError
from maskcls.face import Face
from maskcls.images import plain_name
from maskcls.video.history import Event, History
from maskcls.video.reading import MAX_SECONDS, frame_rate, length_s, opened, upright_rgb
from maskcls.video.tracker import Track, Tracker

# Faces hardly change between two of these; the boxes move on in between.
_ANALYSED_FPS = 12
_LONGEST_PX = 1280
# More frames a second show nothing more.
_MOST_FPS = 61
# Sound of these kinds goes from one file to the other as it is.
_COPIED_SOUND = ("aac", "mp3")
# A file that ends so long before it should was cut off.
_MISSING_S = 1.0


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


def annotate(
    source: Path,
    target: Path | None,
    analyse: Callable[[np.ndarray], Sequence[Face]],
    *,
    name: str | None = None,
    on_progress: Callable[[float, float | None], None] = lambda *_: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Write `source` with boxes and verdicts as an MP4 that browsers play (H.264), with its sound.

    One frame is in memory at a time. A damaged or cut-off file gives what could be read of it.

    Args:
        source: A file that `reading.opened` can open.
        target: Where to; left out when nothing could be read, or when it was cancelled. None: only look at it.
        analyse: Takes a frame `(h, w, 3) uint8` and returns its faces.
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
            outcome = _convert(container, draft, analyse, on_progress, cancelled)
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
    analyse: Callable[[np.ndarray], Sequence[Face]],
    on_progress: Callable[[float, float | None], None],
    cancelled: Callable[[], bool],
) -> Outcome:
    total_s = length_s(container)
    annotator = _Annotator(analyse)
    with ExitStack() as stack:
        writer = stack.enter_context(_Writer(draft, container)) if draft else None
        damaged = 0
        packets = _packets(container)
        for packet in packets:
            if isinstance(packet, av.FFmpegError):
                damaged += 1
                break
            if packet.stream is not container.streams.video[0]:
                if writer:
                    writer.sound(packet)
                continue
            for frame in _frames(packet):
                if isinstance(frame, av.FFmpegError):
                    damaged += 1
                    continue
                time_s = annotator.time_of(frame)
                if time_s > MAX_SECONDS:
                    damaged = -1
                    break
                shown = annotator.shown(frame, time_s)
                if writer and shown is not None:
                    writer.picture(shown, frame)
                on_progress(time_s, total_s)
            if damaged < 0 or cancelled():
                break
    return annotator.outcome(total_s, damaged)


def _packets(container: Any) -> Any:
    """Yield the packets of picture and sound, and the error that ends them, if one does."""
    streams = [container.streams.video[0], *container.streams.audio[:1]]
    container.streams.video[0].thread_type = "AUTO"
    try:
        yield from container.demux(*streams)
    except av.FFmpegError as error:
        yield error


def _frames(packet: Any) -> list[Any]:
    try:
        return list(packet.decode())
    except av.FFmpegError as error:
        return [error]


class _Annotator:
    """Follows the faces through the frames of one video."""

    def __init__(self, analyse: Callable[[np.ndarray], Sequence[Face]]) -> None:
        self._analyse = analyse
        self._tracker, self._history = Tracker(), History()
        self._tracks: list[Track] = []
        self._start_s: float | None = None
        self._analysed_s = self._shown_s = -1.0
        self._seen: dict[int, list[Counter[str]]] = {}
        self._outcome = Outcome()

    def time_of(self, frame: Any) -> float:
        """Return the seconds from the first frame on; frames without a time come a thirtieth after the last."""
        time_s = float(frame.pts * frame.time_base) if frame.pts is not None and frame.time_base else None
        if time_s is None:
            return self._shown_s + 1 / 30
        if self._start_s is None:
            self._start_s = time_s
        return time_s - self._start_s

    def shown(self, frame: Any, time_s: float) -> np.ndarray | None:
        """Return the frame with boxes; None for one that comes too soon after the last, or before it."""
        if time_s <= self._shown_s or (self._shown_s >= 0 and time_s - self._shown_s < 1 / _MOST_FPS):
            return None
        image_rgb = upright_rgb(frame, longest_px=_LONGEST_PX)
        if self._analysed_s < 0 or time_s - self._analysed_s >= 1 / _ANALYSED_FPS - 0.002:
            self._look(image_rgb, time_s)
        self._shown_s = time_s
        self._outcome.frames += 1
        self._outcome.height_px, self._outcome.width_px = image_rgb.shape[:2]
        boxes = np.array([track.box_at(time_s) for track in self._tracks]).reshape(-1, 4)
        numbers = [track.number for track in self._tracks]
        return drawing.draw_boxes(image_rgb, boxes, [track.verdict for track in self._tracks], numbers=numbers)

    def outcome(self, total_s: float | None, damaged: int) -> Outcome:
        """Return what happened; see `_convert` for `damaged`."""
        result = self._outcome
        result.seconds = max(0.0, self._shown_s)
        result.events = list(self._history.events)
        for second, counts in self._seen.items():
            names = dict.fromkeys(name for one in counts for name in one)
            result.timeline[second] = {name: sum(one[name] for one in counts) / len(counts) for name in names}
        if damaged < 0:
            result.shortened = f"Only its first {MAX_SECONDS // 60} minutes were taken."
        elif total_s is not None and total_s - result.seconds > _MISSING_S:
            result.shortened = (
                f"It is damaged or cut off: {result.seconds:.0f} of its {total_s:.0f} seconds could be read."
            )
        elif damaged:
            result.shortened = f"It is damaged: {damaged} of its parts could not be read."
        return result

    def _look(self, image_rgb: np.ndarray, time_s: float) -> None:
        self._tracks = self._tracker.update(self._analyse(image_rgb), time_s)
        self._history.add(self._tracks, time_s)
        self._analysed_s = time_s
        self._seen.setdefault(int(time_s), []).append(Counter(track.verdict for track in self._tracks))


class _Writer:
    """Writes pictures and sound into an MP4."""

    def __init__(self, path: Path, source: Any) -> None:
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._rate = min(frame_rate(source), Fraction(_MOST_FPS - 1))
        self._time_base = source.streams.video[0].time_base or Fraction(1, 90_000)
        self._video: Any = None
        self._audio = self._sound_like(source.streams.audio[0]) if source.streams.audio else None
        self._count = 0
        self._waiting: list[Any] = []

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._video is not None:
                self._file.mux(self._video.encode(None))
                if self._audio is not None and self._audio[0] == "encoded":
                    self._file.mux(self._audio[1].encode(None))
        finally:
            self._file.close()

    def picture(self, image_rgb: np.ndarray, source: Any) -> None:
        """Write one picture `(h, w, 3) uint8` at the time of its source frame."""
        if self._video is None:
            self._start(image_rgb)
        frame = av.VideoFrame.from_ndarray(image_rgb, format="rgb24")
        frame.time_base = self._time_base
        frame.pts = source.pts if source.pts is not None else round(self._count / self._rate / self._time_base)
        self._count += 1
        # A stream may change its size half-way; a file may not.
        frame = frame.reformat(width=self._video.width, height=self._video.height, format="yuv420p")
        self._file.mux(self._video.encode(frame))

    def sound(self, packet: Any) -> None:
        """Write a packet of sound; one that cannot be read is left out."""
        if self._audio is None or packet.dts is None:
            return
        how, stream = self._audio
        if self._video is None:
            # Both streams must be known before the first packet is written.
            self._waiting.append(packet)
            return
        if how == "copied":
            packet.stream = stream
            self._file.mux(packet)
            return
        try:
            for frame in packet.decode():
                self._file.mux(stream.encode(frame))
        except av.FFmpegError:
            return

    def _start(self, image_rgb: np.ndarray) -> None:
        self._video = self._file.add_stream("libx264", rate=self._rate, options={"preset": "veryfast", "crf": "23"})
        self._video.height, self._video.width = image_rgb.shape[:2]
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = self._time_base
        waiting, self._waiting = self._waiting, []
        for packet in waiting:
            self.sound(packet)

    def _sound_like(self, source: Any) -> tuple[str, Any] | None:
        """Return how sound is carried over and the stream for it; None where that cannot be done."""
        try:
            if source.codec_context.name in _COPIED_SOUND:
                return "copied", self._file.add_stream_from_template(source)
            return "encoded", self._file.add_stream("aac", rate=min(source.codec_context.sample_rate, 48_000))
        except (av.FFmpegError, ValueError, AttributeError):
            return None
