"""What a section measures, as rows of its table: each figure, and below it how its goal was met."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.report.figures import shown, spread
from benchmarks.report.goal import Goal, Judgement, judge
from benchmarks.report.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

COLUMN = "measured"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: its ``key`` in the samples, what to multiply them by, and what was aimed at.

    ``thing`` and ``unit`` are the first columns of its row.
    """

    key: str
    thing: str
    unit: str
    factor: float = 1.0
    goal: Goal | None = None


def rows_of(
    section: str, measures: Iterable[Measure], samples: Sequence[Mapping[str, Any]]
) -> tuple[list[Row], list[Judgement]]:
    """Give a row for each measure that was taken, and a row for its goal; goals go by medians."""
    rows: list[Row] = []
    judgements: list[Judgement] = []
    for measure in measures:
        values = [each[measure.key] * measure.factor for each in samples if measure.key in each]
        if not values:
            continue
        rows.append(Row(measure.thing, measure.unit, {COLUMN: shown(spread(values))}))
        if measure.goal is not None:
            middle, goal = median(values), measure.goal
            rows.append(Row(measure.thing, f"  {goal.text}", {COLUMN: goal.verdict(middle)}))
            judgements.append(judge(goal, section, measure.thing, COLUMN, middle))
    return rows, judgements
