"""Pictures in, pictures out. Every file is made in memory; warnings are errors, so none may escape from a decoder."""

import contextlib
import io
import itertools
import struct
import threading
import time
import warnings
import zlib

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from maskcls import images
from maskcls.errors import ImageError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
pillow_heif.register_heif_opener()


def quadrants(height: int = 48, width: int = 80) -> np.ndarray:
    """Four colours that tell every turn and mirroring apart."""
    colours = np.array([[[220, 30, 30], [30, 200, 30]], [[30, 30, 220], [230, 230, 230]]], np.uint8)
    return np.repeat(np.repeat(colours, height // 2, axis=0), width // 2, axis=1)


def saved(picture: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(out, kind, **options)
    return out.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixels at all."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, b"IDAT", b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


# ---------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_arrives_as_rgb(kind):
    picture = quadrants()
    read = images.read(saved(picture, kind))
    assert read.dtype == np.uint8
    assert read.flags.c_contiguous
    assert read.flags.writeable
    assert read.shape == picture.shape
    assert np.abs(read.astype(int) - picture).mean() < 6


STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_undone_once(kind, orientation):
    exif = Image.Exif()
    exif[274] = orientation
    data = saved(np.ascontiguousarray(STORED[orientation](quadrants())), kind, exif=exif.tobytes())
    read = images.read(data)
    assert read.shape == (48, 80, 3)
    assert np.abs(read.astype(int) - quadrants()).mean() < 6


def sixteen_bit_rgb() -> bytes:
    return cv2.imencode(".png", np.full((4, 4, 3), 128 * 257, np.uint16))[1].tobytes()


def grey(value: object, dtype: type, kind: str = "TIFF") -> bytes:
    return saved(Image.fromarray(np.full((4, 4), value, dtype)), kind)


def ramp(values: list[float], dtype: type) -> bytes:
    return saved(Image.fromarray(np.array([values], dtype)), "TIFF")


def palette(transparency: int | bytes) -> bytes:
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 200, 10, 10])
    return saved(picture, "PNG", transparency=transparency)


@pytest.mark.parametrize(
    ("data", "first_pixel"),
    [
        (saved(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG"), (255, 255, 255)),  # the empty one: nothing but alpha
        (saved(Image.new("RGBA", (4, 4), (255, 0, 0, 128)), "PNG"), (255, 127, 127)),
        (saved(Image.new("RGBA", (4, 4), (255, 0, 0, 128)), "WEBP", lossless=True), (255, 127, 127)),
        (saved(Image.new("LA", (4, 4), (0, 128)), "PNG"), (127, 127, 127)),
        (palette(0), (200, 10, 10)),
        (palette(1), (255, 255, 255)),
        (palette(b"\xff\x80"), (227, 132, 132)),
        (saved(Image.new("RGB", (4, 4), (9, 9, 9)), "PNG", transparency=(9, 9, 9)), (255, 255, 255)),
        (saved(Image.new("1", (4, 4), 1), "PNG"), (255, 255, 255)),
        (saved(Image.new("L", (4, 4), 77), "PNG"), (77, 77, 77)),
        (saved(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "JPEG"), (254, 0, 0)),
        (saved(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "TIFF"), (255, 0, 0)),
        (sixteen_bit_rgb(), (128, 128, 128)),
        (grey(65535, np.uint16, "PNG"), (255, 255, 255)),
        (grey(128 * 257, np.uint16, "PNG"), (128, 128, 128)),
        (grey(128 * 257, np.uint16), (128, 128, 128)),
        (grey(0, np.int32), (0, 0, 0)),
        (grey(200, np.int32), (200, 200, 200)),
        (grey(128 * 257, np.int32), (128, 128, 128)),
        (grey(0.5, np.float32), (128, 128, 128)),
        (grey(1.0, np.float32), (255, 255, 255)),
        (grey(100.5, np.float32), (100, 100, 100)),
        (grey(np.nan, np.float32), (0, 0, 0)),
        (ramp([-10.0, 0.0, 90.0, 1e6], np.float32), (0, 0, 0)),
        (ramp([1e6, 0.0, -1e6], np.float32), (255, 255, 255)),
    ],
)
def test_every_pixel_kind_arrives_as_rgb(data, first_pixel):
    read = images.read(data)
    assert read.dtype == np.uint8
    assert read.shape[2] == 3
    assert np.abs(read[0, 0].astype(int) - first_pixel).max() <= 2


def test_of_a_gif_the_first_frame_counts():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert images.read(data)[0, 0].tolist() == [255, 0, 0]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "rose.jpg is empty"),
        (b"   \n", "rose.jpg is not a picture that can be read here"),
        (b"This is not a picture.", "rose.jpg is a text file"),
        ("Größe: 3 m".encode(), "rose.jpg is a text file"),
        (b"BMW builds cars", "rose.jpg is a text file"),
        (SVG, "rose.jpg is an SVG drawing"),
        (b'<?xml version="1.0"?>\n<!-- x -->' + SVG, "rose.jpg is an SVG drawing"),
        (b"\n<!DOCTYPE html><html></html>", "rose.jpg is an HTML page"),
        (b"\xef\xbb\xbf<HTML><body>", "rose.jpg is an HTML page"),
        (b'<?xml version="1.0"?><note/>', "rose.jpg is an XML document"),
        (b"%PDF-1.7\n%\xe2\xe3", "rose.jpg is a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "rose.jpg is a PostScript drawing"),
        (b"8BPS\0\1" + bytes(40), "rose.jpg is a Photoshop document"),
        (b"PK\x03\x04" + bytes(40), "rose.jpg is a ZIP archive"),
        (b"\0\0\0\x18ftypmp42" + bytes(40), "rose.jpg is a video"),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(40), "rose.jpg is a video"),
        (b"P6 2 2 255 " + bytes(12), "rose.jpg is not a picture that can be read here"),
        (bytes(range(256)), "rose.jpg is not a picture that can be read here"),
        (b"\xff\xd8", "rose.jpg is damaged or incomplete"),
        (b"\xff\xd8" + bytes(100), "rose.jpg is damaged or incomplete"),
        (png_header(4, 4), "rose.jpg is damaged or incomplete"),
        (png_header(0, 4), "rose.jpg is damaged or incomplete"),
        (png_header(9_000, 9_000), "rose.jpg has 9000 × 9000 pixels (81.0 megapixels); the limit is 50"),
        (png_header(30_000, 30_000), "rose.jpg has more than 50 megapixels"),
        (bytes(images.MAX_BYTES + 1), "rose.jpg has 20.1 MB; the limit is 20 MB"),
    ],
)
def test_what_is_no_picture_says_so(data, what):
    with pytest.raises(ImageError) as caught:
        images.read(data, name="rose.jpg")
    assert str(caught.value).startswith(what)
    assert str(caught.value).endswith(("try again.", "try once more."))


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_truncated_pictures_are_refused(kind, share):
    noise = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
    data = saved(noise, kind)
    with pytest.raises(ImageError, match="rose"):
        images.read(data[: int(len(data) * share)], name="rose")


