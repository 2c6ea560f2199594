"""An answer on its way out: the sentence on stderr, the rows as they were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.audit_filters import tell_of_words
from gateway.cli.shared.tables import emit, print_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.compliance.audit.ask_ledger import WordedAnswer
    from gateway.ledger.questions.question import Question

MOST = 2**31 - 1
"""The largest number that an option takes."""

limit_option = click.option(
    "--limit",
    type=click.IntRange(0, MOST),
    default=100,
    show_default=True,
    help="At most so many rows; 0 is all.",
)

_MINUTE = len("2026-11-22T09:30")
_LONGEST = 80
"""Signs of a cell in a table; programs get all of it."""


def print_answer(question: Question, found: WordedAnswer, output_format: str) -> None:
    """Print an answer, its sentence above."""
    tell_of_words(found.words)
    print_message(found.sentence)
    if output_format == "table":
        print_table(found.rows, question.table_columns)
    else:
        emit(found.rows, columns=question.columns, format=output_format)
    if found.has_more:
        print_message(f"These are the first {len(found.rows):,}: all with --limit 0.")


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print rows for people, times to the minute."""
    emit([for_people(row) for row in rows], columns=columns)


def for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its times as people write them, in UTC, and long cells cut off."""
    return {name: _short(name, value) for name, value in row.items()}


def _short(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    if _is_time(name) and len(value) > _MINUTE:
        return value[:_MINUTE].replace("T", " ")
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1].rstrip()}…"


def _is_time(name: str) -> bool:
    return name == "at" or name.endswith("_at") or name in {"since", "until"}
