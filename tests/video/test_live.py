"""The frame function on arrays: at once, without fail, with what was found lately drawn on the frame in hand."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from maskcls import labels
from maskcls.analysis import Settings
from maskcls.errors import ModelError
from maskcls.face import Face
from maskcls.video.live import Live, View
from tests.video.test_tracker import face
from tests.video.test_worker import until


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let results count for longer: a busy machine may take seconds for the next one."""
    monkeypatch.setattr("maskcls.video.live._STALE_S", 30.0)


EMPTY = np.full((240, 320, 3), 90, np.uint8)
GREEN = [int(labels.look("with_mask").colour[i : i + 2], 16) for i in (1, 3, 5)]


def one_face(_image: np.ndarray, _settings: Settings, stages: dict[str, float]) -> list[Face]:
    stages |= {"find": 3.0, "classify": 1.0}
    return [face(100, 120)]


@contextmanager
def live(analyse: Callable = one_face, **view: object) -> Iterator[Live]:
    stream = Live(analyse)
    stream.view = View(**{"mirrored": False} | view)
    try:
        yield stream
    finally:
        stream.close()


def greens(picture: np.ndarray) -> int:
    return int((picture == GREEN).all(axis=2).sum())


def passed(stream: Live, picture: np.ndarray = EMPTY) -> np.ndarray:
    """Show the stream a frame, let it be analysed, and return what goes back."""
    shown = stream.frame(picture)
    stream.answered(stream._clock())
    return shown


def fed(stream: Live, frames: int = 1, picture: np.ndarray = EMPTY) -> np.ndarray:
    """Show the stream some frames, each after the last one's result, and return what it made of one more."""
    for _ in range(frames):
        before = stream._worker.latest
        passed(stream, picture)
        until(lambda before=before: stream._worker.latest is not before)
    return stream.frame(picture)


def test_before_any_frame():
    with live() as stream:
        stats = stream.stats()
        assert (stats.camera_fps, stats.result_fps, stats.callback_ms, stats.age_ms) == (0, 0, None, None)
        assert stats.faces == stats.shares == stats.stages_ms == {}
        assert stream.events() == stream.now_faces() == []


def test_the_first_frame_comes_back_as_it_is():
    go = threading.Event()
    with live(lambda *_: go.wait(60) and []) as stream:
        shown = passed(stream)
        assert np.array_equal(shown, EMPTY)
        go.set()


def test_a_slow_model_makes_no_frame_wait():
    go = threading.Event()
    with live(lambda *_: go.wait(60) and []) as stream:
        start = time.monotonic()
        for _ in range(50):
            passed(stream)
        assert time.monotonic() - start < 20
        go.set()


def test_a_box_is_drawn_on_later_frames():
    with live() as stream:
        shown = fed(stream, 3)
        assert greens(shown) > 100
        assert np.array_equal(EMPTY, np.full_like(EMPTY, 90))
        stats = stream.stats()
        assert stats.faces == {"with_mask": 1}
        assert stats.shares["with_mask"] > 0.5
        assert set(stats.stages_ms) == {"find", "classify", "wait"}
        assert stats.callback_ms >= 0
        assert stats.age_ms >= 0
        assert stream.events()[-1].after == "with_mask"
        ((number, verdict, crop),) = stream.now_faces()
        assert (number, verdict, crop.shape) == (1, "with_mask", (60, 60, 3))


@pytest.mark.parametrize(("view", "drawn"), [({"boxes": False}, False), ({"paused": True}, False), ({}, True)])
def test_switches(view: dict, drawn: bool):
    with live() as stream:
        fed(stream, 3)
        stream.view = View(**{"mirrored": False} | view)
        assert (greens(stream.frame(EMPTY)) > 0) is drawn


def test_a_paused_model_rests():
    with live() as stream:
        fed(stream, 1)
        stream.view = View(paused=True)
        passed(stream)
        rested = stream._worker.latest
        time.sleep(0.2)
        assert stream._worker.latest is rested
        assert stream.stats().bare_s == 0


def test_a_mirror_turns_frames_before_they_are_analysed():
    picture = EMPTY.copy()
    picture[:, :160] = 10
    seen = []
    with live(lambda image, *_: seen.append(image) or [], mirrored=True) as stream:
        shown = fed(stream, 1, picture)
    assert np.array_equal(shown, picture[:, ::-1])
    assert np.array_equal(seen[0], picture[:, ::-1])


def test_a_heatmap_lies_over_the_face():
    def hot(*_: object) -> list[Face]:
        one = face(100, 120)
        one.evidence[0, 0, 0] = 5.0
        return [one]

    with live(hot, boxes=False, heatmap=True) as stream:
        shown = fed(stream, 1)
    changed = (shown != EMPTY).any(axis=2)
    assert changed[92:118, 72:98].mean() > 0.9
    assert not changed[:85].any()
    assert not changed[:, 140:].any()


def test_boxes_of_long_ago_are_not_drawn():
    now = [0.0]
    stream = Live(one_face, clock=lambda: now[0])
    stream.view = View(mirrored=False)
    try:
        fed(stream, 3)
        now[0] = 0.5
        assert greens(passed(stream)) > 0
        until(lambda: stream._worker.latest.frame_s == 0.5)
        now[0] = 50.0
        assert stream.stats().faces == {}
        assert stream.now_faces() == []
    finally:
        stream.close()


def test_the_smallest_face_decides_how_closely_one_looks():
    assert View(smallest_px=40).settings(640).longest_px == 320
    assert View(smallest_px=16).settings(640).longest_px == 640
    assert View(smallest_px=80).settings(640) == Settings(Settings.min_score, 80, 128)
    assert View(smallest_px=1000).settings(640).longest_px == 64


def test_faces_without_masks_are_announced():
    bare = [face(100, 120, name="without_mask")]
    now = [0.0]
    stream = Live(lambda *_: bare, clock=lambda: now[0])
    stream.view = View(mirrored=False, boxes=False, alert_s=2.0)
    try:
        for tenth in range(25):
            now[0] = tenth / 10
            shown = fed(stream, 1)
            lower = shown[-10:] != EMPTY[-10:]
            assert lower.any() == (tenth >= 20)
        assert stream.stats().bare_s == pytest.approx(2.4)
    finally:
        stream.close()


@pytest.mark.parametrize(
    ("error", "words"), [(ModelError("The model is broken."), "The model is broken."), (ValueError("x"), "Something")]
)
def test_a_fault_of_the_model_is_a_banner(error: Exception, words: str, caplog: pytest.LogCaptureFixture):
    def broken(*_: object) -> list[Face]:
        raise error

    with caplog.at_level(logging.CRITICAL), live(broken) as stream:
        passed(stream)
        until(lambda: stream.stats().fault is not None)
        shown = stream.frame(EMPTY)
        assert stream.stats().fault.startswith(words)
        assert np.array_equal(shown[:200], EMPTY[:200])
        assert (shown[-10:] != EMPTY[-10:]).any()


@pytest.mark.parametrize("frame", [None, np.zeros((0, 0, 3), np.uint8), np.zeros((2, 2), np.float64)])
def test_a_frame_that_is_none_does_not_end_the_stream(frame: object, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.CRITICAL), live() as stream:
        stream.frame(frame)
        assert np.array_equal(stream.frame(EMPTY), EMPTY)


def test_two_streams_know_nothing_of_each_other():
    with live() as one, live(lambda *_: []) as other:
        fed(one, 2)
        fed(other, 2)
        assert one.stats().faces
        assert not other.stats().faces
