"""Opening strangers' video files: what they may be, how long and how large, and frames the right way up."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from maskcls.errors import VideoError
from maskcls.images import plain_name

MAX_BYTES = 300_000_000
MAX_SECONDS = 600
MAX_PIXELS = 3840 * 2160
SUFFIXES = (".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi")
_HEAD = 64


@contextmanager
def opened(path: Path, *, name: str | None = None) -> Iterator[Any]:
    """Open a video file for reading; what it yields is an `av.container.InputContainer` with a video stream.

    The container is chosen by the file's first bytes. FFmpeg would also open play lists, which name other files and
    addresses for it to fetch.

    Args:
        path: The file.
        name: What people call it; the file's own name when None.

    Raises:
        VideoError: It is no video, not one of ours, too long or too large.
    """
    called = plain_name(name or path.name)
    kind = _container_of(path, called)
    try:
        container = av.open(str(path.resolve()), format=kind, container_options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            f"{called} cannot be opened: it is damaged, or cut off before its table of contents. Save it again."
        ) from error
    with container:
        _check(container, called)
        # Frames may say that they are larger than the file did: FFmpeg would decode some with a gigabyte each.
        container.streams.video[0].codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        yield container


def length_s(container: Any) -> float | None:
    """Return how long the file says that it is; None where it does not say."""
    stream = container.streams.video[0]
    if container.duration:
        return float(container.duration / av.time_base)
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None


def upright_rgb(frame: Any, *, longest_px: int) -> np.ndarray:
    """Return a frame as people see it, `(h, w, 3) uint8`: turned as the camera says, its sides even and no longer.

    Args:
        frame: An `av.VideoFrame`.
        longest_px: Larger frames are made smaller.
    """
    image = frame.to_ndarray(format="rgb24")
    # What phones write: by how much the picture has to be turned, counter-clockwise.
    quarters = round(frame.rotation / 90) % 4
    image = np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image
    scale = min(1.0, longest_px / max(image.shape[:2]))
    height, width = (max(2, round(side * scale) // 2 * 2) for side in image.shape[:2])
    if (height, width) == image.shape[:2]:
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def frame_rate(container: Any) -> Fraction:
    """Return the frames a second of the video, as far as it says; 30 where it says nonsense."""
    rate = container.streams.video[0].average_rate
    return Fraction(rate).limit_denominator(1001) if rate and 1 <= rate <= 240 else Fraction(30)


def _container_of(path: Path, called: str) -> str:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise VideoError(f"{called} cannot be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise VideoError(
            f"{called} has {size / 1e6:.0f} MB; videos may have {MAX_BYTES // 1_000_000}. Cut it or save it smaller."
        )
    if not head:
        raise VideoError(f"{called} is empty. Choose another file.")
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    raise VideoError(f"{called} is not a video that can be read here: MP4, MOV, WebM, MKV and AVI can.")


def _check(container: Any, called: str) -> None:
    if not container.streams.video:
        raise VideoError(f"{called} has no picture in it, only sound. Choose another file.")
    context = container.streams.video[0].codec_context
    if context is None or not context.width or not context.height:
        raise VideoError(f"{called} holds a kind of video that cannot be read here. Save it as MP4 with H.264.")
    if context.width * context.height > MAX_PIXELS:
        raise VideoError(
            f"{called} has frames of {context.width} × {context.height} pixels; 3840 × 2160 are the most. Save it "
            "smaller."
        )
    seconds = length_s(container)
    if seconds is not None and seconds > MAX_SECONDS:
        raise VideoError(
            f"{called} is {seconds / 60:.0f} minutes long; {MAX_SECONDS // 60} are the most. Cut it first."
        )
