"""When the mirror image is asked, and what two answers say together."""

import numpy as np
import pytest
from scipy.special import softmax

from maskcls.classifier.second_look import CLEAR, after_second_look, is_unclear, mean_answer


@pytest.mark.parametrize(
    ("probabilities", "unclear"),
    [
        (np.zeros((0, 3)), []),
        ([[0.5, 0.5]], [True]),
        ([[CLEAR, 1 - CLEAR], [0.0, 1.0], [0.94, 0.06]], [False, False, True]),
    ],
)
def test_what_is_not_clear(probabilities: list, unclear: list[bool]):
    assert is_unclear(np.array(probabilities)).tolist() == unclear


def test_two_answers_are_the_mean_of_their_logits(rng: np.random.Generator):
    one, other = rng.normal(0, 3, (2, 50, 3))
    both = mean_answer(softmax(one, axis=1), softmax(other, axis=1))
    assert both == pytest.approx(softmax((one + other) / 2, axis=1), abs=1e-6)


@pytest.mark.parametrize("one", [[[0.7, 0.2, 0.1]], [[1.0, 0.0, 0.0]]])
def test_twice_the_same_is_the_same(one: list):
    assert mean_answer(np.array(one), np.array(one)) == pytest.approx(np.array(one))


def test_answers_that_rule_each_other_out_have_a_mean():
    both = mean_answer(np.array([[0.0, 1.0, 0.0]], np.float32), np.array([[0.0, 0.0, 1.0]], np.float32))
    assert both[0] == pytest.approx([0.0, 0.5, 0.5])


def test_three_answers(rng: np.random.Generator):
    logits = rng.normal(0, 3, (3, 50, 4))
    assert mean_answer(*softmax(logits, axis=2)) == pytest.approx(softmax(logits.mean(axis=0), axis=1), abs=1e-6)


def test_clear_answers_stay(rng: np.random.Generator):
    first, mirrored = (rng.dirichlet([0.2] * 3, 200).astype(np.float32) for _ in range(2))
    settled, clear = after_second_look(first, mirrored), ~is_unclear(first)
    assert 0 < clear.sum() < 200
    assert (settled[clear] == first[clear]).all()
    assert settled[~clear] == pytest.approx(mean_answer(first, mirrored)[~clear])
    assert after_second_look(first[:0], mirrored[:0]).shape == (0, 3)
