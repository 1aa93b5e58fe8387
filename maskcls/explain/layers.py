"""What layers answer and look for: feature maps, filters, and the picture that excites a channel most."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from maskcls.explain.question import Tell

if TYPE_CHECKING:
    from maskcls.explain.network import Network

# Steps up the gradient, and how long each is, in values of 0 to 255.
_STEPS, _STEP = 80, 4.0
# The picture is moved by up to so many pixels in each step, and smoothed every few, so that no pixel wins by itself.
_JITTER_PX, _SMOOTH_EVERY, _SMOOTH_PX = 4, 4, 0.6
_GAP_PX = 2
# Of the gaps: no filter's and no map's ground.
_GAP = 225


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """What a layer answers to one picture.

    Attributes:
        maps: `(channels, rows, columns) float32`, the most active first.
        channels: Their numbers in the layer, in the same order.
        dead: How many are the same everywhere: they say nothing of this picture.
    """

    maps: np.ndarray
    channels: np.ndarray
    dead: int


def feature_maps(network: "Network", crop_rgb: np.ndarray, layer: str) -> FeatureMaps:
    """Return what a spatial layer answers to a crop `(s, s, 3) uint8`, its channels sorted by their mean size.

    Raises:
        SettingsError: There is no such layer.
    """
    maps = np.moveaxis(network.activations(crop_rgb[None], layer)[0], -1, 0)
    order = np.argsort(-np.abs(maps).mean(axis=(1, 2)), kind="stable")
    return FeatureMaps(maps[order], order, int((np.ptp(maps.reshape(len(maps), -1), axis=1) == 0).sum()))


def first_filters(network: "Network") -> np.ndarray | None:
    """Return the first convolution's filters as pictures, `(n, rows, columns, 3) uint8`; None where they see no RGB.

    Grey is no weight at all; each is scaled to its own largest weight.
    """
    for layer in network.layers:
        kernel = getattr(network.layer(layer.name), "kernel", None)
        # One that rests was given, not learnt: it makes grey, or what a base wants to see.
        learnt = network.layer(layer.name).trainable
        if kernel is None or not learnt or "Conv2D" not in layer.kind or "Depthwise" in layer.kind:
            continue
        weights = np.asarray(kernel)
        if weights.shape[2] != 3:
            return None
        pictures = np.moveaxis(weights, -1, 0)
        largest = np.abs(pictures).max(axis=(1, 2, 3), keepdims=True)
        return np.rint(127.5 + 127.5 * pictures / np.maximum(largest, 1e-12)).astype(np.uint8)
    return None


def looked_for(network: "Network", layer: str, channel: int, *, tell: Tell = lambda _: None) -> np.ndarray:
    """Return a picture that a channel answers to as strongly as can be: `(s, s, 3) uint8`.

    Activation maximisation (Erhan et al., "Visualizing Higher-Layer Features of a Deep Network", 2009), from noise,
    with jitter and smoothing (Olah et al., "Feature Visualization", 2017).

    Args:
        network: Whose.
        layer: One with a place in the picture.
        channel: Its number in the layer.
        tell: Is told how much is done; whatever it raises stops it.
    """
    import tensorflow as tf

    climb = network.ascent(layer, channel)
    rng = np.random.default_rng(channel)
    side = network.input_px
    picture = rng.normal(127.5, 12, (side, side, 3)).astype(np.float32)
    for step in range(_STEPS):
        move = tuple(rng.integers(-_JITTER_PX, _JITTER_PX + 1, 2))
        moved = np.roll(picture, move, axis=(0, 1))
        _, gradient = climb(tf.constant(moved[None]))
        slope = gradient.numpy()[0]
        # Of one length whatever the channel's scale is; none where it is dead.
        moved += _STEP * slope / (np.sqrt((slope**2).mean()) + 1e-12) if slope.any() else 0
        picture = np.clip(np.roll(moved, (-move[0], -move[1]), axis=(0, 1)), 0, 255)
        if step % _SMOOTH_EVERY == 0:
            picture = cv2.GaussianBlur(picture, (0, 0), _SMOOTH_PX)
        tell((step + 1) / _STEPS)
    return np.rint(picture).astype(np.uint8)


def mean_answers(network: "Network", crops_rgb: np.ndarray, layer: str) -> np.ndarray:
    """Return each channel's mean over all places, for crops `(n, s, s, 3) uint8`: `(n, channels) float32`.

    Means, because many channels reach the most they can answer in any face.

    Raises:
        SettingsError: There is no such layer, or it has no place in the picture.
    """
    return network.activations(crops_rgb, layer).mean(axis=(1, 2))


def most_exciting(answers: np.ndarray, channel: int, *, most: int = 9) -> list[tuple[int, float]]:
    """Return which crops excite a channel most, as number and strength, the strongest first.

    Args:
        answers: From `mean_answers`.
        channel: Its number in the layer.
        most: How many.
    """
    strengths = answers[:, channel]
    order = np.argsort(-strengths, kind="stable")[:most]
    return [(int(i), float(strengths[i])) for i in order]


def places(answers: np.ndarray) -> np.ndarray:
    """Return where crops lie in the space of a layer's features, seen in two directions: `(n, 2) float32`.

    The directions in which they differ most (principal components).

    Args:
        answers: From `mean_answers`.
    """
    if len(answers) < 2:
        return np.zeros((len(answers), 2), np.float32)
    centred = answers - answers.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    return np.pad(left[:, :2] * sizes[:2], ((0, 0), (0, max(0, 2 - min(centred.shape))))).astype(np.float32)


def grid(tiles: np.ndarray, *, across: int, tile_px: int) -> np.ndarray:
    """Return pictures `(n, rows, columns, 3) uint8` side by side, with gaps between them, pixels kept square.

    Args:
        tiles: At least one.
        across: How many in a row.
        tile_px: Side of each in the answer.
    """
    step = tile_px + _GAP_PX
    rows = -(-len(tiles) // across)
    sheet = np.full((rows * step - _GAP_PX, min(across, len(tiles)) * step - _GAP_PX, 3), _GAP, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // across * step, i % across * step
        size = (tile_px, tile_px)
        sheet[top : top + tile_px, left : left + tile_px] = cv2.resize(tile, size, interpolation=cv2.INTER_NEAREST)
    return sheet
