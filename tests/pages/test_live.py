"""The Live page with models that answer at once and a camera that is played; the real ones are in tests/browser."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from maskcls.data.inbox import Inbox
from maskcls.errors import ModelError
from maskcls.ui import camera_check, models, webcam
from maskcls.video.stream import Stream
from tests.pages.test_photos import words
from tests.video.clips import clip
from tests.video.test_worker import until

PICTURE = np.full((64, 128, 3), 90, np.uint8)
PICTURE[0] = PICTURE[:, 0] = PICTURE[:, -1] = 2  # the fake finder reads how many faces there are off a corner


class Camera:
    """Stands for the browser's camera and the connection."""

    def __init__(self) -> None:
        self.state = "idle"
        self.stream: Stream | None = None
        self.asked: list[object] = []

    def connect(self, mine: Stream, rtc: object) -> str:
        self.stream = mine
        self.asked.append(rtc)
        return self.state

    def play(self, frames: int = 3) -> None:
        self.state = "playing"
        for _ in range(frames):
            self.stream.recv(av.VideoFrame.from_ndarray(PICTURE, format="rgb24"))
            time.sleep(0.03)
        until(lambda: self.stream.live.stats().faces != {})

    def stop(self) -> None:
        self.state = "idle"
        if self.stream is not None:
            self.stream.ended()


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Camera]:
    played = Camera()
    monkeypatch.setattr(webcam, "_connect", played.connect)
    monkeypatch.setenv("MASKCLS_HOME", str(tmp_path / "home"))
    # A busy machine may take seconds between a frame and a look at the page.
    monkeypatch.setattr("maskcls.video.live._STALE_S", 300.0)
    monkeypatch.setattr("maskcls.video.rates._LATELY_S", 300.0)
    yield played
    played.stop()


@pytest.fixture
def live(camera: Camera, page: AppTest) -> AppTest:  # noqa: ARG001
    page.switch_page("pages/live.py").run()
    assert not page.exception
    return page


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def test_before_anything_plays(live: AppTest):
    assert [one.value for one in live.title] == ["Live"]
    assert metrics(live) == {"Camera": "–", "Model": "–", "Our delay": "–", "Age": "–"}
    assert "nobody" in words(live)
    assert "comes straight back" in words(live)


def test_a_stream_shows_its_numbers(live: AppTest, camera: Camera):
    camera.play()
    live.session_state["live_log"] = True
    live.run()
    assert not live.exception
    shown = metrics(live)
    assert shown["Camera"].endswith("fps")
    assert shown["Our delay"].endswith("ms")
    assert "2 :green-badge" in words(live)
    assert len(live.get("plotly_chart")) == 1
    assert [one.label for one in live.get("download_button")] == ["Log (CSV)"]
    table = live.dataframe[0].value
    assert list(table.columns) == ["time", "face", "from", "to"]
    assert set(table["to"]) == {"mask worn"}


def test_a_stream_that_does_not_start_says_so(live: AppTest, camera: Camera, monkeypatch: pytest.MonkeyPatch):
    camera.state = "connecting"
    live.run()
    assert "Waiting for the first picture" in words(live)
    monkeypatch.setattr(webcam, "_SLOW_S", 0.0)
    live.run()
    assert "No picture comes" in words(live)
    assert "TURN" in words(live)


def test_what_happened_stays_after_the_end(live: AppTest, camera: Camera):
    camera.play()
    camera.stop()
    live.session_state["live_log"] = True
    live.run()
    assert metrics(live)["Camera"] == "–"
    assert len(live.dataframe[0].value) == 2


def test_switches_reach_the_stream(live: AppTest, camera: Camera):
    camera.play()
    for key in ("live_boxes", "live_heatmap", "live_mirrored", "live_paused", "live_alert"):
        live.toggle(key=key).set_value(not live.toggle(key=key).value)
    live.slider(key="live_smallest").set_value(80)
    live.run()
    view = camera.stream.live.view
    assert (view.boxes, view.heatmap, view.mirrored, view.paused, view.alert_s) == (False, True, False, True, 5.0)
    assert view.smallest_px == 80


