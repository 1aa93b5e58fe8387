"""Writing annotated frames, and the sound that came with them, as an MP4 that browsers play."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from maskcls.video.frames import as_frame
from maskcls.video.reading import frame_rate

# More frames a second show nothing more.
MOST_FPS = 60
_TIME_BASE = Fraction(1, 90_000)
# Sound of this kind goes from one file to the other as it is, every other is encoded anew.
_COPIED_SOUND = ("aac",)
_SOUND_RATE = 48_000
# A second thread encodes; so much may wait for it.
_MOST_PENDING = 8
# Packets of sound before the first picture: some seconds.
_MOST_WAITING = 500


class Writer:
    """Writes pictures and sound into an MP4, both from the time of the file's start on."""

    def __init__(self, path: Path, source: Any) -> None:
        self._file = av.open(str(path.resolve()), "w", format="mp4", options={"movflags": "faststart"})
        self._rate = min(frame_rate(source), Fraction(MOST_FPS))
        first = source.streams.video[0]
        self._start_s = float(first.start_time * first.time_base) if first.start_time and first.time_base else 0.0
        self._video: Any = None
        self._audio = self._sound_like(source.streams.audio[0]) if source.streams.audio else None
        self._waiting: list[Any] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="maskcls-writing")
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for one in self._pending:
                one.result()
            if self._video is not None:
                self._file.mux(self._video.encode(None))
                if self._audio is not None and not self._audio.copied:
                    self._or_silent(lambda stream: self._file.mux(stream.encode(None)))
        finally:
            self._thread.shutdown(cancel_futures=True)
            self._file.close()

    def picture(self, image_rgb: np.ndarray, time_s: float) -> None:
        """Write one picture `(h, w, 3) uint8` that is shown so long after the first."""
        self._later(self._write_picture, image_rgb, time_s)

    def sound(self, packet: Any) -> None:
        """Write a packet of sound; from the first that cannot be written on there is none."""
        self._later(self._write_sound, packet)

    def _later(self, write: Callable[..., None], *what: Any) -> None:
        """Have it written after what came before, while the caller makes the next picture; a few may wait."""
        self._pending.append(self._thread.submit(write, *what))
        while len(self._pending) > _MOST_PENDING:
            self._pending.popleft().result()

    def _write_picture(self, image_rgb: np.ndarray, time_s: float) -> None:
        if self._video is None:
            self._start(image_rgb)
        frame = as_frame(image_rgb)
        frame.time_base = _TIME_BASE
        frame.pts = round(time_s / _TIME_BASE)
        # A stream may change its size half-way; a file may not.
        frame = frame.reformat(width=self._video.width, height=self._video.height, format="yuv420p")
        self._file.mux(self._video.encode(frame))

    def _write_sound(self, packet: Any) -> None:
        if self._audio is None or packet.dts is None:
            return
        if self._video is None:
            # Both streams must be known before the first packet is written.
            self._waiting.append(packet)
            del self._waiting[_MOST_WAITING:]
        elif self._audio.copied:
            self._or_silent(lambda stream: self._copy(packet, stream))
        else:
            self._or_silent(lambda stream: self._encode(packet, stream))

    def _start(self, image_rgb: np.ndarray) -> None:
        self._video = self._file.add_stream("libx264", rate=self._rate, options={"preset": "veryfast", "crf": "23"})
        self._video.height, self._video.width = image_rgb.shape[:2]
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = _TIME_BASE
        waiting, self._waiting = self._waiting, []
        for packet in waiting:
            self._write_sound(packet)

    def _copy(self, packet: Any, stream: Any) -> None:
        late = round(self._start_s / packet.time_base)
        packet.pts, packet.dts = (packet.pts or packet.dts) - late, packet.dts - late
        packet.stream = stream
        self._file.mux(packet)

    def _encode(self, packet: Any, stream: Any) -> None:
        for frame in packet.decode():
            # In its own samples: some containers count time so coarsely that pieces of a frame would coincide.
            if frame.pts is not None:
                frame.pts = round((float(frame.pts * frame.time_base) - self._start_s) * frame.sample_rate)
                frame.time_base = Fraction(1, frame.sample_rate)
            self._file.mux(stream.encode(frame))

    def _or_silent(self, write: Callable[[Any], None]) -> None:
        if self._audio is None or self._audio.silent:
            return
        try:
            write(self._audio.stream)
        except (av.FFmpegError, ValueError):
            self._audio.silent = True

    def _sound_like(self, source: Any) -> "_Sound | None":
        """Return a stream for the sound; None where that cannot be done."""
        try:
            if source.codec_context.name in _COPIED_SOUND:
                return _Sound(self._file.add_stream_from_template(source), copied=True)
            return _Sound(self._file.add_stream("aac", rate=_SOUND_RATE), copied=False)
        except (av.FFmpegError, ValueError, AttributeError):
            return None


@dataclass
class _Sound:
    stream: Any
    copied: bool
    silent: bool = False
