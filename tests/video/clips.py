"""Small video files to test with, made here."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def clip(
    path: Path,
    *,
    seconds: float = 1.0,
    fps: int = 15,
    size_wh: tuple[int, int] = (64, 48),
    codec: str = "libx264",
    sound: str | None = "aac",
    rate: int = 48_000,
    sound_seconds: float | None = None,
    starts_at: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a clip in which a bright square moves to the right, with a tone."""
    width, height = size_wh
    with av.open(str(path), "w", options=options or {}) as file:
        video = file.add_stream(codec, rate=fps)
        video.width, video.height = size_wh
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        audio = file.add_stream(sound, rate=rate) if sound else None
        for i in range(round(seconds * fps)):
            image = np.full((height, width, 3), 40, np.uint8)
            left = i * (width - 16) // max(1, round(seconds * fps))
            image[16:32, left : left + 16] = 220
            shown = av.VideoFrame.from_ndarray(image, format="rgb24")
            shown.pts, shown.time_base = i + starts_at * fps, Fraction(1, fps)
            file.mux(video.encode(shown))
        file.mux(video.encode(None))
        if audio is not None:
            time = np.arange(round((sound_seconds or seconds) * rate)) / rate
            tone = (8000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            file.mux(audio.encode(frame))
            file.mux(audio.encode(None))
    return path
