"""The callback's frames: a colour stays a colour, nothing raises, an end leaves no thread, a new start works."""

import asyncio
import logging
import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from maskcls.face import Face
from maskcls.video.live import View
from maskcls.video.stream import Stream
from tests.video.test_tracker import face
from tests.video.test_worker import until

RED = np.zeros((48, 64, 3), np.uint8) + np.array([255, 0, 0], np.uint8)


def frame(image_rgb: np.ndarray = RED) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(image_rgb, format="rgb24").reformat(format="yuv420p")


def nobody(*_: object) -> list[Face]:
    return []


def live_threads() -> int:
    return sum(thread.name == "maskcls-live" for thread in threading.enumerate())


def test_before_any_frame():
    stream = Stream(nobody)
    assert stream.live is None
    assert not stream.running
    stream.ended()
    stream.show(View())


def test_red_stays_red():
    seen = []
    stream = Stream(lambda image, *_: seen.append(image) or [])
    answer = stream.recv(frame()).to_ndarray(format="rgb24")
    until(lambda: seen != [])
    stream.ended()
    for image in (seen[0], answer):
        assert np.abs(image.astype(int) - RED).max() < 12


@pytest.mark.parametrize("size", [(48, 63), (47, 64), (1, 1)])
def test_odd_sizes_come_back_as_they_are(size: tuple[int, int]):
    stream = Stream(nobody)
    answer = stream.recv(av.VideoFrame.from_ndarray(np.full((*size, 3), 200, np.uint8), format="rgb24"))
    stream.ended()
    assert (answer.to_ndarray(format="rgb24") == 200).all()
    assert (answer.height, answer.width) == size


def test_what_cannot_be_read_goes_back_as_it_is(caplog: pytest.LogCaptureFixture):
    stream = Stream(nobody)
    thing = object()
    with caplog.at_level(logging.CRITICAL):
        assert stream.recv(thing) is thing
    stream.ended()


def test_an_end_leaves_no_thread_and_what_happened_stays():
    until(lambda: live_threads() == 0)  # those of earlier tests may still be ending
    stream = Stream(lambda *_: [face(32, 24, side=20)])
    stream.recv(frame())
    until(lambda: stream.live.events() != [])
    assert stream.running
    stream.ended()
    until(lambda: live_threads() == 0)
    assert not stream.running
    assert stream.live.events() != []


def test_a_new_start_is_a_new_stream_with_the_same_view():
    stream = Stream(nobody)
    stream.show(View(mirrored=False))
    stream.recv(frame())
    first = stream.live
    stream.ended()
    stream.recv(frame())
    assert stream.live is not first
    assert stream.live.view == View(mirrored=False)
    stream.show(View(paused=True))
    assert stream.live.view.paused
    stream.ended()


def test_another_model_answers_from_the_next_frame_on():
    stream = Stream(nobody)
    stream.recv(frame())
    stream.analyse = lambda *_: [face(32, 24, side=20)]

    def found() -> bool:
        stream.recv(frame())
        return stream.live.stats().faces != {}

    until(found)
    stream.ended()


def test_delays_are_measured():
    stream = Stream(nobody)
    for _ in range(10):
        stream.recv(frame())
        time.sleep(0.005)
    stats = stream.live.stats()
    stream.ended()
    assert 0 < stats.camera_fps < 200
    assert stats.callback_ms > 0


def test_through_a_track_of_streamlit_webrtc():
    """Every frame comes back, later ones with a box, with the times of those that came."""
    from aiortc import MediaStreamTrack
    from streamlit_webrtc.models import CallbackAttachableProcessor
    from streamlit_webrtc.process import VideoProcessTrack

    class Camera(MediaStreamTrack):
        kind = "video"
        count = 0

        async def recv(self) -> av.VideoFrame:
            await asyncio.sleep(0.01)
            self.count += 1
            one = frame(np.full((240, 320, 3), 60, np.uint8))
            one.pts, one.time_base = self.count * 3000, Fraction(1, 90_000)
            return one

    def has_a_box(one: av.VideoFrame) -> bool:
        # Mirrored: the face lies on the other side of the picture; its frame is green.
        picture = one.to_ndarray(format="rgb24").astype(int)
        return bool((picture[..., 1] - picture[..., 0] > 60).sum() > 100)

    async def watch() -> list[int]:
        stream = Stream(lambda *_: [face(100, 120)])
        processor = CallbackAttachableProcessor(stream.recv, None, stream.ended)
        track = VideoProcessTrack(Camera(), processor)
        times = []
        end = time.monotonic() + 60
        while True:
            one = await track.recv()
            times.append(one.pts)
            if has_a_box(one):
                break
            assert time.monotonic() < end, "no box was ever drawn"
        track.stop()
        assert not stream.running
        return times

    until(lambda: live_threads() == 0)  # those of earlier tests may still be ending
    times = asyncio.run(watch())
    until(lambda: live_threads() == 0)
    assert times == [3000 * i for i in range(1, len(times) + 1)]
