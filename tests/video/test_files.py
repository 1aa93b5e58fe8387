"""A video comes back as an MP4 that browsers play, with boxes, sound and a record, or nothing is left behind."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from maskcls import labels
from maskcls.errors import VideoError
from maskcls.face import Face
from maskcls.video import files, reading
from maskcls.video.files import annotate
from tests.video.clips import clip
from tests.video.test_tracker import face


def nobody(_: np.ndarray) -> list[Face]:
    return []


def the_square(image_rgb: np.ndarray) -> list[Face]:
    """Take the bright square for a face with a mask."""
    bright = np.argwhere(image_rgb.mean(axis=2) > 150)
    y, x = bright.mean(axis=0)
    return [face(x, y, side=20)]


def read(path: Path) -> tuple[list[np.ndarray], float | None, list[str]]:
    """Return the frames, how long the sound is, and the codecs."""
    with av.open(str(path)) as file:
        codecs = [stream.codec_context.name for stream in file.streams]
        sound = file.streams.audio[0] if file.streams.audio else None
        seconds = float(sound.duration * sound.time_base) if sound else None
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)], seconds, codecs


def test_a_video_without_faces(tmp_path: Path):
    outcome = annotate(clip(tmp_path / "x.mp4"), tmp_path / "out.mp4", nobody)
    assert (outcome.frames, outcome.width_px, outcome.height_px, outcome.shortened) == (15, 64, 48, None)
    assert outcome.seconds == pytest.approx(14 / 15)
    assert outcome.events == []
    assert outcome.timeline == {0: {}}
    frames, sound_s, codecs = read(tmp_path / "out.mp4")
    assert len(frames) == 15
    assert codecs == ["h264", "aac"] or codecs == ["aac", "h264"]
    assert sound_s == pytest.approx(1.0, abs=0.1)
    assert np.abs(frames[0][:12].astype(int) - 40).max() < 12


@pytest.mark.parametrize(
    ("suffix", "codec", "sound"),
    [
        (".mov", "libx264", "aac"),
        (".mkv", "libx264", None),
        (".webm", "libvpx", "libopus"),
        (".avi", "mjpeg", "pcm_s16le"),
        (".avi", "mjpeg", "mp3"),
    ],
)
def test_faces_are_followed_in_every_container(suffix: str, codec: str, sound: str | None, tmp_path: Path):
    source = clip(tmp_path / f"x{suffix}", codec=codec, sound=sound, size_wh=(320, 240), seconds=4)
    outcome = annotate(source, tmp_path / "out.mp4", the_square)
    assert [(event.number, event.after) for event in outcome.events] == [(1, labels.WITH_MASK)]
    assert outcome.timeline[1] == {labels.WITH_MASK: 1.0}
    frames, sound_s, codecs = read(tmp_path / "out.mp4")
    assert "h264" in codecs
    assert len(frames) == 60
    assert (sound_s is None) == (sound is None)
    if sound_s is not None:
        assert sound_s == pytest.approx(4, abs=0.2)
    if suffix == ".mov":
        # The box moves with the square, also in frames between two that were analysed.
        far = [abs(_middle(_greenish(image)) - _middle(image[16:32].mean(axis=2) > 150)) for image in frames[8:52]]
        assert np.median(far) < 6
        assert max(far) < 12


def _greenish(image: np.ndarray) -> np.ndarray:
    """Return which pixels of the rows that the square is in are of the box's colour: its two sides."""
    green = np.array([int(labels.look(labels.WITH_MASK).colour[i : i + 2], 16) for i in (1, 3, 5)])
    return np.abs(image[18:30].astype(int) - green).max(axis=2) < 70


def _middle(mask: np.ndarray) -> float:
    columns = np.flatnonzero(mask.any(axis=0))
    return float(columns.min() + columns.max()) / 2


def test_sound_stays_beside_its_picture(tmp_path: Path):
    """The first frame and the first tone begin together, as they did."""
    annotate(clip(tmp_path / "x.webm", codec="libvpx", sound="libopus"), tmp_path / "out.mp4", nobody)
    with av.open(str(tmp_path / "out.mp4")) as file:
        starts = [float(stream.start_time * stream.time_base) for stream in file.streams]
    assert max(starts) - min(starts) < 0.1


def packets_of_sound(path: Path) -> list[float]:
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        return [float(packet.pts * packet.time_base) for packet in file.demux(stream) if packet.pts is not None]


@pytest.mark.parametrize(
    ("suffix", "codec", "sound", "rate"),
    [
        (".avi", "mjpeg", "mp3", 48_000),
        (".mov", "libx264", "pcm_s16le", 22_254),
        (".mkv", "libx264", "pcm_s16le", 12_345),
        (".mp4", "libx264", "aac", 44_100),
    ],
)
def test_no_sound_is_lost(suffix: str, codec: str, sound: str, rate: int, tmp_path: Path):
    source = clip(tmp_path / f"x{suffix}", codec=codec, sound=sound, rate=rate, seconds=4)
    annotate(source, tmp_path / "out.mp4", nobody)
    times = packets_of_sound(tmp_path / "out.mp4")
    assert times[-1] == pytest.approx(4, abs=0.2)
    assert max(np.diff(times)) < 0.03


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sixty_frames_a_second_stay_sixty(suffix: str, tmp_path: Path):
    outcome = annotate(clip(tmp_path / f"x{suffix}", fps=60, sound=None, seconds=2), tmp_path / "out.mp4", nobody)
    assert outcome.frames == 120


