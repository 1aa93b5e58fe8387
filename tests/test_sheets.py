"""Contact sheets hold every picture once, in order, under its caption."""

import numpy as np
import pytest

from maskcls.sheets import contact_sheet


def test_no_picture():
    assert contact_sheet([], []).max() == 0


@pytest.mark.parametrize(("count", "shape"), [(1, (144, 128, 3)), (3, (144, 384, 3)), (4, (288, 384, 3))])
def test_every_picture_in_its_place(count: int, shape: tuple[int, ...]):
    pictures = [np.full((10 + i, 20, 3), 50 * (i + 1), np.uint8) for i in range(count)]
    sheet = contact_sheet(pictures, ["one"] * count, across=3)
    assert sheet.shape == shape
    for i in range(count):
        y, x = 144 * (i // 3), 128 * (i % 3)
        assert (sheet[y + 16 : y + 144, x : x + 128] == 50 * (i + 1)).all()
        assert sheet[y : y + 16, x : x + 128, 0].max() > 100


def test_a_caption_is_missing():
    with pytest.raises(ValueError, match="zip"):
        contact_sheet([np.zeros((4, 4, 3), np.uint8)], [])
