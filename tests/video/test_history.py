"""Events are changes of verdict; the last minute is counted, and what is old forgotten."""

import numpy as np
import pytest

from maskcls.face import Face
from maskcls.video.history import Event, History
from maskcls.video.tracker import Track

SOMEONE = Face((0, 0, 9, 9), 0.9, None, {"a": 1.0}, np.zeros((1, 1, 1), np.float32), (0, 0, 9, 9))


def track(number: int, verdict: str) -> Track:
    return Track(number, SOMEONE, verdict, 0, 0, np.zeros(4))


def test_nothing_happened():
    history = History()
    assert history.add([], 1) == []
    assert (list(history.events), history.shares()) == ([], {})


def test_only_changes_are_events():
    history = History()
    assert history.add([track(1, "a")], 0) == [Event(1, 0, "", "a")]
    assert history.add([track(1, "a"), track(2, "b")], 1) == [Event(2, 1, "", "b")]
    assert history.add([track(1, "b"), track(2, "b")], 2) == [Event(1, 2, "a", "b")]
    assert [event.time_s for event in history.events] == [0, 1, 2]


def test_shares_of_the_last_minute():
    history = History()
    history.add([track(1, "a")], 0)
    for time_s in (30, 50):
        history.add([track(1, "a"), track(2, "b")], time_s)
    assert history.shares() == {"a": pytest.approx(0.6), "b": pytest.approx(0.4)}
    history.add([track(2, "b")], 100)
    assert history.shares() == {"a": pytest.approx(1 / 3), "b": pytest.approx(2 / 3)}


def test_a_long_day_takes_no_more_memory_than_a_short_one():
    history = History()
    for i in range(5000):
        history.add([track(i, "ab"[i % 2])], i)
    assert len(history.events) == 2000
    assert len(history._lately) <= 61
    assert len(history._verdicts) <= 6
