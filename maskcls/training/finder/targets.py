"""What each cell of the finder's grids should answer, and how wrong answers are counted.

Cells near a face's centre are positive (centre sampling, FCOS, Tian et al., 2019). Their score should be one; less as
long as their box hardly overlaps the drawn one (quality focal loss, Li et al., "Generalized Focal Loss", 2020), and
less where the teacher sees no face (soft labels, Hinton et al., "Distilling the Knowledge in a Neural Network", 2015).
Boxes are judged by generalised IoU (Rezatofighi et al., 2019), landmarks by smooth L1 in units of the face's size.
"""

import keras
import numpy as np
from keras import ops

from maskcls.finder.boxes import area
from maskcls.finder.network import STRIDES
from maskcls.training.teacher import Truth

# Face sizes (square root of the area, in pixels) that each grid is responsible for; neighbours overlap.
SIZES_PX = ((0.0, 48.0), (32.0, 128.0), (88.0, np.inf))
# Beyond them a grid may see a face or not: within this factor its centre teaches nothing.
_TOLERANCE = 1.5
_CENTRE_CELLS = 1.5

# Channels of a target: whether it counts, whether a face is there, the corners of its box and its landmarks in strides
# from the cell, whether the landmarks are known, the face's size in strides, how sure of it the network may become.
COUNTS, POSITIVE, BOX, LANDMARKS, KNOWN, SIZE, SURENESS = 0, 1, slice(2, 6), slice(6, 16), 16, 17, 18
TARGET_CHANNELS = 19
# The teacher's share in that.
TEACHERS_SHARE = 0.4
# From the first overlap on a box is worth something, from the second on all. Boxes are drawn loosely: were the score
# the overlap itself, faces in profile, where two people hardly draw one box, would have low scores.
_WORTH_IOU = (0.3, 0.6)


