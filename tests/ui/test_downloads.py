import io
import zipfile

import numpy as np
import pytest

from maskcls import images
from maskcls.face import Face
from maskcls.ui.desk import Picture
from maskcls.ui.downloads import annotate, annotated_zip, safe_names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], []),
        (["a.png"], ["a.jpg"]),
        (["a.png", "a.jpg", "A.gif"], ["a.jpg", "a-2.jpg", "A-3.jpg"]),
        (["a.png", "a-2.png", "a.bmp"], ["a.jpg", "a-2.jpg", "a-3.jpg"]),
        (["../../etc/passwd"], ["passwd.jpg"]),
        (["..\\..\\boot.ini"], ["boot.jpg"]),
        (["/", "..", ".", ""], ["_.jpg", "_-2.jpg", "_-3.jpg", "The picture.jpg"]),
        (["con.png", "LPT1"], ["_con.jpg", "_LPT1.jpg"]),
        (["día de playa (1).jpeg"], ["día de playa (1).jpg"]),
        (["a\x00b\n<c>|d?.png"], ["ab_c__d_.jpg"]),
        ([".hidden"], ["hidden.jpg"]),
        (["x" * 300 + ".png"], ["x" * 80 + ".jpg"]),
    ],
)
def test_safe_names(names: list[str], expected: list[str]):
    assert safe_names(names) == expected


def test_zip_holds_every_picture_that_can_be_read(a_face: Face):
    data = images.encode(np.full((64, 64, 3), 90, np.uint8))
    pictures = [Picture("1", "1", "a.png", data), Picture("2", "2", "bad.png", b"no"), Picture("3", "3", "a.png", data)]
    with zipfile.ZipFile(io.BytesIO(annotated_zip([(one, [a_face]) for one in pictures])())) as archive:
        assert archive.namelist() == ["a.jpg", "a-2.jpg"]
        assert images.read(archive.read("a.jpg")).std() > 5
    assert annotated_zip([])()


def test_annotate_scales_the_boxes(a_face: Face):
    small = annotate(np.zeros((32, 32, 3), np.uint8), [a_face], scale=0.5)
    rows, columns = np.nonzero(small.any(axis=2))
    assert columns.max() < 32
    assert rows.max() <= 28
    assert not annotate(np.zeros((32, 32, 3), np.uint8), []).any()
