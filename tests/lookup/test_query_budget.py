from hypothesis import given
from hypothesis import strategies as st

from gateway.lookup.query_budget import HOUR, QueryBudget


def test_s07_no_hour_has_more_than_its_budget():
    budget = QueryBudget(4)
    assert budget.take(2, 0.0) == 0
    assert budget.take(2, 10.0) == 0
    assert budget.take(2, 20.0) == HOUR - 20
    assert budget.take(2, HOUR) == 0
    assert budget.take(1, HOUR) == 10


def test_more_than_an_hours_budget_takes_all_of_it():
    budget = QueryBudget(1)
    assert budget.take(2, 0.0) == 0
    assert budget.take(2, 1.0) == HOUR - 1


@given(
    st.integers(1, 10),
    st.lists(st.tuples(st.integers(1, 4), st.floats(0, HOUR / 3)), max_size=40),
)
def test_s07_whatever_is_asked_for_no_hour_has_more_and_a_wait_is_enough(per_hour, tries):
    budget, now, taken = QueryBudget(per_hour), 0.0, []
    for wanted, later in tries:
        now += later
        count = min(wanted, per_hour)
        wait = budget.take(wanted, now)
        if wait:
            now += wait
            assert budget.take(wanted, now + 1e-6) == 0
            now += 1e-6
        taken += [now] * count
        assert sum(now - at < HOUR for at in taken) <= per_hour
