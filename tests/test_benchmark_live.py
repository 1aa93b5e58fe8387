"""What can be measured without a browser; the rest is what `tests/browser` drives."""

import numpy as np
import pytest

from maskcls import benchmark_live


@pytest.mark.parametrize(
    ("growth", "threads", "steady"), [(0.0, 9, True), (-0.04, 12, True), (0.06, 9, False), (0.0, 14, False)]
)
def test_what_is_steady(growth: float, threads: int, steady: bool):
    """Four streams: each that leaves a thread behind makes one more."""
    soaked = {"growth": growth, "streams": 4, "threads_before": 10, "threads_after": threads}
    assert benchmark_live.is_steady(soaked) is steady


def test_a_still_clip_has_the_noise_of_a_camera():
    first, second, *_ = benchmark_live.still(1)
    assert first.shape == (480, 640, 3)
    assert 1 < np.abs(first.astype(int) - second).mean() < 8


def test_a_video_file_is_timed():
    measured = benchmark_live.video_file(seconds=0.5)
    assert measured["plays_s"] == pytest.approx(14 / 30, abs=0.01)
    assert measured["takes_s"] > 0
