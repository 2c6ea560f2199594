import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.report.figures import (
    Spread,
    ladder,
    number,
    paired,
    percentile,
    shown,
    spread,
    whole,
)

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [
        (1, 50, 1),
        (1, 99, 1),
        (2, 50, 1),
        (3, 50, 2),
        (100, 99, 99),
        (101, 99, 100),
        (1000, 99.9, 999),
        (1000, 100, 1000),
        (10, 1, 1),
    ],
)
def test_a_percentile_is_the_value_of_that_rank(count, percent, expected):
    assert percentile(range(1, count + 1), percent) == expected


@given(VALUES, st.floats(0.1, 100))
def test_so_many_do_not_exceed_a_percentile_and_no_smaller_value_will_do(values, percent):
    ordered = sorted(values)
    found = percentile(ordered, percent)
    wanted = round(percent * len(values) / 100, 9)
    assert sum(value <= found for value in values) >= wanted
    assert sum(value < found for value in values) < max(wanted, 1)


@given(VALUES)
def test_a_ladder_rises_to_the_most(values):
    steps = list(ladder(values).values())
    assert steps == sorted(steps)
    assert steps[-1] == max(values)


def test_a_ladder_names_its_steps():
    assert {"p50", "p99", "p99.9", "most"} <= set(ladder([1.0]))


def test_a_spread_is_the_middle_and_both_ends():
    assert spread([5, 1, 3]) == Spread(median=3, least=1, most=5)


def test_pairs_are_of_one_repetition():
    mine, theirs = {0: 2.0, 1: 30.0, 3: 1.0}, {1: 10.0, 0: 1.0, 2: 7.0}
    assert paired(mine, theirs, lambda one, other: one / other) == [2, 3]


def test_what_slows_the_machine_for_a_while_leaves_a_ratio_alone():
    quiet, busy = {0: 1.0, 1: 5.0}, {0: 2.0, 1: 10.0}
    assert paired(busy, quiet, lambda one, other: one / other) == [2, 2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.1023, "0.102"),
        (2.184, "2.18"),
        (9.996, "10.0"),
        (15.64, "15.6"),
        (979.2, "979"),
        (4992.4, "4,992"),
        (999.6, "1,000"),
        (-0.5, "-0.500"),
    ],
)
def test_three_digits_are_shown_and_no_whole_one_is_lost(value, expected):
    assert number(value) == expected


@given(st.floats(-1e9, 1e9).filter(lambda value: abs(value) > 1e-6))
def test_a_number_shown_is_near_the_number(value):
    assert math.isclose(float(number(value).replace(",", "")), value, rel_tol=0.006)


def test_a_spread_is_shown_as_exactly_as_its_middle():
    assert shown(Spread(2.184, 2.07, 12.0)) == "2.18 (2.07–12.00)"  # noqa: RUF001
    assert shown(Spread(2.184, 2.184, 2.184)) == "2.18"
    assert whole(Spread(3.0, 3.0, 3.0)) == "3"
    assert whole(Spread(412.6, -3.2, 1200)) == "413 (-3–1200)"  # noqa: RUF001
