"""The arithmetic: percentiles, the spread over repetitions, and what is compared pair by pair."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LADDER = (1, 10, 25, 50, 75, 90, 95, 99, 99.9)
"""The percentiles that a sample of latencies is boiled down to."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What the repetitions gave: the middle, the least and the most."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Give the middle, the least and the most of at least one value."""
    return Spread(median(values), min(values), max(values))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Give the smallest value that ``percent`` of them do not exceed (nearest rank).

    ``ordered`` is ascending and not empty; ``percent`` above 0, at most 100.
    """
    # Rounded: 99.9 % of 1,000 is 999, and 999.0000000000001 as floats multiply.
    rank = math.ceil(round(percent * len(ordered) / 100, 9))
    return ordered[max(rank, 1) - 1]


def ladder(values: Sequence[float]) -> dict[str, float]:
    """Give :data:`LADDER`'s percentiles and the most, by name: ``p50``, ``p99.9``, ``most``."""
    ordered = sorted(values)
    steps = {f"p{percent:g}": percentile(ordered, percent) for percent in LADDER}
    return {**steps, "most": ordered[-1]}


def paired(
    mine: Mapping[int, float],
    theirs: Mapping[int, float],
    compare: Callable[[float, float], float],
) -> list[float]:
    """Give ``compare(mine, theirs)`` of each repetition that has both; keys are repetitions.

    Their samples lie seconds apart: what slows the machine for a while slows both.
    """
    return [compare(mine[each], theirs[each]) for each in sorted(mine.keys() & theirs.keys())]


def number(value: float, digits: int = 3) -> str:
    """Write significant digits, none of the integer part lost: ``0.102``, ``2.18``, ``4,992``."""
    if value == 0:
        return "0"
    # Of the value as it will be shown: 9.996 becomes 10.0, not 10.00.
    magnitude = math.floor(math.log10(float(f"{abs(value):.{digits - 1}e}")))
    return f"{value:,.{max(digits - 1 - magnitude, 0)}f}"


def shown(of: Spread, digits: int = 3) -> str:
    """Write the middle, with the least and the most in brackets, all as exact as the middle.

    Of one value alone, that value.
    """
    middle = number(of.median, digits)
    if of.least == of.most:
        return middle
    places = len(middle.partition(".")[2])
    return f"{middle} ({of.least:,.{places}f}–{of.most:,.{places}f})"  # noqa: RUF001


def whole(of: Spread) -> str:
    """Write the same without any fraction, for small units such as microseconds."""
    if of.least == of.most:
        return f"{of.median:.0f}"
    return f"{of.median:.0f} ({of.least:.0f}–{of.most:.0f})"  # noqa: RUF001
