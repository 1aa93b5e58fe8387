"""The chime is a short WAV that can be heard."""

import io
import wave

import numpy as np

from maskcls.ui.sound import CHIME


def test_the_chime():
    with wave.open(io.BytesIO(CHIME)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert file.getnframes() / file.getframerate() == 0.5
    assert 8000 < np.abs(samples).max() < 32767
