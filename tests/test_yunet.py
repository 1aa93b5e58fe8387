"""The face finder that ours is measured against: its files, and boxes in the picture's own pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from maskcls.errors import ModelError
from maskcls.finder.boxes import iou_matrix
from maskcls.yunet import YuNet

WEIGHTS = Path(__file__).resolve().parents[2] / "shared" / "weights" / "yunet_n_dynamic.onnx"


@pytest.fixture(scope="module")
def yunet() -> YuNet:
    if not WEIGHTS.exists():
        pytest.skip("../shared/weights/yunet_n_dynamic.onnx is not here")
    return YuNet(WEIGHTS, min_score=0.5)


def test_no_file(tmp_path: Path):
    with pytest.raises(ModelError, match="There is no file"):
        YuNet(tmp_path / "missing.onnx")


def test_a_file_that_is_none(tmp_path: Path):
    path = tmp_path / "text.onnx"
    path.write_text("not a network")
    with pytest.raises(ModelError, match="is not a face finder"):
        YuNet(path)


def test_a_picture_without_a_face(yunet: YuNet):
    boxes, scores = yunet.find(np.zeros((50, 900, 3), np.uint8))
    assert (boxes.shape, scores.shape) == ((0, 4), (0,))


@pytest.mark.parametrize("factor", [0.5, 1, 3])
def test_boxes_are_in_pixels_of_the_picture(yunet: YuNet, factor: float):
    from skimage.data import astronaut

    expected, _ = yunet.find(astronaut())
    boxes, scores = yunet.find(cv2.resize(astronaut(), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
    assert len(boxes) == len(scores) == 1
    assert iou_matrix(boxes / factor, expected)[0, 0] > 0.8


def test_landmarks_are_in_pixels_of_the_picture(yunet: YuNet):
    from skimage.data import astronaut

    rows = yunet.find_at(astronaut(), 0.5)
    assert rows.shape == (1, 15)
    left, top, right, bottom = rows[0, :4]
    points = rows[0, 4:14].reshape(5, 2)
    assert ((points > (left, top)) & (points < (right, bottom))).all()
