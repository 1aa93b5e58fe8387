"""Where the face finder's training starts: from the weights of its teacher, YuNet, whose layers are among its own."""

from pathlib import Path

import cv2
import keras
import numpy as np

from maskcls.finder.network import CHANNELS, STRIDES

YUNET_FILE = "yunet_n_640_640.onnx"
# Convolutions in the order of the file; each but the first is a pointwise and a depthwise one.
_UNITS = (
    "stage_2", "stage_4_a", "stage_4_b", "stage_4_c", "stage_4_d", "stage_8_a", "stage_8_b", "stage_16_a", "stage_16_b",
    "stage_32_a", "stage_32_b", "pyramid_32", "pyramid_16", "pyramid_8", "head_8", "head_16", "head_32",
)  # fmt: skip
# Then follow the answers, each for all strides: is it a face, its box, is there an object, its landmarks. YuNet's score
# is the root of the first times the third; one of them is enough to start from, and training does the rest.
_ANSWERS = ("class", "box", "object", "landmarks")

_Weights = list[np.ndarray]


def start_from_yunet(finder: keras.Model, onnx: Path) -> None:
    """Set every layer of `finder` that YuNet has too to its weights.

    Args:
        finder: What `maskcls.finder.network.build` returned.
        onnx: YuNet for one input size; both files of it hold the same weights.
    """
    stem, *rest = _convolutions(onnx)
    kernel, bias = stem
    # YuNet reads blue, green, red, from 0 to 255.
    finder.get_layer("stem").set_weights([kernel[:, ::-1].transpose(2, 3, 1, 0) * 255, bias])
    pairs = list(zip(rest[::2], rest[1::2], strict=True))
    for name, (pointwise, depthwise) in zip(_UNITS, pairs, strict=False):
        _set_unit(finder, name, _pointwise(pointwise), _depthwise(depthwise))
    answers = dict(zip(_ANSWERS, zip(*[iter(pairs[len(_UNITS) :])] * len(STRIDES), strict=True), strict=True))
    for i, stride in enumerate(STRIDES):
        _set_unit(finder, f"grid_{stride}", *_grid([answers[name][i] for name in ("object", "box", "landmarks")]))


def _grid(answers: list[tuple[_Weights, _Weights]]) -> tuple[_Weights, _Weights]:
    """Return one unit for all answers of a grid, the score first."""
    points = [_pointwise(pointwise) for pointwise, _ in answers]
    depths = [_depthwise(depthwise) for _, depthwise in answers]
    pointwise = [np.concatenate([kernel for kernel, _ in points], axis=3), np.concatenate([bias for _, bias in points])]
    kernel, bias = np.concatenate([k for k, _ in depths], axis=2), np.concatenate([b for _, b in depths])
    # Places are told from the corner of the cell there, and from its middle here; the box's size from neither.
    shift = np.full(CHANNELS, 0.5, np.float32)
    shift[[0, 3, 4]] = 0
    return pointwise, [kernel, bias - shift]


def _set_unit(finder: keras.Model, name: str, pointwise: _Weights, depthwise: _Weights) -> None:
    finder.get_layer(f"{name}_pointwise").set_weights(pointwise)
    finder.get_layer(f"{name}_depthwise").set_weights(depthwise)


def _pointwise(weights: _Weights) -> _Weights:
    return [weights[0].transpose(2, 3, 1, 0), weights[1]]


def _depthwise(weights: _Weights) -> _Weights:
    return [weights[0].transpose(2, 3, 0, 1), weights[1]]


def _convolutions(onnx: Path) -> list[_Weights]:
    """Return kernel and bias of every convolution of an ONNX file, in its order."""
    # OpenCV's newer engine does not hand out weights.
    network = cv2.dnn.readNetFromONNX(str(onnx), engine=cv2.dnn.ENGINE_CLASSIC)
    layers = [network.getLayer(network.getLayerId(name)) for name in network.getLayerNames()]
    return [[np.asarray(blob) for blob in layer.blobs] for layer in layers if layer.type == "Convolution"]
