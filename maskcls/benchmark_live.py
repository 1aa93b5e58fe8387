"""How the Live page does: the real server, a real browser, and a camera that plays a clip of us."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from maskcls import benchmark
from maskcls.analysis import Settings
from maskcls.errors import SettingsError
from maskcls.registry import Registry
from maskcls.video.files import annotate, faces_in
from maskcls.video.frames import as_frame

ROOT = Path(__file__).parents[1]
_CLIP_FRAMES = 60
_VIDEO_FPS = 30
_MOST_GROWTH = 0.05
_WARM_UP_S = 6.0
_MORE_STREAMS = 6
_NAMES = ("camera_fps", "result_fps", "callback_p95_ms", "result_age_p95_ms")
_PATIENCE_MS = 300_000
# The component of streamlit-webrtc.
_VIDEO = "iframe[title*=webrtc]"
# Without a screen, and without asking anybody else for anything.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A camera that plays a file, and no questions about it.
_CAMERA = (
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


@dataclass(frozen=True)
class Server:
    """A running app.

    Attributes:
        address: Where it answers.
        pid: Its process.
    """

    address: str
    pid: int


def benchmark_live(*, seconds: float = 60.0) -> dict[str, Any]:
    """Measure the Live page with one and with five still faces before the camera, 640 × 480 at 30 frames a second.

    Args:
        seconds: For how long, each.

    Returns:
        `one_face` and `five_faces`, each with `fps_back`, frames a second that the browser shows; `result_fps`, how
        many a second were analysed; `callback_p95_ms`, from a frame's arrival to its return; `result_age_p95_ms`, how
        old what is drawn on a frame is; `connect_s`, from Start to the first frame; `verdict_changes` in that time.
        `video_file`: see `video_file`.

    Raises:
        SettingsError: Chromium or Playwright is missing.
    """
    with tempfile.TemporaryDirectory() as folder, served() as server:
        measured: dict[str, Any] = {
            key: _measure(server.address, write_clip(Path(folder) / f"{key}.mjpeg", still(count)), seconds)
            for key, count in (("one_face", 1), ("five_faces", 5))
        }
    return measured | {"video_file": video_file()}


def video_file(*, seconds: float = 12.0) -> dict[str, float]:
    """Measure how long a video of 1280 × 720 pixels at 30 frames a second with five faces takes.

    Args:
        seconds: How long it plays.

    Returns:
        `plays_s` and `takes_s`, to be read, analysed and written with its boxes.
    """
    registry = Registry()
    find_faces = faces_in(registry.finder(), registry.classifier(), Settings())
    image = cv2.resize(benchmark.picture(5)[0], (960, 720), interpolation=cv2.INTER_LINEAR)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "clip.mp4"
        with av.open(str(source), "w") as file:
            video: Any = file.add_stream("libx264", rate=_VIDEO_FPS, options={"preset": "veryfast"})
            video.width, video.height, video.pix_fmt = 1280, 720, "yuv420p"
            for i in range(round(_VIDEO_FPS * seconds)):
                frame = np.full((720, 1280, 3), 90, np.uint8)
                left = round(160 + 140 * np.sin(i / _VIDEO_FPS))
                frame[:, left : left + 960] = image
                file.mux(video.encode(as_frame(frame)))
            file.mux(video.encode(None))
        start_s = time.monotonic()
        outcome = annotate(source, Path(folder) / "annotated.mp4", find_faces)
        return {"plays_s": outcome.seconds, "takes_s": time.monotonic() - start_s}


def soak(*, minutes: float = 10.0) -> dict[str, float]:
    """Let a stream of five faces run for long, and see whether the server grows or keeps threads of it.

    Args:
        minutes: How long; the first is for warming up.

    Returns:
        `minutes`; `memory_start_mb` and `memory_end_mb`, medians of the first and of the last third; `growth`, their
        ratio less 1; `streams`, how many short ones came after the long one; `threads_before` and `threads_after` them.

    Raises:
        SettingsError: Chromium or Playwright is missing, or this is not Linux.
    """
    if not Path("/proc/self/statm").exists():
        raise SettingsError("Memory of another process is read from /proc here, which only Linux has.")
    with tempfile.TemporaryDirectory() as folder, served() as server:
        clip = write_clip(Path(folder) / "five.mjpeg", still(5))
        with watching(server.address, clip) as page:
            start(page)
            page.wait_for_timeout(60_000)
            memory = []
            until = time.monotonic() + 60 * max(minutes - 1, 1)
            while time.monotonic() < until:
                page.wait_for_timeout(5000)
                memory.append(_resident_mb(server.pid))
            stop(page)
            before = _threads_at_rest(page, server.pid)
            for _ in range(_MORE_STREAMS):
                start(page)
                page.wait_for_timeout(1000 * _WARM_UP_S)
                stop(page)
            after = _threads_at_rest(page, server.pid)
    third = len(memory) // 3
    first, last = float(np.median(memory[:third])), float(np.median(memory[-third:]))
    return {
        "minutes": minutes,
        "memory_start_mb": first,
        "memory_end_mb": last,
        "growth": last / first - 1,
        "streams": _MORE_STREAMS,
        "threads_before": before,
        "threads_after": after,
    }


def is_steady(soaked: dict[str, float]) -> bool:
    """Tell whether streams left neither memory nor threads behind: see `soak`.

    The server keeps a few threads for whatever comes, and may have started another of those; each stream none.
    """
    return (
        abs(soaked["growth"]) <= _MOST_GROWTH and soaked["threads_after"] - soaked["threads_before"] < soaked["streams"]
    )


def still(count: int) -> Iterator[np.ndarray]:
    """Yield frames `(480, 640, 3) uint8` of one or five faces that keep still before a camera with its noise."""
    image, _ = benchmark.picture(count)
    rng = np.random.default_rng(0)
    for _ in range(_CLIP_FRAMES):
        noise = rng.normal(0, 3, image.shape)
        yield np.clip(np.rint(image + noise), 0, 255).astype(np.uint8)


def write_clip(path: Path, frames: Iterable[np.ndarray]) -> Path:
    """Write frames `(h, w, 3) uint8` as Motion JPEG, which Chromium's fake camera plays again and again."""
    with path.open("wb") as file:
        for image in frames:
            file.write(cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    return path


@contextmanager
def served() -> Iterator["Server"]:
    """Start the app on a free port, for this machine alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", *options]
    server = subprocess.Popen(  # noqa: S603 - a fixed command
        command,
        cwd=ROOT,
        env={**os.environ, "MASKCLS_LOCAL_NETWORK_ONLY": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", server)
        yield Server(f"http://127.0.0.1:{port}", server.pid)
    finally:
        server.terminate()
        server.wait(timeout=60)


@contextmanager
def watching(address: str, clip: Path) -> Iterator[Any]:
    """Open the Live page in Chromium, whose camera plays `clip`, and yield Playwright's page.

    Raises:
        SettingsError: Chromium or Playwright is missing.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise SettingsError("This needs Playwright. Install it: pip install -r requirements-dev.txt") from error
    if chromium is None:
        raise SettingsError("This needs Chromium. Install it: apt install chromium")
    flags = [*FLAGS, *_CAMERA, f"--use-file-for-fake-video-capture={clip}"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=flags)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(_PATIENCE_MS)
            page.goto(f"{address}/live")
            yield page
        finally:
            browser.close()


def video_of(page: Any) -> Any:
    """Return Playwright's locator of the video that comes back."""
    return page.frame_locator(_VIDEO).locator("video")


def stop(page: Any) -> None:
    """Press Stop and wait until the stream has ended."""
    frame = page.frame_locator(_VIDEO)
    frame.get_by_role("button", name="Stop").click()
    frame.get_by_role("button", name="Start").wait_for()


def start(page: Any) -> float:
    """Press Start and wait for the first frame; return how many seconds that took."""
    frame = page.frame_locator(_VIDEO)
    button = frame.get_by_role("button", name="Start")
    button.wait_for()
    begun_s = time.monotonic()
    button.click()
    video = video_of(page)
    video.wait_for(state="attached")
    while not _frames_shown(video):
        if time.monotonic() - begun_s > _PATIENCE_MS / 1000:
            raise SettingsError("The video did not start.")
        page.wait_for_timeout(10)
    return time.monotonic() - begun_s


def numbers(page: Any) -> dict[str, float]:
    """Return what the page says of the stream: frames a second of camera and model, and times in milliseconds."""
    texts = [str(text) for text in page.get_by_test_id("stMetricValue").all_text_contents()[:4]]
    found = [re.match(r"[\d.]+", text) for text in texts]
    return {name: float(one[0]) for name, one in zip(_NAMES, found, strict=False) if one}


def _measure(address: str, clip: Path, seconds: float) -> dict[str, float]:
    with watching(address, clip) as page:
        connect_s = start(page)
        page.wait_for_timeout(1000 * _WARM_UP_S)
        video = video_of(page)
        shown, begun_s, events = _frames_shown(video), time.monotonic(), _events(page)
        readings = []
        while time.monotonic() - begun_s < seconds:
            page.wait_for_timeout(1000)
            readings.append(numbers(page))
        passed_s = time.monotonic() - begun_s
        of = {name: [one[name] for one in readings if name in one] for name in _NAMES}
        return {
            # A frame that is sent twice is shown twice: more than came through us do not count.
            "fps_back": min((_frames_shown(video) - shown) / passed_s, float(np.mean(of["camera_fps"]))),
            "result_fps": float(np.mean(of["result_fps"])),
            # Each reading is the 95th percentile of three seconds.
            **{name: float(np.mean(of[name])) for name in ("callback_p95_ms", "result_age_p95_ms")},
            "connect_s": connect_s,
            "verdict_changes": _events(page) - events,
        }


def _frames_shown(video: Any) -> int:
    return int(video.evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames"))


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _threads_at_rest(page: Any, pid: int) -> int:
    """Return how many threads the server keeps: the fewest of some seconds, since those of a page come and go."""
    page.wait_for_timeout(1000 * _WARM_UP_S)
    counts = []
    for _ in range(20):
        page.wait_for_timeout(500)
        counts.append(len(list(Path(f"/proc/{pid}/task").iterdir())))
    return min(counts)


def _events(page: Any) -> int:
    return int(page.get_by_text(re.compile(r"^Log: \d+ event")).first.text_content().split()[1])


def _wait(url: str, server: subprocess.Popen) -> None:
    until = time.monotonic() + _PATIENCE_MS / 1000
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.2)
    raise SettingsError("The server did not start. Try `make app`, which says why.")