def test_sound_that_goes_on_after_the_picture_is_no_damage(tmp_path: Path):
    source = clip(tmp_path / "x.mp4", seconds=2, sound_seconds=5)
    assert annotate(source, tmp_path / "out.mp4", nobody).shortened is None


def test_a_video_whose_clock_does_not_start_at_zero(tmp_path: Path):
    source = clip(tmp_path / "x.mkv", seconds=4, sound=None, starts_at=10)
    outcome = annotate(source, tmp_path / "out.mp4", the_square)
    assert outcome.shortened is None
    assert outcome.events[0].time_s == 0
    assert outcome.seconds == pytest.approx(4, abs=0.2)
    with av.open(str(tmp_path / "out.mp4")) as file:
        first = file.streams.video[0]
        assert float(first.start_time * first.time_base) < 0.2


def test_frames_larger_than_the_file_says_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source = clip(tmp_path / "x.avi", codec="mjpeg", sound=None)
    content = source.read_bytes()
    large = cv2.imencode(".jpg", np.zeros((600, 600, 3), np.uint8))[1].tobytes()
    frames = content.split(b"00dc")
    # The picture in the middle is another one, with its own size.
    frames[8] = len(large).to_bytes(4, "little") + large + bytes(len(large) % 2)
    source.write_bytes(b"00dc".join(frames))
    monkeypatch.setattr(files, "MAX_PIXELS", 300 * 300)
    sizes = set()
    annotate(source, tmp_path / "out.mp4", lambda image: sizes.add(image.shape) or [])
    assert sizes == {(48, 64, 3)}


def test_progress_is_told(tmp_path: Path):
    told: list[tuple[float, float | None]] = []
    annotate(clip(tmp_path / "x.mp4"), tmp_path / "out.mp4", nobody, on_progress=lambda *said: told.append(said))
    assert len(told) == 15
    assert told[-1] == (pytest.approx(14 / 15), pytest.approx(1.0, abs=0.1))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_what_was_cancelled_leaves_nothing(tmp_path: Path):
    source = clip(tmp_path / "x.mp4")
    count = 0

    def enough() -> bool:
        nonlocal count
        count += 1
        return count > 3

    outcome = annotate(source, tmp_path / "out.mp4", nobody, cancelled=enough)
    assert outcome.frames < 15
    assert list(tmp_path.iterdir()) == [source]


def test_a_fault_of_the_model_leaves_nothing(tmp_path: Path):
    def broken(_: np.ndarray) -> list[Face]:
        raise ValueError("broken")

    source = clip(tmp_path / "x.mp4")
    with pytest.raises(ValueError, match="broken"):
        annotate(source, tmp_path / "out.mp4", broken)
    assert list(tmp_path.iterdir()) == [source]


def test_a_file_that_was_cut_off_gives_its_beginning(tmp_path: Path):
    whole = clip(tmp_path / "x.mp4", seconds=6, sound=None, options={"movflags": "faststart"})
    content = whole.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(content[: len(content) * 2 // 3])
    outcome = annotate(cut, tmp_path / "out.mp4", nobody)
    assert 10 < outcome.frames < 90
    assert outcome.shortened is not None
    assert "of its 6 seconds" in outcome.shortened
    assert len(read(tmp_path / "out.mp4")[0]) == outcome.frames


def test_a_file_with_a_hole_gives_the_rest(tmp_path: Path):
    path = clip(tmp_path / "x.avi", codec="mjpeg", seconds=4, sound=None)
    content = bytearray(path.read_bytes())
    tenth = len(content) // 10
    content[4 * tenth : 5 * tenth] = b"\xaa" * tenth
    path.write_bytes(content)
    outcome = annotate(path, tmp_path / "out.mp4", nobody)
    assert 40 < outcome.frames < 60
    assert outcome.shortened is not None


def test_only_the_beginning_of_a_video_that_lied_about_its_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "length_s", lambda _: None)
    monkeypatch.setattr(files, "MAX_SECONDS", 0.5)
    outcome = annotate(clip(tmp_path / "x.mp4"), tmp_path / "out.mp4", nobody)
    assert outcome.frames == 8
    assert outcome.shortened is not None


@pytest.mark.parametrize("content", [b"", b"no video"])
def test_what_is_no_video(content: bytes, tmp_path: Path):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError):
        annotate(path, tmp_path / "out.mp4", nobody)
    assert list(tmp_path.iterdir()) == [path]
