"""The benchmark's pictures and its arithmetic; the tutorials' way itself is too slow for a test."""

import numpy as np
import pytest

from maskcls import benchmark, report


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


@pytest.mark.parametrize(
    ("finders", "last"),
    [
        ([], "One crop through model.predict of the tutorials' network: 50.0 ms, 100 times as long"),
        (
            [{"width_px": 320, "height_px": 240, "ours_ms": 2.04, "yunet_ms": 4.0}],
            "Finding faces in 320 × 240 px: ours 2.0 ms, YuNet 4.0 ms",
        ),
    ],
)
def test_the_report(finders: list[dict[str, float]], last: str):
    part = {"ours_ms": 1.0, "tutorial_ms": 50.0, "ratio": 50.0}
    crop = {"crop_ms": 0.5, "crop_of_5_ms": 0.4, "predict_ms": 50.0, "crop_ratio": 100.0}
    head = {"device": "CPU", "runs": 3, "tutorial_finder": "YuNet", "one_face": part, "five_faces": part}
    text = report.benchmark_text({**head, **crop, "finders": finders, "notes": []})
    assert "ours      1.0 ms" in text
    assert "One crop through our classifier: 0.50 ms; in a batch of 5 0.40 ms" in text
    assert text.splitlines()[-1] == last
