"""A finder that starts from YuNet answers as YuNet does."""

from pathlib import Path

import numpy as np
import pytest
from skimage.data import astronaut

from maskcls.finder import network
from maskcls.finder.decode import decode, suppress
from maskcls.training.finder.start import YUNET_FILE, start_from_yunet
from maskcls.yunet import YuNet

WEIGHTS = Path(__file__).resolve().parents[4] / "shared" / "weights"


@pytest.fixture(scope="module")
def finder():
    if not (WEIGHTS / YUNET_FILE).exists():
        pytest.skip(f"../shared/weights/{YUNET_FILE} is not here")
    finder = network.build()
    start_from_yunet(finder, WEIGHTS / YUNET_FILE)
    return finder


def find(finder, image_rgb: np.ndarray) -> np.ndarray:
    grids = [np.asarray(grid)[0] for grid in finder(image_rgb[None], training=False)]
    return suppress(decode(grids, network.STRIDES, min_score=0.9))


def test_a_picture_without_a_face(finder):
    assert len(find(finder, np.zeros((128, 128, 3), np.uint8))) == 0


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_same_box_and_landmarks(finder, mirrored: bool):
    image = np.ascontiguousarray(astronaut()[:, ::-1] if mirrored else astronaut())
    (ours,) = find(finder, image)
    (theirs,) = YuNet(WEIGHTS / YUNET_FILE.replace("640_640", "dynamic"), min_score=0.7).find_at(image, 1.0)
    # Which of the cells on a face speaks for it may differ: they differ by this much among themselves.
    assert np.abs(ours[:14] - theirs[:14]).max() < 4
