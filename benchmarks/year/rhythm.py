"""When mail is sent: by weekday, hour and season, and never while the gateway was blind."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

WEEKDAYS = (1.0, 1.08, 1.05, 1.0, 0.85, 0.22, 0.18)
HOURS = (
    *(1, 1, 1, 1, 1, 2, 5, 12, 28, 40, 42, 40),
    *(26, 34, 40, 40, 36, 26, 14, 10, 8, 7, 5, 3),
)
MONTHS = {7: 0.7, 8: 0.45, 12: 0.8}
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which no gateway watched; ``is_crash`` where it had not said goodbye."""

    begins: datetime
    ends: datetime
    is_crash: bool


def gaps(first: date, days: int) -> tuple[Gap, Gap]:
    """Give two: a crash on a morning of work, and a week-end without power, shorter in few days."""
    one = _midnight(first) + timedelta(days=days * 0.31)
    two = _midnight(first) + timedelta(days=days * 0.73)
    long = timedelta(hours=min(41, days))
    return (
        Gap(one.replace(hour=9, minute=12, second=0, microsecond=0), one.replace(
            hour=12, minute=31, second=0, microsecond=0), is_crash=True),
        Gap(two, two + long, is_crash=False),
    )  # fmt: skip


def moments(
    source: Random, first: date, days: int, number: int, blind: Sequence[Gap]
) -> Iterator[datetime]:
    """Give about so many times, in UTC and in order, spread over the days and outside ``blind``."""
    shares = list(accumulate(_share(first + n * _A_DAY) for n in range(days)))
    given = 0
    for n, share in enumerate(shares):
        due = round(number * share / shares[-1])
        yield from _of_day(source, first + n * _A_DAY, due - given, blind)
        given = due


def _of_day(source: Random, day: date, number: int, blind: Sequence[Gap]) -> Iterator[datetime]:
    hours = list(accumulate(HOURS))
    found: list[datetime] = []
    tries = 0
    while len(found) < number and tries < 20 * number:
        tries += 1
        hour = bisect(hours, source.random() * hours[-1])
        at = _midnight(day) + timedelta(hours=hour, milliseconds=source.randrange(3_600_000))
        if not any(gap.begins <= at < gap.ends for gap in blind):
            found.append(at)
    yield from sorted(found)


def _share(day: date) -> float:
    closed = (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 2)
    return WEEKDAYS[day.weekday()] * MONTHS.get(day.month, 1.0) * (0.15 if closed else 1.0)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
