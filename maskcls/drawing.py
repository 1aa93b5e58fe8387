"""What is drawn over pictures: boxes with verdicts, heatmaps."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from maskcls import labels
from maskcls.images import plain_name

# Viridis (van der Walt and Smith, 2015): perceptually even, so that equal steps of evidence look equal, also to
# colour-blind people and in print. Its blue, green and yellow stay apart from skin of every shade and from red lips,
# which the reds and oranges of inferno, magma and plasma do not.
VIRIDIS = "viridis"
# Others that are perceptually even too; cividis (Nuñez et al., 2018) looks the same to nearly everyone.
COLOUR_MAPS = {
    VIRIDIS: cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "magma": cv2.COLORMAP_MAGMA,
    "inferno": cv2.COLORMAP_INFERNO,
    "grey": None,
}
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
    canvas = np.array(image_rgb)
    picture_wh = canvas.shape[1], canvas.shape[0]
    boxes, seen = _clip(boxes, *picture_wh)
    called = [""] * len(names) if numbers is None else [str(number) for number in numbers]
    shown = [(name, number) for name, number, is_seen in zip(names, called, seen, strict=True) if is_seen]
    corners: list[list[int]] = boxes[seen].tolist()
    tags = [
        _fit_tag(box, name, corners, picture_wh, number=number)
        for box, (name, number) in zip(corners, shown, strict=True)
    ]
    # Odd, so that a line has a middle.
    line_px = max(2, round(min(picture_wh) / 220)) // 2 * 2 + 1
    edge_px = line_px // 3 // 2 * 2 + 1
    _draw_frames(canvas, corners, [tag.colour for tag in tags], line_px)
    # An edge on any background.
    _draw_frames(canvas, corners, [_ink(tag.colour) for tag in tags], edge_px, inwards_px=line_px)
    for tag in tags:  # after all frames, so that no line runs through a word
        drawn = _tag_picture(tag.symbol, tag.words, tag.colour, tag.letter_px)
        place = canvas[tag.y_px : tag.y_px + tag.height_px, tag.x_px : tag.x_px + tag.width_px]
        place[:] = drawn[: place.shape[0], : place.shape[1]]
    return canvas


def heat_picture(heat: np.ndarray, *, size_px: int, colour_map: str = VIRIDIS) -> np.ndarray:
    """Return a heatmap `(rows, columns)` by itself, `(size_px, size_px, 3) uint8`; nothing below 0 shows.

    Args:
        heat: Scaled by its own maximum.
        size_px: Side of the picture; cells melt into each other.
        colour_map: A key of `COLOUR_MAPS`.
    """
    heat = _positive(heat)
    level = cv2.resize(heat / (heat.max(initial=0) or 1.0), (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    return _colours(colour_map)[np.rint(np.clip(level, 0, 1) * 255).astype(np.uint8)]


def overlay(image_rgb: np.ndarray, heat: np.ndarray, *, opacity: float, colour_map: str = VIRIDIS) -> np.ndarray:
    """Lay a heatmap over a picture.

    Args:
        image_rgb: `(h, w, 3) uint8`; it is left as it is.
        heat: `(rows, columns)` float, spread over the whole picture; scaled by its own maximum, nothing below 0 shows.
        opacity: How much of the picture the hottest places hide, 0 to 1; places without heat stay clear.
        colour_map: A key of `COLOUR_MAPS`.

    Returns:
        A new `(h, w, 3) uint8` picture; the same pixels where there is no heat at all.
    """
    shown = image_rgb.copy()
    whole = (0, 0, image_rgb.shape[1], image_rgb.shape[0])
    overlay_face(shown, heat, whole, opacity=opacity, colour_map=colour_map)
    return shown


def overlay_face(
    image_rgb: np.ndarray,
    heat: np.ndarray,
    crop_xyxy: Sequence[float],
    *,
    opacity: float,
    colour_map: str = VIRIDIS,
) -> None:
    """Lay the heatmap of one face over the part of a picture that its crop shows, in place; see `overlay`.

    Args:
        image_rgb: `(h, w, 3) uint8`.
        heat: `(rows, columns)` float, spread over the crop.
        crop_xyxy: The crop's square, which may reach outside the picture.
        opacity: 0 to 1.
        colour_map: A key of `COLOUR_MAPS`.
    """
    height, width = image_rgb.shape[:2]
    left, top, right, bottom = (round(float(side)) for side in crop_xyxy)
    inside = slice(max(top, 0), max(min(bottom, height), 0)), slice(max(left, 0), max(min(right, width), 0))
    part = image_rgb[inside]
    heat = _positive(heat)
    if part.size == 0 or heat.max(initial=0) <= 0:
        return
    # Cubic: cells melt into each other instead of showing their borders. It overshoots, hence the clipping.
    grown = cv2.resize(heat / heat.max(), (right - left, bottom - top), interpolation=cv2.INTER_CUBIC)
    level = np.clip(
        grown[inside[0].start - top : inside[0].stop - top, inside[1].start - left : inside[1].stop - left], 0, 1
    )
    # In bytes: a face that fills a video's frame would take tens of milliseconds in floating point.
    colours = _colours(colour_map)[np.rint(level * 255).astype(np.uint8)]
    veil = cv2.merge(
        [np.rint(min(max(opacity, 0.0), 1.0) * np.minimum(level * _VEIL_RISE, 1) * 255).astype(np.uint8)] * 3
    )
    hidden = cv2.multiply(np.ascontiguousarray(colours), veil, scale=1 / 255)
    part[:] = cv2.add(cv2.multiply(np.ascontiguousarray(part), 255 - veil, scale=1 / 255), hidden)


def _positive(heat: np.ndarray) -> np.ndarray:
    return np.maximum(np.nan_to_num(np.asarray(heat, np.float32), posinf=0.0), 0)


@functools.cache
def _colours(colour_map: str) -> np.ndarray:
    """Return a colour map's 256 colours, `(256, 3) uint8`."""
    levels, chosen = np.arange(256, dtype=np.uint8), COLOUR_MAPS[colour_map]
    if chosen is None:
        return np.repeat(levels[:, None], 3, axis=1)
    return cv2.applyColorMap(levels, chosen).reshape(256, 3)[:, ::-1]


