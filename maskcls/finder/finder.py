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
# A smaller look is for the faces that fill the picture; about the others the larger one knows better.
_LEAST_IN_SMALLER_LOOKS_PX = 24
# On validation pictures, precision and recall are both 0.83 here, and most false hits are faces that nobody drew.
DEFAULT_MIN_SCORE = 0.7
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
            longest_px: The picture is not looked at larger than this, which is quicker and misses small faces.
        """
        first, *smaller = self._sides_for(image_rgb, longest_px)
        looks = [self._look(image_rgb, first, min_score)]
        looks += [self._look(image_rgb, side, min_score, least_px=_LEAST_IN_SMALLER_LOOKS_PX) for side in smaller]
        faces = np.concatenate(looks)
        faces = suppress(faces[np.argsort(-faces[:, 14], kind="stable")])
        height, width = image_rgb.shape[:2]
        faces[:, :4] = np.clip(faces[:, :4], 0, (width, height, width, height))
        sides = (faces[:, 2:4] - faces[:, :2]).max(axis=1, initial=0)
        return [_found(row) for row in faces[sides >= max(min_face_px, 1)]]

    def _sides_for(self, image_rgb: np.ndarray, longest_px: int | None) -> list[int]:
        """Return the long sides to look at, largest first: none above the picture's own, none hardly below another."""
        long_side = min(max(image_rgb.shape[:2]), longest_px or max(image_rgb.shape[:2]))
        sides: list[int] = []
        for side in sorted({min(side, long_side) for side in self._long_sides}, reverse=True):
            if not sides or side * _NEXT_LOOK <= sides[-1]:
                sides.append(side)
        return sides

    def _look(self, image_rgb: np.ndarray, long_side_px: int, min_score: float, *, least_px: float = 0) -> np.ndarray:
        """Return the faces seen at one scale that are `least_px` large there, in pixels of the picture."""
        scaled = scaled_to(image_rgb, long_side_px)
        height, width = (-(-side // _MULTIPLE) * _MULTIPLE for side in scaled.shape[:2])
        canvas = np.zeros((1, height, width, 3), np.uint8)
        canvas[0, : scaled.shape[0], : scaled.shape[1]] = scaled
        grids = self._engine.run(canvas)
        faces = suppress(decode([grid[0] for grid in grids], self._strides, min_score=min_score))
        faces = faces[(faces[:, 2:4] - faces[:, :2]).max(axis=1, initial=0) >= least_px]
        faces[:, :14] *= np.tile((image_rgb.shape[1] / scaled.shape[1], image_rgb.shape[0] / scaled.shape[0]), 7)
        return faces


def scaled_to(image_rgb: np.ndarray, long_side_px: int) -> np.ndarray:
    """Return the picture `(h, w, 3) uint8` as the finder looks at it: smaller, or as it is, never larger."""
    scale = min(1.0, long_side_px / max(image_rgb.shape[:2]))
    size = [max(1, round(side * scale)) for side in image_rgb.shape[1::-1]]
    return image_rgb if scale == 1 else cv2.resize(image_rgb, size, interpolation=cv2.INTER_AREA)


def _lengths(card: Card, setting: str) -> list[int]:
    value = card.settings.get(setting)
    if not isinstance(value, list) or not value or not all(isinstance(one, int) and one > 0 for one in value):
        raise ModelError(f"The card of {card.name} has no usable {setting}: {value!r}. Restore the version.")
    return value


def _found(row: np.ndarray) -> Found:
    left, top, right, bottom = (float(value) for value in row[:4])
    return Found((left, top, right, bottom), float(row[14]), row[4:14].reshape(5, 2).copy())
