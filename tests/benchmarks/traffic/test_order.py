from hypothesis import given
from hypothesis import strategies as st

from benchmarks.traffic.order import timetable


def test_a_timetable_is_the_same_for_the_same_seed():
    assert timetable(100, 50.0, 1) == timetable(100, 50.0, 1) != timetable(100, 50.0, 2)


@given(st.integers(0, 1000))
def test_a_timetable_rises_at_its_rate(seed):
    due = timetable(2000, 100.0, seed)
    assert due == sorted(due)
    # Twenty seconds, of which the deviation is 0.45.
    assert 17 < due[-1] < 23


def test_without_a_rate_all_is_due_at_once():
    assert timetable(3, None, 0) == [0, 0, 0]
