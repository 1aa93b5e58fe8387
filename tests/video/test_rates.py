"""Rates are of the last seconds only, and nothing grows."""

import pytest

from maskcls.video.rates import Rate


def test_of_nothing():
    rate = Rate()
    assert rate.per_second(5.0) == 0
    assert rate.percentile_ms(95, 5.0) is None


def test_one_event_has_no_rate():
    rate = Rate()
    rate.add(1.0, 7.0)
    assert rate.per_second(1.0) == 0
    assert rate.percentile_ms(95, 1.0) == 7


def test_thirty_a_second():
    rate = Rate()
    for i in range(300):
        rate.add(i / 30, took_ms=i % 100)
    assert rate.per_second(10.0) == pytest.approx(30, abs=0.5)
    assert rate.percentile_ms(95, 10.0) == pytest.approx(94, abs=2)


def test_what_stopped_is_no_more():
    rate = Rate()
    for i in range(30):
        rate.add(i / 30, 5.0)
    assert rate.per_second(10.0) == 0
    assert rate.percentile_ms(95, 10.0) is None


def test_two_events_at_once():
    rate = Rate()
    rate.add(1.0)
    rate.add(1.0)
    assert rate.per_second(1.0) == 0


def test_nothing_grows():
    rate = Rate()
    for i in range(5000):
        rate.add(i / 5000)
    assert len(rate._events) <= 400
