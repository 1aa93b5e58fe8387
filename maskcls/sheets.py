"""Contact sheets: many small pictures side by side, each under a line of text."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

_TILE_PX, _CAPTION_PX = 128, 16
_INK = (255, 255, 0)


def contact_sheet(images_rgb: Iterable[np.ndarray], captions: Sequence[str], *, across: int = 9) -> np.ndarray:
    """Return the pictures in rows of `across`: `(h, w, 3) uint8`; of none, one black tile.

    Args:
        images_rgb: Each `(h, w, 3) uint8`; all are shown as squares of one size. None is kept longer than it takes.
        captions: A few letters for each, plain ASCII.
        across: Pictures in a row.
    """
    tiles = [_tile(image_rgb, text) for image_rgb, text in zip(images_rgb, captions, strict=True)]
    blank = np.zeros((_TILE_PX + _CAPTION_PX, _TILE_PX, 3), np.uint8)
    if not tiles:
        return blank
    across = min(across, len(tiles))
    tiles += [blank] * (-len(tiles) % across)
    return np.vstack([np.hstack(tiles[i : i + across]) for i in range(0, len(tiles), across)])


def _tile(image_rgb: np.ndarray, text: str) -> np.ndarray:
    tile = np.zeros((_TILE_PX + _CAPTION_PX, _TILE_PX, 3), np.uint8)
    tile[_CAPTION_PX:] = cv2.resize(image_rgb, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_AREA)
    return cv2.putText(tile, text, (2, _CAPTION_PX - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.38, _INK)