def banner(image_rgb: np.ndarray, words: str, *, colour: tuple[int, int, int] = (30, 30, 30)) -> None:
    """Write one line along the lower edge of a picture `(h, w, 3) uint8`, in place, as large as it fits."""
    height, width = image_rgb.shape[:2]
    letter_px = max(8, min(height // 20, 24))
    words = plain_name(words, longest=120)
    while letter_px > 8 and _length_px(words, letter_px) + letter_px > width:
        letter_px -= 1
    drawn = _banner_picture(words, colour, letter_px, width)[:height]
    image_rgb[height - len(drawn) :] = drawn


@functools.lru_cache(maxsize=16)
def _banner_picture(words: str, colour: tuple[int, int, int], letter_px: int, width: int) -> np.ndarray:
    picture = Image.new("RGB", (width, 2 * letter_px), colour)
    ImageDraw.Draw(picture).text(
        (letter_px // 2, letter_px), words, fill=(255, 255, 255), font=_font(letter_px), anchor="lm"
    )
    return np.array(picture)


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
    def gap_px(self) -> int:
        return max(2, round(self.letter_px * 0.3))

    @property
    def width_px(self) -> int:
        words_px = _length_px(self.words, self.letter_px) + self.gap_px if self.words else 0
        return self.letter_px + words_px + 2 * self.gap_px

    @property
    def height_px(self) -> int:
        return self.letter_px + 2 * self.gap_px


@functools.lru_cache(maxsize=512)
def _ink(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return black or white, whichever stands out more: the crossing lies at a luminance of 0.179 (WCAG 2.2, 1.4.3)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.divide(colour, 255)]
    return (0, 0, 0) if np.dot(linear, (0.2126, 0.7152, 0.0722)) > 0.179 else (255, 255, 255)


@functools.lru_cache(maxsize=512)
def _length_px(words: str, letter_px: int) -> int:
    return math.ceil(_font(letter_px).getlength(words))


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


def _fit_tag(
    box: list[int], name: str, boxes: Sequence[list[int]], picture_wh: tuple[int, int], *, number: str
) -> _Tag:
    look = labels.look(name)
    largest_px = max(12, round(min(picture_wh) / 28))
    letter_px = min(largest_px, max(12, (box[2] - box[0]) // 6))
    colour = ImageColor.getrgb(look.colour)[:3]
    words = f"{number} {plain_name(look.words, longest=40)}".strip()
    tag = _place(_Tag(look.symbol, words, colour, letter_px), box, picture_wh)
    right, bottom = tag.x_px + tag.width_px, tag.y_px + tag.height_px
    hides = any(
        x0 < right and y0 < bottom and x1 > tag.x_px and y1 > tag.y_px
        for x0, y0, x1, y1 in boxes
        if [x0, y0, x1, y1] != box
    )
    return _place(replace(tag, words=number), box, picture_wh) if hides else tag


def _place(tag: _Tag, box: Sequence[int], picture_wh: tuple[int, int]) -> _Tag:
    """Put `tag` on top of `box`, below it where the picture ends, and inside only where there is room nowhere else."""
    left, top, _, bottom = box
    fits_below = bottom + 1 + tag.height_px <= picture_wh[1]
    y_px = top - tag.height_px if top >= tag.height_px else bottom + 1 if fits_below else top
    return replace(
        tag,
        x_px=max(0, min(left, picture_wh[0] - tag.width_px)),
        y_px=max(0, min(y_px, picture_wh[1] - tag.height_px)),
    )


def _draw_frames(
    canvas: np.ndarray,
    boxes: Sequence[Sequence[int]],
    colours: Sequence[tuple[int, int, int]],
    width_px: int,
    *,
    inwards_px: int = 0,
) -> None:
    """Draw the edges of boxes, which lie so far inwards, `width_px` wide; their corners are pixels of the picture.

    All of one colour are drawn at once: in a video, each call may have to wait for what else runs in Python.
    """
    inwards = np.array([1, 1, -1, -1]) * (inwards_px + width_px // 2)
    for colour in dict.fromkeys(colours):
        corners = [
            (np.array(box) + inwards)[[[0, 1], [2, 1], [2, 3], [0, 3]]]
            for box, its in zip(boxes, colours, strict=True)
            if its == colour
        ]
        cv2.polylines(canvas, corners, isClosed=True, color=colour, thickness=width_px)


# Words take longer to draw than all the rest, and a video shows the same few again and again.
@functools.lru_cache(maxsize=512)
def _tag_picture(symbol: str, words: str, colour: tuple[int, int, int], letter_px: int) -> np.ndarray:
    """Return a tag as a picture: `(height_px, width_px, 3) uint8`."""
    tag = _Tag(symbol, words, colour, letter_px)
    picture = Image.new("RGB", (tag.width_px, tag.height_px), colour)
    ink = _ink(colour)
    picture.paste(ink, (tag.gap_px, tag.gap_px), _symbol(symbol, letter_px))
    if words:
        corner = (2 * tag.gap_px + letter_px, tag.height_px / 2)
        ImageDraw.Draw(picture).text(corner, words, fill=ink, font=_font(letter_px), anchor="lm")
    return np.array(picture)
