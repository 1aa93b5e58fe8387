"""Bytes to RGB arrays and back, and what is drawn over them: boxes with verdicts, heatmaps.

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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageColor, ImageDraw, ImageFont, UnidentifiedImageError

from maskcls import labels
from maskcls.errors import ImageError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000

# Only these decoders are ever tried: Pillow knows dozens more, among them ones that start other programs (EPS).
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
_FORMAT_WORDS = "JPEG, PNG, WebP, BMP, TIFF, GIF, AVIF or HEIC"
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
        suffix: ".png" (exact), ".jpg", ".jpeg" or ".webp" (smaller).

    Raises:
        ValueError: `suffix` is another one.
    """
    formats = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
    if suffix not in formats:
        raise ValueError(f"Expected a suffix of {', '.join(formats)}. Got: {suffix!r}")
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image_rgb)).save(out, formats[suffix], quality=92)
    return out.getvalue()


def plain_name(name: str, *, longest: int = 80) -> str:
    """Return a stranger's file name as one short line: no control or direction characters, the middle left out."""
    kept = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}).strip()
    if len(kept) > longest:
        half = (longest - 1) // 2
        kept = f"{kept[:half]}…{kept[-half:]}"
    return kept or "The picture"


def draw_boxes(
    image_rgb: np.ndarray, boxes_xyxy: np.ndarray, names: Sequence[str], *, numbers: Sequence[int] | None = None
) -> np.ndarray:
    """Draw a box around each face, with its verdict's colour, symbol and words.

    Lines and letters grow with the picture, letters shrink with the box. A tag that would hide another face keeps only
    its symbol and number.

    Args:
        image_rgb: `(h, w, 3) uint8`; it is left as it is.
        boxes_xyxy: `(n, 4)` in pixels; boxes are clipped to the picture, those outside are not drawn.
        names: The verdict of each box, or any class.
        numbers: What to call each box, so that cards and tables can speak of it; not drawn when None.

    Returns:
        A new `(h, w, 3) uint8` picture.

    Raises:
        ValueError: There are not as many names, or numbers, as boxes.
    """
    boxes = np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)
    if len(boxes) != len(names):
        raise ValueError(f"Expected a name for each of {len(boxes)} boxes. Got: {len(names)}")
    if numbers is not None and len(boxes) != len(numbers):
        raise ValueError(f"Expected a number for each of {len(boxes)} boxes. Got: {len(numbers)}")
    canvas = Image.fromarray(np.ascontiguousarray(image_rgb))
    boxes, seen = _clip(boxes, *canvas.size)
    called = [""] * len(names) if numbers is None else [str(number) for number in numbers]
    shown = [(name, number) for name, number, is_seen in zip(names, called, seen, strict=True) if is_seen]
    boxes = boxes[seen]
    tags = [
        _fit_tag(box, name, boxes, canvas.size, number=number) for box, (name, number) in zip(boxes, shown, strict=True)
    ]
    pen = ImageDraw.Draw(canvas)
    line_px = max(2, round(min(canvas.size) / 220))
    for box, tag in zip(boxes.tolist(), tags, strict=True):
        pen.rectangle(box, outline=tag.ink, width=line_px + max(1, line_px // 3))  # an edge on any background
        pen.rectangle(box, outline=tag.colour, width=line_px)
    for tag in tags:  # after all frames, so that no line runs through a word
        _draw_tag(canvas, pen, tag)
    return np.array(canvas)


def overlay(image_rgb: np.ndarray, heat: np.ndarray, *, opacity: float) -> np.ndarray:
    """Lay a heatmap over a picture.

    Args:
        image_rgb: `(h, w, 3) uint8`; it is left as it is.
        heat: `(rows, columns)` float, spread over the whole picture; scaled by its own maximum, nothing below 0 shows.
        opacity: How much of the picture the hottest places hide, 0 to 1; places without heat stay clear.

    Returns:
        A new `(h, w, 3) uint8` picture; the same pixels where there is no heat at all.
    """
    heat = np.maximum(np.nan_to_num(np.asarray(heat, np.float32), posinf=0.0), 0)
    if heat.max(initial=0) <= 0 or image_rgb.size == 0:
        return image_rgb.copy()
    height, width = image_rgb.shape[:2]
    # Cubic: cells melt into each other instead of showing their borders. It overshoots, hence the clipping.
    heat = np.clip(cv2.resize(heat / heat.max(), (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = _HEAT_COLOURS[np.rint(heat * 255).astype(np.uint8)]
    veil = (min(max(opacity, 0.0), 1.0) * np.minimum(heat * _VEIL_RISE, 1))[..., None]
    return np.rint(image_rgb * (1 - veil) + colours * veil).astype(np.uint8)


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


# Viridis (van der Walt and Smith, 2015): perceptually even, so that equal steps of evidence look equal, also to
# colour-blind people and in print. Its blue, green and yellow stay apart from skin of every shade and from red lips,
# which the reds and oranges of inferno, magma and plasma do not.
_HEAT_COLOURS = cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_VIRIDIS).reshape(256, 3)[:, ::-1]
# Half the heat is already fully veiled: below, the face shows through and nobody reads dark purple as a shadow.
_VEIL_RISE = 2.0

# Pillow's built-in font has no ✓, ◐, ✕ or ●, so symbols are drawn: what, where in a unit square, from and to degrees.
_DISC = ("pie", (0.08, 0.08, 0.92, 0.92), 0, 360)
_SHAPES: dict[str, tuple[tuple[str, tuple[float, ...], int, int], ...]] = {
    "✓": (("line", (0.08, 0.55, 0.38, 0.84, 0.92, 0.18), 0, 0),),
    "✕": (("line", (0.14, 0.14, 0.86, 0.86), 0, 0), ("line", (0.86, 0.14, 0.14, 0.86), 0, 0)),
    "◐": (("arc", (0.04, 0.04, 0.96, 0.96), 0, 360), ("pie", (0.04, 0.04, 0.96, 0.96), 90, 270)),
    "?": (
        ("arc", (0.22, 0.02, 0.78, 0.58), 180, 450),
        ("line", (0.5, 0.5, 0.5, 0.72), 0, 0),
        ("pie", (0.41, 0.82, 0.59, 1.0), 0, 360),
    ),
    "●": (_DISC,),
}


@dataclass(frozen=True)
class _Tag:
    """A filled label, its left top corner at `x_px, y_px`: a symbol and perhaps words, all in one size."""

    symbol: str
    words: str
    colour: tuple[int, int, int]
    letter_px: int
    x_px: int = 0
    y_px: int = 0

    @property
    def ink(self) -> tuple[int, int, int]:
        """Black or white, whichever stands out more: the crossing lies at a luminance of 0.179 (WCAG 2.2, 1.4.3)."""
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.divide(self.colour, 255)]
        return (0, 0, 0) if np.dot(linear, (0.2126, 0.7152, 0.0722)) > 0.179 else (255, 255, 255)

    @property
    def gap_px(self) -> int:
        return max(2, round(self.letter_px * 0.3))

    @property
    def width_px(self) -> int:
        words_px = math.ceil(_font(self.letter_px).getlength(self.words)) + self.gap_px if self.words else 0
        return self.letter_px + words_px + 2 * self.gap_px

    @property
    def height_px(self) -> int:
        return self.letter_px + 2 * self.gap_px


@functools.cache
def _font(size_px: int) -> Any:
    return ImageFont.load_default(size_px)


@functools.cache
def _symbol(symbol: str, size_px: int) -> Image.Image:
    """Return `symbol` as a mask of `size_px`, drawn four times as large and shrunk for smooth edges."""
    side = 4 * size_px
    mask = Image.new("L", (side, side))
    pen, stroke_px = ImageDraw.Draw(mask), max(1, round(side * 0.14))
    for kind, where, start, end in _SHAPES.get(symbol, (_DISC,)):
        points = [value * (side - 1) for value in where]
        if kind == "line":
            pen.line(points, fill=255, width=stroke_px, joint="curve")
        elif kind == "arc":
            pen.arc(points, start, end, fill=255, width=stroke_px)
        else:
            pen.pieslice(points, start, end, fill=255)
    return mask.resize((size_px, size_px), Image.Resampling.BOX)


def _clip(boxes_xyxy: np.ndarray, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return whole-pixel boxes inside the picture, `(n, 4) int`, and which of them show anything, `(n,) bool`."""
    boxes = np.nan_to_num(boxes_xyxy, nan=0.0, posinf=1e9, neginf=-1e9)
    inside = np.clip(np.rint(boxes), 0, [width - 1, height - 1] * 2).astype(int)
    touches = (boxes[:, :2] < [width, height]).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    return inside, touches & (boxes[:, 2:] > boxes[:, :2]).all(axis=1) & ~np.isnan(boxes_xyxy).any(axis=1)


def _fit_tag(box: np.ndarray, name: str, boxes: np.ndarray, picture_wh: tuple[int, int], *, number: str) -> _Tag:
    look = labels.look(name)
    largest_px = max(12, round(min(picture_wh) / 28))
    letter_px = min(largest_px, max(12, int(box[2] - box[0]) // 6))
    colour = ImageColor.getrgb(look.colour)[:3]
    words = f"{number} {plain_name(look.words, longest=40)}".strip()
    tag = _place(_Tag(look.symbol, words, colour, letter_px), box, picture_wh)
    hides = (boxes[:, :2] < [tag.x_px + tag.width_px, tag.y_px + tag.height_px]).all(axis=1)
    hides &= (boxes[:, 2:] > [tag.x_px, tag.y_px]).all(axis=1) & (boxes != box).any(axis=1)
    return _place(replace(tag, words=number), box, picture_wh) if hides.any() else tag


def _place(tag: _Tag, box: np.ndarray, picture_wh: tuple[int, int]) -> _Tag:
    """Put `tag` on top of `box`, below it where the picture ends, and inside only where there is room nowhere else."""
    left, top, _, bottom = (int(value) for value in box)
    fits_below = bottom + 1 + tag.height_px <= picture_wh[1]
    y_px = top - tag.height_px if top >= tag.height_px else bottom + 1 if fits_below else top
    return replace(
        tag,
        x_px=max(0, min(left, picture_wh[0] - tag.width_px)),
        y_px=max(0, min(y_px, picture_wh[1] - tag.height_px)),
    )


def _draw_tag(canvas: Image.Image, pen: ImageDraw.ImageDraw, tag: _Tag) -> None:
    x, y = tag.x_px, tag.y_px
    pen.rectangle((x, y, x + tag.width_px - 1, y + tag.height_px - 1), fill=tag.colour)
    canvas.paste(tag.ink, (x + tag.gap_px, y + tag.gap_px), _symbol(tag.symbol, tag.letter_px))
    if tag.words:
        corner = (x + 2 * tag.gap_px + tag.letter_px, y + tag.height_px / 2)
        pen.text(corner, tag.words, fill=tag.ink, font=_font(tag.letter_px), anchor="lm")
