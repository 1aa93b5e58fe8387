"""A mask painted on one grey head is cut out again, and covers on another what its class says."""

import numpy as np
import pytest

from maskcls.data.painter import paint_mask
from maskcls.data.transplants import Cutout, Place, cut_out, draw_place, transplant

# Eyes 60 px apart, mouth 54 px below them.
LANDMARKS = np.array([[120, 100], [180, 100], [150, 132], [126, 154], [174, 154]], np.float32)
EYES, NOSE, MOUTH, COLLAR = (150, 100), (150, 130), (150, 154), (150, 270)
BLUE = (60, 110, 200)


def head(rng: np.random.Generator, *, level: int = 150) -> np.ndarray:
    return np.clip(level + rng.normal(0, 6, (300, 300, 3)), 0, 255).astype(np.uint8)


@pytest.fixture
def mask(rng: np.random.Generator) -> Cutout:
    found = cut_out(paint_mask(head(rng), LANDMARKS, colour=BLUE), LANDMARKS)
    assert found is not None
    return found


def covered(picture: np.ndarray, bare: np.ndarray, point: tuple[int, int]) -> bool:
    x, y = point
    here = (slice(y - 2, y + 3), slice(x - 2, x + 3))
    return bool((picture[here] != bare[here]).any(axis=2).mean() > 0.8)


def blueness(picture: np.ndarray, where: np.ndarray) -> float:
    return float(np.median(picture[where][:, 2].astype(float) - picture[where][:, 0]))


def test_a_bare_face_has_no_mask_to_cut_out(rng: np.random.Generator):
    bare = head(rng)
    found = cut_out(bare, LANDMARKS)
    # Where nothing stands out the cut takes in what it was told to begin with, or nothing; never something else.
    assert found is None or blueness(bare, found.alpha > 0.5) == pytest.approx(0, abs=3)


def test_a_face_that_fills_the_picture_or_lies_outside(rng: np.random.Generator):
    picture = head(rng)
    assert cut_out(picture, (LANDMARKS - 150) * 30 + 150) is None
    assert cut_out(picture, LANDMARKS + 1000) is None


def test_the_cloth_is_cut_out_and_nothing_else(mask: Cutout):
    assert mask.image_rgb.shape == (300, 300, 3)
    assert mask.alpha.shape == (300, 300)
    inside = mask.alpha > 0.5
    assert blueness(mask.image_rgb, inside) > 50
    assert [bool(inside[y, x]) for x, y in (EYES, NOSE, MOUTH, COLLAR)] == [False, True, True, False]


def test_places_of_a_class_without_masks(rng: np.random.Generator):
    with pytest.raises(KeyError):
        draw_place(rng, "without_mask")


@pytest.mark.parametrize("label", ["with_mask", "partial_mask"])
def test_masks_cover_what_their_class_says(rng: np.random.Generator, mask: Cutout, label: str):
    bare, names = head(rng, level=120), set()
    for _ in range(60):
        place = draw_place(rng, label)
        worn = transplant(mask, place, bare, LANDMARKS)
        nose, mouth = covered(worn, bare, NOSE), covered(worn, bare, MOUTH)
        assert (worn != bare).any()
        assert (nose and mouth) == (label == "with_mask")
        # Below the nose it ends above the mouth or on it.
        assert place.name == "below_nose" or mouth == (place.name == "worn")
        assert place.name == "mouth_bare" or nose == (place.name == "worn")
        names.add(place.name)
    everywhere = {"below_nose", "chin", "forehead", "mouth_bare"}
    assert names == ({"worn"} if label == "with_mask" else everywhere)


def test_it_lies_between_the_edges_of_its_place(rng: np.random.Generator, mask: Cutout):
    bare = head(rng)
    place = Place("chin", upper=1.4, lower=2.2, right=0.2)
    rows, columns = np.nonzero(np.abs(transplant(mask, place, bare, LANDMARKS).astype(int) - bare).max(axis=2) > 25)
    assert np.quantile(rows, [0.02, 0.98]) == pytest.approx([100 + 1.4 * 54, 100 + 2.2 * 54], abs=8)
    assert np.median(columns) == pytest.approx(150 + 0.2 * 60 * 0.97, abs=4)


def test_it_is_lit_as_the_face_is_but_not_overexposed(rng: np.random.Generator, mask: Cutout):
    cheek = (slice(160, 180), slice(140, 160))
    levels = [
        transplant(mask, Place("worn", 0.26, 2.02), head(rng, level=level), LANDMARKS)[cheek].mean()
        for level in (75, 110, 150, 240)
    ]
    assert np.array(levels[:2]) / levels[2] == pytest.approx([1 / 1.6, 110 / 150], abs=0.03)
    assert 1.1 < levels[3] / levels[2] < 1.6


def test_pictures_given_stay_as_they_are(rng: np.random.Generator, mask: Cutout):
    bare = head(rng)
    before = bare.copy(), mask.image_rgb.copy()
    pictures = [transplant(mask, Place("worn", 0.26, 2.02), bare, LANDMARKS) for _ in range(2)]
    assert np.array_equal(*pictures)
    assert np.array_equal(bare, before[0])
    assert np.array_equal(mask.image_rgb, before[1])


def test_landmarks_that_span_no_face(rng: np.random.Generator, mask: Cutout):
    nowhere = np.full((5, 2), 9.0)
    with pytest.raises(ValueError, match="span a face"):
        cut_out(head(rng), nowhere)
    with pytest.raises(ValueError, match="span a face"):
        transplant(mask, Place("worn", 0.26, 2.02), head(rng), nowhere)
