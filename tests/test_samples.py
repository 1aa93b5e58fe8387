"""The samples: what is offered can be loaded, and is what its name says."""

import subprocess
import sys

import numpy as np
import pytest

from maskcls import samples


@pytest.fixture(scope="module")
def pictures() -> dict[str, np.ndarray]:
    return {name: samples.load(name) for name in samples.names()}


@pytest.mark.parametrize("name", ["", "nobody"])
def test_unknown_samples_are_refused(name):
    for ask in (samples.load, samples.title):
        with pytest.raises(ValueError, match="no_mask"):
            ask(name)


def test_what_is_offered_has_a_title_and_a_picture(pictures):
    assert tuple(pictures) == ("no_mask", "mask_worn", "mask_below_nose", "mask_on_chin", "four_faces")
    assert len({samples.title(name) for name in pictures}) == 5
    for picture in pictures.values():
        assert picture.dtype == np.uint8
        assert picture.ndim == 3
        assert picture.shape[2] == 3
        assert picture.flags.c_contiguous


def covered(pictures: dict[str, np.ndarray], name: str, point: tuple[float, float]) -> bool:
    x, y = round(point[0]), round(point[1])
    change = pictures[name][y, x].astype(int) - pictures["no_mask"][y, x]
    return bool(np.abs(change).max() > 25)


@pytest.mark.parametrize(
    ("name", "nose", "mouth"),
    [
        ("no_mask", False, False),
        ("mask_worn", True, True),
        ("mask_below_nose", False, True),
        ("mask_on_chin", False, False),
    ],
)
def test_masks_sit_where_the_name_says(pictures, name, nose, mouth):
    left_eye, right_eye, tip, left_mouth, right_mouth = samples.ASTRONAUT_LANDMARKS
    middle = ((left_mouth[0] + right_mouth[0]) / 2, (left_mouth[1] + right_mouth[1]) / 2)
    assert [covered(pictures, name, point) for point in (tip, middle)] == [nose, mouth]
    assert not any(covered(pictures, name, eye) for eye in (left_eye, right_eye))
    chin = (middle[0], 172)
    assert covered(pictures, name, chin) == (name != "no_mask")


def test_landmarks_lie_in_their_box():
    left, top, right, bottom = samples.ASTRONAUT_BOX_XYXY
    assert all(left < x < right and top < y < bottom for x, y in samples.ASTRONAUT_LANDMARKS)


def test_the_group_picture_shows_four_different_tiles(pictures):
    group = pictures["four_faces"]
    tiles = np.split(group, 4, axis=1)
    assert all(tile.shape == (320, 320, 3) for tile in tiles)
    assert all((one != other).mean() > 0.5 for i, one in enumerate(tiles) for other in tiles[:i])


def test_changing_a_sample_does_not_change_the_next():
    samples.load("no_mask")[:] = 0
    assert samples.load("no_mask").any()


def test_scikit_image_is_imported_only_when_a_sample_is_loaded():
    code = "import sys; from maskcls import samples; samples.names(); sys.exit('skimage' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own line
