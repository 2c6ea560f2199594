"""A flood of matches is told, in bounded memory and without a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.inspection.match_rate import (
    MOST_SENDERS,
    PERIOD_SECONDS,
    USUAL_OF_ALL,
    USUAL_OF_ONE,
    MatchRate,
)


@pytest.fixture
def rate():
    return MatchRate(b"k" * 16)


def told(rate, senders, now=0.0):
    return [each.scope for sender in senders for each in rate.count(sender, now)]


def test_o08_one_sender_beyond_the_usual_is_told_once_a_minute(rate):
    assert told(rate, [b"a@example.edu"] * USUAL_OF_ONE) == []
    assert not rate.is_unusual("sender", 0.0)
    assert told(rate, [b"A@example.edu"] * 10) == ["sender"]
    assert rate.is_unusual("sender", 1.0)
    assert told(rate, [b"a@example.edu"] * (USUAL_OF_ONE + 1), PERIOD_SECONDS) == ["sender"]


def test_o08_many_senders_together_are_told_too(rate):
    senders = [b"%d@example.edu" % number for number in range(USUAL_OF_ALL + 1)]
    assert told(rate, senders) == ["all"]
    assert rate.is_unusual("all", 1.0)
    assert not rate.is_unusual("sender", 1.0)


def test_o08_it_is_over_when_it_is_over(rate):
    told(rate, [b"a@example.edu"] * (USUAL_OF_ONE + 1))
    assert rate.is_unusual("sender", 2 * PERIOD_SECONDS - 1)
    assert not rate.is_unusual("sender", 2 * PERIOD_SECONDS)
    assert told(rate, [b"a@example.edu"], 3 * PERIOD_SECONDS) == []


def test_o08_a_flooder_is_found_among_ten_thousand_others(rate):
    found = []
    for number in range(10_000):
        found += told(rate, [b"%d@example.edu" % number, b"flood@example.edu"])
    assert sorted(found) == ["all", "sender"]


@given(st.lists(st.binary(max_size=3), max_size=2000))
def test_o08_its_memory_is_bounded_and_holds_no_address(senders):
    rate = MatchRate(b"k" * 16)
    for sender in senders:
        rate.count(b"prof-%s@example.edu" % sender, 0.0)
    assert len(rate._of_one) <= MOST_SENDERS
    assert all(len(name) == 8 and count > 0 for name, count in rate._of_one.items())
