"""Bytes to RGB arrays and back.

Pictures come from strangers. Size and format are judged by the header before a single pixel is decoded, and whatever a
decoder stumbles over ends as one `ImageError` that names the file and says what to do.
"""

import codecs
import functools
import io
import math
import threading
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, UnidentifiedImageError

from maskcls.errors import ImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000

# Only these decoders are ever tried: Pillow knows dozens more, among them ones that start other programs (EPS).
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
_FORMAT_WORDS = "JPEG, PNG, WebP, BMP, TIFF, GIF, AVIF or HEIC"
# The longest side that a format, or Pillow's writer of it, can hold.
_LONGEST_PX = {"JPEG": 65_500, "WEBP": 16_383}
_STARTS = (b"\xff\xd8", b"\x89PNG", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF8")

# What people really have when it is not a picture: the start of the file, lower case, and what to call it.
_IMPOSTORS = (
    (b"%pdf", "a PDF document"),
    (b"%!ps", "a PostScript drawing"),
    (b"8bps", "a Photoshop document"),
    (b"pk\x03\x04", "a ZIP archive or an office document"),
    (b"\x1ae\xdf\xa3", "a video"),
    (b"<svg", "an SVG drawing"),
    (b"<!doctype svg", "an SVG drawing"),
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
)
_VIDEO_BRANDS = {b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"3gp4", b"3gp5", b"dash"}

# EXIF 2.32, tag 274: how the sensor lay, as what turns it upright.
_ORIENTATION_TAG = 274
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Silencing warnings changes process-wide state and is not thread-safe, so only one thread does it at a time.
_decoding = threading.Lock()


def read(data: bytes, *, name: str = "The picture") -> np.ndarray:
    """Decode a picture.

    Args:
        data: The file's content: JPEG, PNG, WebP, BMP, TIFF, GIF (its first frame), AVIF or HEIC.
        name: What to call it in messages, usually the file's name.

    Returns:
        `(h, w, 3) uint8` RGB, C-contiguous and writable, turned upright by its EXIF orientation; transparent parts lie
        on white, deeper ones than 8 bits are scaled.

    Raises:
        ImageError: It is empty, too large, damaged, or no picture at all. The message can be shown as it is.
    """
    name = plain_name(name)
    _check_bytes(len(data), name)
    if not data:
        raise ImageError(f"{name} is empty. Save the picture again and try once more.")
    _know_heif()
    try:
        with _decoding, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _decode(data, name)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"{name} has more than {MAX_PIXELS // 10**6} megapixels. Make it smaller and try again."
        ) from error
    except UnidentifiedImageError as error:
        raise ImageError(_why_no_picture(data, name)) from error
    except Exception as error:  # decoders raise whatever the broken bytes lead them into, from KeyError to MemoryError
        raise ImageError(_damaged(name)) from error


def read_file(path: Path) -> np.ndarray:
    """Decode the picture at `path`, whose size is checked before it is read.

    Returns:
        `(h, w, 3) uint8` RGB, as `read` does.

    Raises:
        ImageError: It cannot be opened, or `read` would not take it.
    """
    name = plain_name(str(path))
    try:
        if not path.is_file():
            raise ImageError(f"{name} is {'a folder' if path.is_dir() else 'not there'}. Name a picture file.")
        _check_bytes(path.stat().st_size, name)
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "the path makes no sense"
        raise ImageError(f"{name} cannot be opened ({why}). Check the file and its permissions.") from error
    return read(data, name=name)


def encode(image_rgb: np.ndarray, *, suffix: str = ".png") -> bytes:
    """Return `(h, w, 3) uint8` RGB as a file's content.

    Args:
        image_rgb: The picture.
        suffix: ".png" (exact), ".jpg", ".jpeg" or ".webp" (smaller). A picture with a longer side than JPEG (65,500
            pixels) or WebP (16,383) can hold is shrunk to that.

    Raises:
        ValueError: `suffix` is another one.
    """
    formats = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
    if suffix not in formats:
        raise ValueError(f"Expected a suffix of {', '.join(formats)}. Got: {suffix!r}")
    kind, out = formats[suffix], io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(image_rgb))
    scale = _LONGEST_PX.get(kind, max(image.size)) / max(image.size)
    if scale < 1:
        image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    image.save(out, kind, quality=92)
    return out.getvalue()


