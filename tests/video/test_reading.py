"""What is no video of ours is refused with a sentence; what is gives frames the right way up."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from maskcls.errors import VideoError
from maskcls.video import reading
from maskcls.video.reading import frame_rate, length_s, opened, upright_rgb
from tests.video.clips import clip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"hello, I am a video", "is not a video that can be read here"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "is not a video that can be read here"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "is not a video that can be read here"),
        (b"RIFF\0\0\0\0WAVEfmt ", "is not a video that can be read here"),
        (b"\0\0\0\x18ftypmp42" + bytes(200), "cannot be opened"),
        (b"\x1aE\xdf\xa3" + bytes(200), "cannot be opened"),
    ],
)
def test_what_is_no_video(content: bytes, words: str, tmp_path: Path):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoError, match=words), opened(path):
        pass


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(VideoError, match=r"gone\.mp4 cannot be read"), opened(tmp_path / "gone.mp4"):
        pass


def test_names_are_shown_without_their_tricks(tmp_path: Path):
    path = tmp_path / "upload"
    path.write_bytes(b"")
    with pytest.raises(VideoError) as caught, opened(path, name="a\nb\x1b[31m.mp4"):
        pass
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", "libx264"), (".mov", "libx264"), (".mkv", "libx264"), (".webm", "libvpx"), (".avi", "mjpeg")],
)
def test_every_container(suffix: str, codec: str, tmp_path: Path):
    path = clip(tmp_path / f"x{suffix}", codec=codec, sound=None)
    # The name decides nothing.
    other = path.rename(tmp_path / "y.bin")
    with opened(other) as container:
        assert length_s(container) == pytest.approx(1.0, abs=0.1)
        assert frame_rate(container) == 15
        image = upright_rgb(next(container.decode(video=0)), longest_px=1000)
    assert image.shape == (48, 64, 3)
    assert image[20:28, 4:12].mean() > 180
    assert image[:10].mean() < 60


def test_sound_alone(tmp_path: Path):
    path = tmp_path / "x.mp4"
    with av.open(str(path), "w") as file:
        audio = file.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
        file.mux(audio.encode(frame))
        file.mux(audio.encode(None))
    with pytest.raises(VideoError, match="no picture in it"), opened(path):
        pass


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_BYTES", 500, "videos may have"),
        ("MAX_PIXELS", 64 * 47, "frames of 64 × 48"),
        ("MAX_SECONDS", 0.5, "minutes"),
    ],
)
def test_limits(limit: str, value: float, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = clip(tmp_path / "x.mp4")
    with opened(path):
        pass
    monkeypatch.setattr(reading, limit, value)
    with pytest.raises(VideoError, match=words), opened(path):
        pass


class Turned:
    """A frame as a phone writes it, which FFmpeg's own writer cannot make."""

    def __init__(self, degrees: int) -> None:
        self.rotation = degrees

    def to_ndarray(self, **_: object) -> np.ndarray:
        image = np.zeros((40, 60, 3), np.uint8)
        image[:10, :10] = 255
        return image


@pytest.mark.parametrize(
    ("degrees", "shape", "corner"),
    [(0, (40, 60), (0, 0)), (90, (60, 40), (-1, 0)), (-90, (60, 40), (0, -1)), (180, (40, 60), (-1, -1))],
)
def test_frames_stand_upright(degrees: int, shape: tuple[int, int], corner: tuple[int, int]):
    image = upright_rgb(Turned(degrees), longest_px=100)
    assert image.shape[:2] == shape
    assert image[corner].tolist() == [255] * 3


def test_long_and_odd_frames(tmp_path: Path):
    path = clip(tmp_path / "x.avi", codec="mjpeg", size_wh=(65, 49), sound=None)
    with opened(path) as container:
        frame = next(container.decode(video=0))
        assert upright_rgb(frame, longest_px=1000).shape == (48, 64, 3)
        assert upright_rgb(frame, longest_px=33).shape == (24, 32, 3)
