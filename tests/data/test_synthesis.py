"""Random masks cover what their class says, on a grey head with a little noise."""

import numpy as np
import pytest

from maskcls.data.synthesis import LABELS, Synthetic, apply_synthetic, draw_synthetic

# Eyes 60 px apart, mouth 54 px below them.
LANDMARKS = np.array([[120, 100], [180, 100], [150, 132], [126, 154], [174, 154]], np.float32)
EYES, NOSE, MOUTH = (150, 100), (150, 130), (150, 154)


@pytest.fixture
def head(rng: np.random.Generator) -> np.ndarray:
    return np.clip(150 + rng.normal(0, 6, (300, 300, 3)), 0, 255).astype(np.uint8)


def covered(painted: np.ndarray, head: np.ndarray, point: tuple[int, int]) -> bool:
    x, y = point
    here = (slice(y - 2, y + 3), slice(x - 2, x + 3))
    return bool((painted[here] != head[here]).any(axis=2).mean() > 0.8)


def test_a_class_that_cannot_be_painted(rng: np.random.Generator):
    with pytest.raises(KeyError):
        draw_synthetic(rng, "without_mask")


@pytest.mark.parametrize("label", LABELS)
def test_masks_cover_what_their_class_says(rng: np.random.Generator, head: np.ndarray, label: str):
    positions = set()
    for _ in range(60):
        mask = draw_synthetic(rng, label)
        painted = apply_synthetic(mask, head, LANDMARKS)
        assert painted.shape == head.shape
        assert (painted != head).any()
        assert mask.position in ("forehead", "mouth_bare") or not covered(painted, head, EYES)
        nose, mouth = covered(painted, head, NOSE), covered(painted, head, MOUTH)
        if label == "with_mask":
            assert nose
            assert mouth
        else:
            assert mouth == (mask.position == "below_nose")
            assert not (nose and mouth)
            assert mask.position == "mouth_bare" or not nose
        positions.add(mask.position)
    everywhere = {"below_nose", "chin", "one_ear", "forehead", "mouth_bare"}
    assert positions == ({"worn"} if label == "with_mask" else everywhere)


def test_a_draw_says_all(head: np.ndarray):
    for seed in range(5):
        draws = [draw_synthetic(np.random.default_rng(seed), "partial_mask") for _ in range(2)]
        assert draws[0] == draws[1]
        before = head.copy()
        pictures = [apply_synthetic(draws[0], head, LANDMARKS) for _ in range(2)]
        assert np.array_equal(*pictures)
        assert np.array_equal(head, before)


@pytest.mark.parametrize(("mirrored", "side"), [(False, 1), (True, -1)])
def test_a_mask_hangs_at_one_ear(head: np.ndarray, mirrored: bool, side: int):
    mask = Synthetic("one_ear", tilt_degrees=70, stretch=(1, 0.55), mirrored=mirrored)
    y, x = np.nonzero((apply_synthetic(mask, head, LANDMARKS) != head).any(axis=2))
    assert side * (np.median(x) - 150) > 30
    assert np.median(y) > 130


def test_the_mask_is_as_noisy_as_the_photograph(rng: np.random.Generator):
    clean = np.full((300, 300, 3), 150, np.uint8)
    noisy = np.clip(150 + rng.normal(0, 12, clean.shape), 0, 255).astype(np.uint8)
    cheek = (slice(140, 150), slice(130, 170))
    calm, rough = (apply_synthetic(Synthetic("worn"), picture, LANDMARKS)[cheek] for picture in (clean, noisy))
    jumps = [float(np.abs(np.diff(patch.astype(float), axis=1)).mean()) for patch in (calm, rough)]
    photograph = float(np.abs(np.diff(noisy.astype(float), axis=1)).mean())
    assert jumps[0] < 0.2 * photograph
    assert 0.85 < jumps[1] / photograph < 1.25


def test_landmarks_that_span_no_face(head: np.ndarray):
    with pytest.raises(ValueError, match="span a face"):
        apply_synthetic(Synthetic("worn"), head, np.full((5, 2), 9.0))
