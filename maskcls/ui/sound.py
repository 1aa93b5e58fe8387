"""A short chime, made here so that no file has to be shipped or fetched."""

import io
import wave

import numpy as np

_RATE = 16_000


def _chime() -> bytes:
    """Return two falling notes as WAV."""
    time = np.arange(_RATE // 4) / _RATE
    notes = [np.sin(2 * np.pi * pitch * time) * np.exp(-9 * time) for pitch in (880, 660)]
    samples = (0.4 * 32767 * np.concatenate(notes)).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.tobytes())
    return out.getvalue()


CHIME = _chime()