def encode(truth: Truth, *, size_px: int) -> np.ndarray:
    """Return the targets of all cells of a square crop, grid after grid: `(cells, 19) float32`.

    Args:
        truth: Its faces, with boxes that end inside the crop.
        size_px: Its side.
    """
    grids = [
        _encode_grid(truth, size_px // stride, stride, sizes) for stride, sizes in zip(STRIDES, SIZES_PX, strict=True)
    ]
    return np.concatenate(grids)


def _encode_grid(truth: Truth, cells: int, stride: int, sizes_px: tuple[float, float]) -> np.ndarray:
    target = np.zeros((cells, cells, TARGET_CHANNELS), np.float32)
    target[..., COUNTS] = 1
    for box in truth.ignored_xyxy:
        target[(*_cells(box[:2], box[2:], stride), COUNTS)] = 0
    face_px = np.sqrt(area(truth.boxes_xyxy))
    # Large faces first: where two cover a cell, the smaller one has the last word.
    for i in np.argsort(-face_px):
        box, size = truth.boxes_xyxy[i], face_px[i]
        if not sizes_px[0] / _TOLERANCE <= size <= sizes_px[1] * _TOLERANCE:
            continue
        near = _central_cells(box, stride)
        if sizes_px[0] <= size <= sizes_px[1]:
            centres = (np.mgrid[near][::-1].transpose(1, 2, 0) + 0.5) * stride
            target[near] = _answers(centres, truth, i, stride)
        else:
            target[(*near, COUNTS)] = 0
    return target.reshape(-1, TARGET_CHANNELS)


def _central_cells(box: np.ndarray, stride: int) -> tuple[slice, slice]:
    """Return rows and columns near the middle of a box and inside it."""
    middle, reach = (box[:2] + box[2:]) / 2, _CENTRE_CELLS * stride
    return _cells(np.maximum(box[:2], middle - reach), np.minimum(box[2:], middle + reach), stride)


def _cells(low_xy: np.ndarray, high_xy: np.ndarray, stride: int) -> tuple[slice, slice]:
    """Return rows and columns of the cells with their centre in a rectangle, or with its middle in them.

    Args:
        low_xy: `(2,)`, where the rectangle begins.
        high_xy: `(2,)`, where it ends, inside the crop.
        stride: Pixels of a cell.
    """
    first = np.maximum(np.ceil(low_xy / stride - 0.5), 0).astype(int)
    last = np.floor(high_xy / stride - 0.5).astype(int)
    # Between two centres lies none: a small face still has a cell.
    middle = ((low_xy + high_xy) / 2 // stride).astype(int)
    first, last = np.where(last < first, middle, first), np.where(last < first, middle, last)
    return slice(int(first[1]), int(last[1]) + 1), slice(int(first[0]), int(last[0]) + 1)


def _answers(centres: np.ndarray, truth: Truth, face: int, stride: int) -> np.ndarray:
    """Return what cells with these centres, `(rows, columns, 2)`, should say of a face: `(rows, columns, 19)`."""
    box, landmarks = truth.boxes_xyxy[face], truth.landmarks[face]
    answers = np.ones((*centres.shape[:2], TARGET_CHANNELS), np.float32)
    answers[..., BOX] = (box - np.tile(centres, 2)) / stride
    answers[..., KNOWN] = not np.isnan(landmarks).any()
    answers[..., LANDMARKS] = (np.nan_to_num(landmarks).reshape(10) - np.tile(centres, 5)) / stride
    answers[..., SIZE] = np.sqrt(area(box[None])) / stride
    answers[..., SURENESS] = 1 - TEACHERS_SHARE * (1 - truth.sureness[face])
    return answers


@keras.saving.register_keras_serializable(package="maskcls")
def detection_loss(truth: keras.KerasTensor, answer: keras.KerasTensor) -> keras.KerasTensor:
    """Return the loss of a batch.

    Args:
        truth: `(n, cells, 19)`, from `encode`.
        answer: `(n, cells, 15)`, the network's grids one after another.
    """
    counts, positive = truth[..., COUNTS], truth[..., POSITIVE]
    faces = ops.maximum(ops.sum(positive), 1.0)
    middle, half = answer[..., 1:3], ops.exp(ops.clip(answer[..., 3:5], -6.0, 6.0)) / 2
    iou, giou = _overlap(ops.concatenate([middle - half, middle + half], axis=-1), truth[..., BOX])
    return (
        ops.sum(_quality_focal(answer[..., 0], _worth(ops.stop_gradient(iou)) * truth[..., SURENESS]) * counts) / faces
        + 2.0 * ops.sum((1 - giou) * positive) / faces
        + ops.sum(_landmark_error(answer[..., 5:], truth) * positive * truth[..., KNOWN]) / faces
    )


def _worth(iou: keras.KerasTensor) -> keras.KerasTensor:
    least, enough = _WORTH_IOU
    return ops.clip((iou - least) / (enough - least), 0.0, 1.0)


def _quality_focal(logit: keras.KerasTensor, quality: keras.KerasTensor) -> keras.KerasTensor:
    cross_entropy = ops.maximum(logit, 0.0) - logit * quality + ops.log1p(ops.exp(-ops.abs(logit)))
    return cross_entropy * ops.square(quality - ops.sigmoid(logit))


def _overlap(a: keras.KerasTensor, b: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return IoU and generalised IoU of boxes `(…, 4)`, as x, y, x, y."""
    low, high = ops.minimum(a, b), ops.maximum(a, b)
    shared = _area(ops.concatenate([high[..., :2], low[..., 2:]], axis=-1))
    hull = _area(ops.concatenate([low[..., :2], high[..., 2:]], axis=-1))
    union = _area(a) + _area(b) - shared
    iou = shared / (union + 1e-7)
    return iou, iou - (hull - union) / (hull + 1e-7)


def _area(boxes: keras.KerasTensor) -> keras.KerasTensor:
    sides = ops.maximum(boxes[..., 2:] - boxes[..., :2], 0.0)
    return sides[..., 0] * sides[..., 1]


def _landmark_error(offsets: keras.KerasTensor, truth: keras.KerasTensor) -> keras.KerasTensor:
    error = ops.abs(offsets - truth[..., LANDMARKS]) / ops.maximum(truth[..., SIZE : SIZE + 1], 1.0)
    # Quadratic below a tenth of the face: there the teacher itself wavers.
    return ops.sum(ops.where(error < 0.1, 5.0 * ops.square(error), error - 0.05), axis=-1)