def test_just_inside_the_pixel_limit_is_read():
    data = saved(Image.new("L", (10_000, 5_000)), "PNG")
    assert images.read(data).shape == (5_000, 10_000, 3)
    data = saved(Image.new("1", (10_000, 5_001)), "PNG")
    with pytest.raises(ImageError, match=r"50\.1 megapixels"):
        images.read(data)


def test_scribbled_bytes_end_as_image_errors_or_pictures():
    rng = np.random.default_rng(0)
    for kind, _ in itertools.product(FORMATS, range(25)):
        data = np.frombuffer(saved(quadrants(), kind), np.uint8).copy()
        data[rng.integers(0, min(len(data), 400), 6)] = rng.integers(0, 256, 6)
        with contextlib.suppress(ImageError):
            assert images.read(data.tobytes()).shape[2] == 3


def malformed_mpo() -> bytes:
    """A JPEG whose table of further pictures is broken: Pillow warns of it and goes on."""
    return saved(quadrants(), "JPEG").replace(b"\xff\xdb", b"\xff\xe2\0\x0cMPF\0garbag\xff\xdb", 1)


def test_warnings_of_decoders_stay_inside():
    with pytest.warns(UserWarning, match="malformed MPO"), Image.open(io.BytesIO(malformed_mpo())):
        pass
    assert images.read(malformed_mpo()).shape == (48, 80, 3)


