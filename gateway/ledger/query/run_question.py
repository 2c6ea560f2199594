"""A question put to an open ledger: its parameters filled in, its rows as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from gateway.ledger.questions.question import ParameterKind
from gateway.ledger.record.fold import fold
from gateway.ledger.record.record import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.ledger.query.ledger_reader import LedgerReader
    from gateway.ledger.questions.filters import Filters
    from gateway.ledger.questions.question import Question
    from gateway.ledger.record.record import JSON
    from gateway.ledger.store.pseudonyms import Pseudonyms

Value: TypeAlias = str | int | date | datetime | None
"""What a parameter can be given as."""

ALL = 2**62
"""The limit that is none."""


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """The rows of an answer, keyed by the question's columns; ``has_more``: they were cut off."""

    rows: list[dict[str, Any]]
    has_more: bool = False


def answer(  # noqa: PLR0913 - what a question is asked with
    reader: LedgerReader,
    question: Question,
    filters: Filters,
    values: Mapping[str, Value],
    *,
    now: datetime,
    limit: int | None,
) -> QuestionAnswer:
    """Ask a question that has SQL; ``limit=None`` is all.

    ``values`` are its parameters by name. Addresses in them are folded, times written as the ledger
    has them. ``now`` is aware. Raises ``LedgerError`` where the ledger cannot be read.
    """
    assert question.sql is not None
    condition, parameters = reader.condition(filters)
    rows = reader.answer(
        question.sql.replace("{where}", condition),
        {
            **{name: _as_stored(value) for name, value in {**question.defaults, **values}.items()},
            **parameters,
            "now": timestamp(now),
            "today": now.date().isoformat(),
            # One more than is asked for says that there are more.
            "limit": ALL if limit is None else limit + 1,
        },
    )
    has_more = limit is not None and len(rows) > limit
    shown = rows[:limit] if has_more else rows
    return QuestionAnswer(
        [dict(zip(question.columns, row, strict=True)) for row in shown], has_more
    )


def parameters_as_logged(
    question: Question, values: Mapping[str, Value], names: Pseudonyms
) -> dict[str, JSON]:
    """The parameters as the access log keeps them: people by pseudonym."""
    kept: dict[str, JSON] = {}
    for parameter in question.parameters:
        value = values.get(parameter.name)
        if value is None:
            continue
        text = str(value)
        is_bare = parameter.takes is ParameterKind.ADDRESS or "@" in text
        kept[parameter.name] = names.person(text) if is_bare else text
    return kept


def _as_stored(value: Value) -> str | int | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        return fold(value) if "@" in value else value
    return timestamp(value) if isinstance(value, datetime) else value.isoformat()
