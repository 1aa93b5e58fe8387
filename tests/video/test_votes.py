"""What is shown follows the frames, but not every one of them."""

import itertools

import numpy as np
import pytest

from maskcls import labels
from maskcls.video.votes import Votes

FRAME_S = 1 / 30


def shown(answers: list[tuple[str, float]], *, threshold: float = 0.8, votes: Votes | None = None) -> list[str]:
    """Return what is shown after each frame: the class of the frame's answer and its probability."""
    votes = votes or Votes()
    start = 0.0
    verdicts = []
    for i, (name, p) in enumerate(answers):
        probabilities = {one: p if one == name else (1 - p) / 2 for one in labels.CLASSES}
        verdicts.append(votes.add(probabilities, sure=p >= threshold, time_s=start + i * FRAME_S))
    return verdicts


def changes(verdicts: list[str]) -> int:
    return sum(a != b for a, b in itertools.pairwise(verdicts))


def test_before_any_frame():
    assert Votes().verdict == labels.NOT_SURE


def test_the_first_sure_frame_speaks():
    assert shown([("with_mask", 0.9)]) == ["with_mask"]
    assert shown([("with_mask", 0.7)]) == [labels.NOT_SURE]


def test_single_frames_change_nothing():
    answers = [("with_mask", 0.95)] * 10
    for i in (12, 20, 21, 30):
        answers = [*answers, *[("with_mask", 0.95)] * (i - len(answers)), ("without_mask", 0.95)]
    assert set(shown(answers)) == {"with_mask"}


def test_a_change_shows_soon():
    verdicts = shown([("with_mask", 0.95)] * 60 + [("without_mask", 0.95)] * 60)
    assert changes(verdicts) == 1
    assert 3 * FRAME_S < verdicts[60:].index("without_mask") * FRAME_S < 1.4


@pytest.mark.parametrize("seed", range(3))
def test_few_results_a_second_flicker_no_more(seed: int):
    """As many people watch, or in a file: ten a second, of which any may be either class."""
    rng = np.random.default_rng(seed)
    votes = Votes()
    verdicts = []
    for i in range(600):
        name, other = rng.permutation(["with_mask", "partial_mask"])
        verdicts.append(votes.add({name: 0.85, other: 0.15}, sure=True, time_s=i / 10))
    assert changes(verdicts) <= 6


@pytest.mark.parametrize("seed", range(3))
def test_no_flicker_at_the_boundary_of_two_classes(seed: int):
    rng = np.random.default_rng(seed)
    answers = [(("with_mask", "partial_mask")[rng.integers(2)], 0.85) for _ in range(1800)]
    # Alone, every other frame would change it: some 900 times in this minute.
    assert changes(shown(answers)) < 10


@pytest.mark.parametrize("seed", range(3))
def test_no_flicker_where_every_other_frame_is_sure(seed: int):
    rng = np.random.default_rng(seed)
    assert changes(shown([("with_mask", 0.85 if rng.random() < 0.5 else 0.7) for _ in range(1800)])) <= 1


def test_unsure_frames_end_in_not_sure_and_no_other_class():
    verdicts = shown([("with_mask", 0.95)] * 30 + [("partial_mask", 0.6)] * 60)
    assert verdicts[-1] == labels.NOT_SURE
    assert set(verdicts) == {"with_mask", labels.NOT_SURE}
    assert verdicts[35] == "with_mask"
    assert changes(verdicts) == 1


def test_after_a_pause_the_present_counts():
    votes = Votes()
    for i in range(60):
        votes.add({"a": 0.9, "b": 0.1}, sure=True, time_s=i * FRAME_S)
    assert votes.add({"a": 0.1, "b": 0.9}, sure=True, time_s=12) == "b"