def plain_name(name: str, *, longest: int = 80) -> str:
    """Return a stranger's file name as one short line: no control or direction characters, the middle left out."""
    kept = name.strip()
    # Nearly every name is, and pictures are read by the thousand.
    if not kept.isprintable():
        kept = "".join(c for c in kept if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}).strip()
    if len(kept) > longest:
        half = (longest - 1) // 2
        kept = f"{kept[:half]}…{kept[-half:]}"
    return kept or "The picture"


@functools.cache
def _know_heif() -> None:
    pillow_heif.register_heif_opener()


def _check_bytes(size: int, name: str) -> None:
    if size > MAX_BYTES:
        limit = MAX_BYTES // 10**6
        raise ImageError(f"{name} has {_up(size)} MB; the limit is {limit} MB. Make it smaller and try again.")


def _up(count: int) -> str:
    """Return millions, rounded up: what is over the limit must not read as the limit."""
    return f"{math.ceil(count / 1e5) / 10:.1f}"


def _check_pixels(width: int, height: int, name: str) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name} has {width} × {height} pixels ({_up(width * height)} megapixels); "
            f"the limit is {MAX_PIXELS // 10**6} megapixels. Make it smaller and try again."
        )


def _decode(data: bytes, name: str) -> np.ndarray:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        _check_pixels(*image.size, name)
        image.load()
        # Again: the header of a HEIC container and the picture inside it may tell different stories.
        _check_pixels(*image.size, name)
        turn = _TURNS.get(_orientation(image))
        upright = image if turn is None else image.transpose(turn)
        return _as_rgb(upright)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # damaged notes about a picture are no reason to refuse the picture
        return 1


def _as_rgb(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I") or image.mode == "F":
        return np.repeat(_as_bytes(np.asarray(image))[..., None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image.convert("RGB"))


def _as_bytes(values: np.ndarray) -> np.ndarray:
    """Scale numbers deeper than 8 bits to uint8.

    Sixteen bits have a known range. Of 32-bit pictures nobody says whether white is 1, 255, 65535 or something else:
    the smallest of these that holds the brightest pixel is taken, and its own range where none does.
    """
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    values = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    whites = (255, 65535) if values.max(initial=0) != 1 and np.array_equal(values, np.rint(values)) else (1, 255, 65535)
    low, high = min(0.0, values.min(initial=0)), values.max(initial=0)
    white = next((white for white in whites if high <= white), high)
    return np.rint((values - low) * (255 / ((white - low) or 1))).astype(np.uint8)


def _why_no_picture(data: bytes, name: str) -> str:
    """Say what the bytes are, when no decoder wanted them."""
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    what = next((words for prefix, words in _IMPOSTORS if start.startswith(prefix)), None)
    if what is None and data[4:8] == b"ftyp" and data[8:12] in _VIDEO_BRANDS:
        what = "a video"
    if what is None and start.startswith((b"<?xml", b"<!--")):
        what = "an SVG drawing" if b"<svg" in start else "an HTML page" if b"<html" in start else "an XML document"
    if what is None and data.startswith(b"RIFF") and data[8:12] == b"AVI ":
        what = "a video"
    if what is None and _is_text(data[:1024]):
        what = "a text file"
    if what is None and (data.startswith(_STARTS) or data[4:8] == b"ftyp" or data[8:12] == b"WEBP"):
        return _damaged(name)
    if what is None:
        return f"{name} is not a picture that can be read here. Save it as {_FORMAT_WORDS} and try again."
    return f"{name} is {what}, not a picture. Save the picture itself as {_FORMAT_WORDS} and try again."


def _damaged(name: str) -> str:
    return f"{name} is damaged or incomplete. Save or download the picture again and try once more."


def _is_text(data: bytes) -> bool:
    try:
        # Not final: the cut at the end may have split a character.
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return bool(text.strip()) and not any(unicodedata.category(c) == "Cc" for c in "".join(text.split()))