def test_another_page_and_back_keeps_switches_and_log(live: AppTest, camera: Camera):
    live.toggle(key="live_heatmap").set_value(True).run()
    camera.play()
    camera.stop()
    live.switch_page("pages/photos.py").run()
    live.switch_page("pages/live.py")
    live.session_state["live_log"] = True
    live.run()
    assert live.toggle(key="live_heatmap").value
    assert len(live.dataframe[0].value) == 2


def test_servers_of_the_connection(live: AppTest, camera: Camera, monkeypatch: pytest.MonkeyPatch):
    assert camera.asked[-1] is None
    monkeypatch.setenv("MASKCLS_LOCAL_NETWORK_ONLY", "1")
    live.run()
    assert camera.asked[-1] == {"iceServers": []}
    monkeypatch.delenv("MASKCLS_LOCAL_NETWORK_ONLY")
    monkeypatch.setenv("MASKCLS_TURN_URL", "https://x")
    live.run()
    assert not live.exception
    assert "begin with turn" in words(live)


def test_keeping_a_face_and_taking_it_back(live: AppTest, camera: Camera, tmp_path: Path):
    live.button(key="keep_take").click().run()
    assert "Nobody is seen" in words(live)
    camera.play()
    live.button(key="keep_take").click().run()
    keep = next(one for one in live.button if one.label == "Keep this face")
    keep.click().run()
    assert "only with the consent" in words(live)
    inbox = Inbox(tmp_path / "home" / "inbox")
    assert inbox.faces() == []
    live.checkbox[0].check()
    next(one for one in live.button if one.label == "Keep this face").click().run()
    (kept,) = inbox.faces()
    assert kept.label == "with_mask"
    assert kept.owner in str(live.success[0].value)
    live.run()
    live.text_input(key="keep_code").set_value(kept.owner).run()
    live.button(key="keep_erase").click().run()
    assert inbox.faces() == []


def test_a_camera_check_says_which_step_fails(live: AppTest, monkeypatch: pytest.MonkeyPatch):
    report = {"secure": True, "api": True, "cameras": 0, "permission": "prompt", "paths": ["host"]}
    monkeypatch.setattr(camera_check, "_ask", lambda run: report | {"run": run})
    live.button(key="camera_check").click().run()
    assert not live.exception
    assert "Plug one in" in words(live)


def test_no_model(live: AppTest, monkeypatch: pytest.MonkeyPatch):
    def gone() -> None:
        raise ModelError("models/shipped.json is missing or damaged.")

    monkeypatch.setattr(models, "at_work", gone)
    live.run()
    assert not live.exception
    assert "missing or damaged" in words(live)


@pytest.fixture
def files(live: AppTest) -> AppTest:
    # AppTest has no way to open a tab.
    live.session_state["live_tabs"] = ":material/movie: Video file"
    live.run()
    assert not live.exception
    return live


def done(app: AppTest) -> AppTest:
    job = app.session_state["video_job"]
    until(lambda: not job.running, timeout_s=120)
    app.run()
    assert not app.exception
    return app


def test_a_video_file(files: AppTest, tmp_path: Path):
    data = clip(tmp_path / "x.mp4").read_bytes()
    files.file_uploader[0].upload("x.mp4", data)
    done(files.run())
    assert [one.label for one in files.get("download_button")] == ["Annotated video (MP4)", "Events (CSV)"]
    assert "x.mp4" in words(files)
    folder = files.session_state["video_job"].result.parent
    files.button(key="video_again").click().run()
    assert not folder.exists()
    assert len(files.file_uploader) == 1


@pytest.mark.parametrize(("data", "said"), [(b"", "is empty"), (b"hello", "is not a video")])
def test_a_file_that_is_no_video(files: AppTest, data: bytes, said: str):
    files.file_uploader[0].upload("holiday.mp4", data)
    done(files.run())
    assert said in words(files)
    assert "holiday.mp4" in words(files)


def test_cancelling_a_video(files: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    slow: Callable = lambda *_, **__: time.sleep(0.2) or []  # noqa: E731
    monkeypatch.setattr("maskcls.video.files.analyse", slow)
    files.file_uploader[0].upload("x.mp4", clip(tmp_path / "x.mp4", seconds=8).read_bytes())
    files.run()
    files.button(key="video_cancel").click().run()
    done(files)
    assert "Cancelled" in words(files)
