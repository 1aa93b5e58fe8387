"""The benchmark's pictures and its arithmetic; the tutorials' way itself is too slow for a test."""

import numpy as np
import pytest

from maskcls import benchmark


@pytest.mark.parametrize("n_faces", [0, 1, 5])
def test_pictures(n_faces: int):
    image_rgb, boxes = benchmark.picture(n_faces)
    assert image_rgb.shape == (480, 640, 3)
    assert boxes.shape == (n_faces, 4)
    faces = [image_rgb[int(t) : int(b), int(left) : int(r)] for left, t, r, b in boxes]
    assert all(np.array_equal(face, faces[0]) for face in faces)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= (640, 480)).all()


def test_ways_take_turns_and_warm_up_first():
    calls: list[str] = []
    times = benchmark.median_ms([lambda: calls.append("a"), lambda: calls.append("b")], runs=2)
    assert calls == ["a", "b"] * (2 + benchmark.WARM_UP)
    assert len(times) == 2
    assert all(time >= 0 for time in times)
