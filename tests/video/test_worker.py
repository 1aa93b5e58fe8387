"""The newest frame is analysed, older ones are dropped, faults are said and survived, and the thread ends."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from maskcls.errors import ModelError
from maskcls.video.worker import TURNS, Worker
from tests.video.test_tracker import face


def until(holds: Callable[[], bool], *, timeout_s: float = 120) -> None:
    end = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end, "this took too long"
        time.sleep(0.002)


def frame(level: int) -> np.ndarray:
    return np.full((4, 4, 3), level, np.uint8)


def test_nothing_was_offered():
    worker = Worker(lambda _: [])
    assert worker.latest is None
    assert worker.fault is None
    worker.close()
    assert not worker._thread.is_alive()


def test_a_frame_is_analysed_and_its_faces_followed():
    worker = Worker(lambda image: [face(float(image[0, 0, 0]))])
    for level in (100, 104):
        worker.offer(frame(level))
        until(lambda level=level: worker.latest is not None and worker.latest.tracks[0].face.box_xyxy[0] == level - 30)
        (track,) = worker.latest.tracks
        assert track.number == 1
        assert worker.latest.frame_s <= worker.latest.ready_s
    worker.close()


def test_old_frames_are_dropped_and_nobody_waits():
    seen, go = [], threading.Event()

    def analyse(image: np.ndarray) -> list:
        seen.append(int(image[0, 0, 0]))
        go.wait(60)
        return []

    worker = Worker(analyse)
    worker.offer(frame(0))
    until(lambda: seen == [0])
    start = time.monotonic()
    for level in range(1, 50):
        worker.offer(frame(level))
    assert time.monotonic() - start < 4
    go.set()
    until(lambda: len(seen) == 2)
    worker.close()
    assert seen == [0, 49]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModelError("The model is broken. Restore it."), "The model is broken. Restore it."),
        (ValueError("x"), "Something"),
    ],
)
def test_a_fault_is_said_once_and_the_next_frame_is_tried(
    error: Exception, words: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("maskcls.video.worker._PAUSE_S", 0.01)
    faults = 0

    def analyse(image: np.ndarray) -> list:
        nonlocal faults
        if image[0, 0, 0] == 0:
            faults += 1
            raise error
        return []

    worker = Worker(analyse)
    with caplog.at_level(logging.ERROR):
        for count in (1, 2):
            worker.offer(frame(0))
            until(lambda count=count: faults == count)
        until(lambda: worker.fault is not None)
        assert worker.fault.startswith(words)
        worker.offer(frame(1))
        until(lambda: worker.latest is not None)
        until(lambda: worker.fault is None)
    worker.close()
    assert len(caplog.records) == 1


def test_streams_take_turns():
    busy, most, lock = 0, 0, threading.Lock()

    def analyse(_: np.ndarray) -> list:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.005)
        with lock:
            busy -= 1
        return []

    workers = [Worker(analyse) for _ in range(3)]
    for _ in range(5):
        for worker in workers:
            worker.offer(frame(0))
        time.sleep(0.01)
    until(lambda: all(worker.latest is not None for worker in workers))
    for worker in workers:
        worker.close()
    assert most == 1


def test_streams_that_never_rest_get_as_many_turns_each():
    """Each stream offers its next frame before its last result is there."""
    turns: list[int] = []
    workers: list[Worker] = []

    def of(i: int) -> Callable[[np.ndarray], list]:
        def analyse(image: np.ndarray) -> list:
            turns.append(i)
            workers[i].offer(image)
            time.sleep(0.002)
            return []

        return analyse

    workers += [Worker(of(i)) for i in range(3)]
    for worker in workers:
        worker.offer(frame(0))
    until(lambda: {*turns} == {0, 1, 2})
    begun = len(turns)
    until(lambda: len(turns) > begun + 90)
    for worker in workers:
        worker.close()
    # Thirty each, but for what else the machine does; without turns, one of them has nearly all.
    assert min(Counter(turns[begun : begun + 90])[i] for i in range(3)) >= 20


def test_what_waits_for_its_turn_is_the_newest_frame():
    seen = []
    begun, go = threading.Event(), threading.Event()
    busy = Worker(lambda _: begun.set() or (go.wait(60) and []))
    worker = Worker(lambda image: seen.append(int(image[0, 0, 0])) or [])
    busy.offer(frame(0))
    assert begun.wait(60)
    worker.offer(frame(1))
    until(lambda: len(TURNS._queue) == 2)
    for level in (2, 3):
        time.sleep(0.02)
        worker.offer(frame(level))
    go.set()
    until(lambda: worker.latest is not None)
    assert seen == [3]
    assert worker.latest.wait_ms > 10
    worker.close()
    busy.close()


def test_results_are_told():
    told = []
    worker = Worker(lambda _: [], on_result=told.append)
    worker.offer(frame(0))
    until(lambda: len(told) == 1)
    worker.close()
    assert told == [worker.latest]


def test_no_thread_is_left():
    before = threading.active_count()
    for _ in range(5):
        worker = Worker(lambda _: [])
        worker.offer(frame(0))
        worker.close()
    assert threading.active_count() == before
