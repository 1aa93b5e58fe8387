"""A face without a mask is noticed by how long it has stayed, and only while it stays."""

import numpy as np
import pytest

from maskcls import labels
from maskcls.video.alert import Alert
from maskcls.video.tracker import Track
from tests.video.test_tracker import face


def seen(number: int, verdict: str) -> Track:
    return Track(number, face(100), verdict, 0, 0, np.zeros(4))


def test_nobody():
    alert = Alert()
    assert alert.update([], 0) == 0
    assert alert.update([], 100) == 0


@pytest.mark.parametrize("verdict", [labels.WITH_MASK, labels.PARTIAL_MASK, labels.NOT_SURE])
def test_other_verdicts_are_no_matter(verdict: str):
    alert = Alert()
    assert [alert.update([seen(1, verdict)], t) for t in (0, 5, 10)] == [0, 0, 0]


def test_the_longest_counts_and_a_mask_ends_it():
    alert = Alert()
    bare = seen(1, labels.WITHOUT_MASK)
    for tenth in range(31):
        alert.update([bare], tenth / 10)
    other = seen(2, labels.WITHOUT_MASK)
    assert alert.update([other, bare], 3.1) == pytest.approx(3.1)
    assert alert.update([other, seen(1, labels.WITH_MASK)], 3.2) == pytest.approx(0.1)


def test_a_blink_is_forgiven_and_a_walk_is_not():
    alert = Alert()
    bare = seen(1, labels.WITHOUT_MASK)
    alert.update([bare], 0)
    alert.update([], 0.5)
    assert alert.update([bare], 0.9) == pytest.approx(0.9)
    alert.update([], 2.5)
    assert alert.update([bare], 3.0) == 0
