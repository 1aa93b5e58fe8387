"""The colours of cloth and paper, and what is printed on them: stripes, checks, dots, blotches."""

from dataclasses import dataclass

import cv2
import numpy as np

KINDS = ("stripes", "checks", "dots", "blotches")


@dataclass(frozen=True)
class Print:
    """A pattern in the frame of a face: across, the eyes are 1 apart; down, the mouth is 1 below them.

    Attributes:
        kind: One of `KINDS`.
        colour: RGB of what is printed.
        period: Distance between two stripes, dots or blotches.
        degrees: How far the pattern is turned.
        seed: Where the blotches lie.
    """

    kind: str
    colour: tuple[int, int, int]
    period: float = 0.2
    degrees: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be printed."""
        if self.kind not in KINDS or not self.period > 0:
            raise ValueError(f"Expected a print of {', '.join(KINDS)} with a period above 0. Got: {self}")


def draw_print(rng: np.random.Generator) -> Print:
    """Draw a pattern of any kind and colour."""
    kind = KINDS[rng.integers(len(KINDS))]
    ink = as_rgb(rng.integers(0, 256, 3))
    period, degrees = float(np.exp(rng.uniform(np.log(0.09), np.log(0.5)))), float(rng.uniform(0, 180))
    return Print(kind, ink, period, degrees, int(rng.integers(2**31)))


def as_rgb(values: np.ndarray) -> tuple[int, int, int]:
    """Return the nearest colour that there is."""
    r, g, b = np.clip(np.rint(values), 0, 255).astype(int).tolist()
    return r, g, b


def dyed(colour: tuple[int, int, int], pattern: Print | None, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the colours of cloth with this print: `(3,) float32` everywhere, or at every point `(h, w, 3)`."""
    plain = np.array(colour, np.float32)
    if pattern is None:
        return plain
    share = printed(pattern, x, y)[..., None]
    return plain * (1 - share) + np.array(pattern.colour, np.float32) * share


def printed(cloth: Print, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return how much of the print's colour each point has: `(h, w) float32`, 0 to 1.

    Args:
        cloth: The pattern.
        x: `(h, w)`, across the face.
        y: `(h, w)`, down.
    """
    if not x.size:
        return np.zeros(x.shape, np.float32)
    turn = np.radians(cloth.degrees)
    across = (x * np.cos(turn) + y * np.sin(turn)) / cloth.period
    down = (y * np.cos(turn) - x * np.sin(turn)) / cloth.period
    if cloth.kind == "stripes":
        share = _edge(np.abs(across % 1 - 0.5) - 0.25)
    elif cloth.kind == "checks":
        share = 0.5 * (_edge(np.abs(across % 1 - 0.5) - 0.25) + _edge(np.abs(down % 1 - 0.5) - 0.25))
    elif cloth.kind == "dots":
        # Every other row is moved by half a dot.
        row = np.floor(down)
        share = _edge(0.28 - np.hypot((across + 0.5 * (row % 2)) % 1 - 0.5, down % 1 - 0.5))
    else:
        share = _edge(_blotches(cloth.seed, across, down))
    return share.astype(np.float32)


def _edge(distance: np.ndarray) -> np.ndarray:
    return np.clip(distance / 0.06 + 0.5, 0, 1)


def _blotches(seed: int, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Return smooth noise around 0: random values at whole numbers, and cubic curves between them."""
    values = np.random.default_rng(seed).uniform(-1, 1, (32, 32)).astype(np.float32)
    columns, rows = ((v % 32).astype(np.float32) for v in (across, down))
    return cv2.remap(values, columns, rows, interpolation=cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
