"""The face finder: a picture in, boxes with scores and landmarks out."""

from dataclasses import dataclass

import cv2
import numpy as np

from maskcls.cards import Card
from maskcls.engines import Engine
from maskcls.errors import ModelError
from maskcls.finder.decode import decode, suppress

# Sides of the network's input are multiples of twice its coarsest stride: few different ones, since an engine has to
# prepare itself for every shape.
_MULTIPLE = 64
# A look at hardly another scale finds hardly another face.
_NEXT_LOOK = 1.4
# What fills so small a picture is not too large for the network.
_ONE_LOOK_PX = 320
# A smaller look is for the faces that fill the picture; about the others the larger one knows better.
_LEAST_IN_SMALLER_LOOKS_PX = 24
# On validation pictures, precision is 0.96 and recall 0.95 here; faces that nobody drew but YuNet sees do not count.
DEFAULT_MIN_SCORE = 0.65
DEFAULT_MIN_FACE_PX = 16


@dataclass(frozen=True, eq=False)
class Found:
    """A face that the finder found.

    Attributes:
        box_xyxy: Left, top, right, bottom in pixels of the picture.
        score: 0 to 1.
        landmarks: `(5, 2) float32`, see `maskcls.face.Face`.
    """

    box_xyxy: tuple[float, float, float, float]
    score: float
    landmarks: np.ndarray


class Finder:
    """Finds faces in pictures of any size; safe to call from several threads.

    Args:
        card: The version's card: strides and the long sides at which pictures are looked at.
        engine: Runs the network.

    Raises:
        ModelError: The card lacks one of these.
    """

    def __init__(self, card: Card, engine: Engine) -> None:
        self.card = card
        self._engine = engine
        self._strides = _lengths(card, "strides")
        self._long_sides = _lengths(card, "long_sides_px")

    @property
    def device(self) -> str:
        """What the network runs on."""
        return self._engine.device

    def find(
        self,
        image_rgb: np.ndarray,
        *,
        min_score: float = DEFAULT_MIN_SCORE,
        min_face_px: float = DEFAULT_MIN_FACE_PX,
        longest_px: int | None = None,
    ) -> list[Found]:
        """Return the faces in `image_rgb` `(h, w, 3) uint8`, surest first.

        A picture is looked at several times: small for the faces that fill it, larger for the small ones.

        Args:
            image_rgb: The picture.
            min_score: Faces below this score are left out; above 0 and below 1.
            min_face_px: Faces whose longer side is shorter are left out.
            longest_px: The picture is not looked at larger than this, which is quicker and misses small faces; up
                to 320, it is looked at once.
        """
        height, width = image_rgb.shape[:2]
        looks = []
        scaled, least_px = image_rgb, 0.0
        for side in self._sides_for(image_rgb, longest_px):
            # Out of the larger look, which is quicker than out of the picture.
            scaled = scaled_to(scaled, side)
            faces = self._look(scaled, min_score, least_px=least_px)
            faces[:, :14] *= np.tile((width / scaled.shape[1], height / scaled.shape[0]), 7)
            looks.append(faces)
            least_px = _LEAST_IN_SMALLER_LOOKS_PX
        faces = np.concatenate(looks)
        faces = suppress(faces[np.argsort(-faces[:, 14], kind="stable")])
        faces[:, :4] = np.clip(faces[:, :4], 0, (width, height, width, height))
        sides = (faces[:, 2:4] - faces[:, :2]).max(axis=1, initial=0)
        return [_found(row) for row in faces[sides >= max(min_face_px, 1)]]

    def _sides_for(self, image_rgb: np.ndarray, longest_px: int | None) -> list[int]:
        """Return the long sides to look at, largest first: none above the picture's own, none hardly below another."""
        long_side = min(max(image_rgb.shape[:2]), longest_px or max(image_rgb.shape[:2]))
        if longest_px is not None and longest_px <= _ONE_LOOK_PX:
            return [long_side]
        sides: list[int] = []
        for side in sorted({min(side, long_side) for side in self._long_sides}, reverse=True):
            if not sides or side * _NEXT_LOOK <= sides[-1]:
                sides.append(side)
        return sides

    def _look(self, scaled_rgb: np.ndarray, min_score: float, *, least_px: float) -> np.ndarray:
        """Return the faces seen at one scale that are `least_px` large there."""
        height, width = (-(-side // _MULTIPLE) * _MULTIPLE for side in scaled_rgb.shape[:2])
        canvas = np.zeros((1, height, width, 3), np.uint8)
        canvas[0, : scaled_rgb.shape[0], : scaled_rgb.shape[1]] = scaled_rgb
        grids = self._engine.run(canvas)
        faces = suppress(decode([grid[0] for grid in grids], self._strides, min_score=min_score))
        return faces[(faces[:, 2:4] - faces[:, :2]).max(axis=1, initial=0) >= least_px]


def scaled_to(image_rgb: np.ndarray, long_side_px: int) -> np.ndarray:
    """Return the picture `(h, w, 3) uint8` as the finder looks at it: smaller, or as it is, never larger."""
    scale = min(1.0, long_side_px / max(image_rgb.shape[:2]))
    if scale == 1:
        return image_rgb
    size = [max(1, round(side * scale)) for side in image_rgb.shape[1::-1]]
    # Linear halving averages two by two pixels just as well, in a tenth of the time.
    while min(image_rgb.shape[1] / size[0], image_rgb.shape[0] / size[1]) >= 2:
        image_rgb = cv2.resize(image_rgb, (image_rgb.shape[1] // 2, image_rgb.shape[0] // 2))
    return cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA)


def _lengths(card: Card, setting: str) -> list[int]:
    value = card.settings.get(setting)
    if not isinstance(value, list) or not value or not all(isinstance(one, int) and one > 0 for one in value):
        raise ModelError(f"The card of {card.name} has no usable {setting}: {value!r}. Restore the version.")
    return value


def _found(row: np.ndarray) -> Found:
    left, top, right, bottom = (float(value) for value in row[:4])
    return Found((left, top, right, bottom), float(row[14]), row[4:14].reshape(5, 2).copy())
