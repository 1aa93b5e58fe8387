"""A video is annotated aside; its files go with it, whatever becomes of it."""

import gc
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from maskcls.face import Face
from maskcls.video.job import Job
from tests.video.clips import clip
from tests.video.test_tracker import face
from tests.video.test_worker import until


def someone(_: np.ndarray) -> list[Face]:
    return [face(32, 24, side=20)]


def finished(job: Job) -> Job:
    until(lambda: not job.running, timeout_s=60)
    return job


@pytest.mark.parametrize(("data", "words"), [(b"", "is empty"), (b"text", "is not a video")])
def test_what_is_no_video(data: bytes, words: str):
    job = finished(Job(data, "holiday.mp4", someone))
    assert words in (job.error or "")
    assert "holiday.mp4" in (job.error or "")
    assert job.outcome is None
    job.close()


def test_a_video(tmp_path: Path):
    data = clip(tmp_path / "x.mp4").read_bytes()
    job = finished(Job(data, "x.mp4", someone))
    assert (job.error, job.cancelled) == (None, False)
    assert job.outcome.frames == 15
    assert job.total_s == pytest.approx(1, abs=0.1)
    assert job.left_s < 60
    assert job.result.stat().st_size > 500
    folder = job.result.parent
    assert [path.name for path in folder.iterdir()] == ["annotated.mp4"]
    job.close()
    assert not folder.exists()


def test_calling_it_off(tmp_path: Path):
    go = threading.Event()

    def slow(_: np.ndarray) -> list[Face]:
        go.wait(60)
        return []

    job = Job(clip(tmp_path / "x.mp4").read_bytes(), "x.mp4", slow)
    assert job.left_s is None
    job.cancel()
    go.set()
    finished(job)
    assert job.cancelled
    assert not job.result.exists()
    job.close()


def test_a_fault_is_a_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    def broken(_: np.ndarray) -> list[Face]:
        raise ZeroDivisionError("no one should read this")

    with caplog.at_level("CRITICAL"):
        job = finished(Job(clip(tmp_path / "x.mp4").read_bytes(), "x.mp4", broken))
    assert job.error is not None
    assert "no one" not in job.error
    job.close()


def test_a_job_that_nobody_holds_ends(tmp_path: Path):
    calls = 0

    def slow(_: np.ndarray) -> list[Face]:
        nonlocal calls
        calls += 1
        time.sleep(0.05)
        return []

    job = Job(clip(tmp_path / "x.mp4", seconds=20, fps=30).read_bytes(), "x.mp4", slow)
    until(lambda: calls > 0)
    folder = job.result.parent
    del job
    gc.collect()
    until(lambda: not folder.exists())
    assert calls < 200


def test_files_go_when_nobody_holds_the_job(tmp_path: Path):
    job = finished(Job(clip(tmp_path / "x.mp4").read_bytes(), "x.mp4", someone))
    folder = job.result.parent
    job._thread.join()
    del job
    gc.collect()
    assert not folder.exists()