def test_warning_filters_survive_threads_that_overlap(monkeypatch):
    monkeypatch.setattr(images, "_decode", lambda _, name: time.sleep(float(name)))
    before = list(warnings.filters)
    threads = [threading.Thread(target=images.read, args=(b"any",), kwargs={"name": s}) for s in ("0.1", "0.2")]
    for thread in threads:  # the one that began first is done first: without a lock its filters would be put back last
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0garbage"])
def test_broken_exif_does_not_cost_the_picture(exif):
    assert images.read(saved(quadrants(), "JPEG", exif=exif)).shape == (48, 80, 3)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("", "The picture"),
        ("\x00\u202e", "The picture"),
        ("rose.jpg", "rose.jpg"),
        ("ro\nse\x1b[31m\u202egpj.jpg", "rose[31mgpj.jpg"),
        ("\udcff.jpg", ".jpg"),
        ("薔薇 (1).jpg", "薔薇 (1).jpg"),
        ("a" * 200 + ".jpg", "a" * 39 + "…" + "a" * 35 + ".jpg"),
    ],
)
def test_names_become_one_short_line(name, plain):
    assert images.plain_name(name) == plain
    with pytest.raises(ImageError) as caught:
        images.read(b"", name=name)
    assert str(caught.value).startswith(f"{plain} is empty")


def test_read_file_reads(tmp_path):
    path = tmp_path / "rose.png"
    path.write_bytes(saved(quadrants(), "PNG"))
    assert np.array_equal(images.read_file(path), quadrants())


def test_read_file_refuses_by_size_without_reading(tmp_path, monkeypatch):
    path = tmp_path / "rose.png"
    with path.open("wb") as file:
        file.truncate(images.MAX_BYTES + 1)
    monkeypatch.setattr(type(path), "read_bytes", lambda _: pytest.fail("it was read"))
    with pytest.raises(ImageError, match="limit is 20 MB"):
        images.read_file(path)


def test_read_file_says_what_is_wrong_with_the_path(tmp_path):
    with pytest.raises(ImageError, match="not there"):
        images.read_file(tmp_path / "rose.png")
    with pytest.raises(ImageError, match="a folder"):
        images.read_file(tmp_path)
    with pytest.raises(ImageError, match="not there"):
        images.read_file(tmp_path / "ro\0se")
    (tmp_path / "text.jpg").write_text("hello")
    with pytest.raises(ImageError, match=r"text\.jpg is a text file"):
        images.read_file(tmp_path / "text.jpg")


# ---------------------------------------------------------------------------------------------------------- writing


@pytest.mark.parametrize(
    ("suffix", "start", "tolerance"), [(".png", b"\x89PNG", 0), (".jpg", b"\xff\xd8", 4), (".webp", b"RIFF", 4)]
)
def test_encode_round_trip(suffix, start, tolerance):
    data = images.encode(quadrants()[:, ::-1], suffix=suffix)
    assert data.startswith(start)
    assert np.abs(images.read(data).astype(int) - quadrants()[:, ::-1]).mean() <= tolerance


@pytest.mark.parametrize(("suffix", "longest"), [(".jpg", 65_500), (".webp", 16_383)])
def test_encode_shrinks_what_the_format_cannot_hold(suffix, longest):
    for shape in ((2, 70_000, 3), (70_000, 2, 3)):
        assert max(images.read(images.encode(np.zeros(shape, np.uint8), suffix=suffix)).shape) == longest


def test_encode_refuses_unknown_suffix():
    with pytest.raises(ValueError, match=r"Got: '\.eps'"):
        images.encode(quadrants(), suffix=".eps")
