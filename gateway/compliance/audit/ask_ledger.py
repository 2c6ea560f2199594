"""A named question put to the ledger: its rows, and the answer in one sentence (A6, A7).

What needs the lists, the policy or a checkpoint besides is
:mod:`gateway.compliance.audit.office_questions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.compliance.audit.findings import words_told
from gateway.ledger.query.logged_reading import Reading
from gateway.ledger.query.run_question import Answer, Value
from gateway.ledger.questions.filters import Filters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.ledger.questions.filters import Word
    from gateway.ledger.questions.question import Question

__all__ = ["Answered", "Reading", "Value", "answered", "ask"]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: rows with the question's columns, in its order, and ``said``, it in one sentence.

    ``has_more``: the rows were cut off. ``words`` are those of
    :func:`gateway.compliance.audit.findings.words_told`.
    """

    rows: list[dict[str, Any]]
    said: str
    has_more: bool = False
    words: tuple[Word, ...] = ()


def ask(
    reading: Reading,
    question: Question,
    *,
    filters: Filters | None = None,
    values: Mapping[str, Value] | None = None,
    limit: int | None = None,
) -> Answered:
    """Ask a question of the ledger, as of now; at most ``limit`` rows, ``None`` is all.

    ``values`` are the question's parameters by name. Where names are shown, who looks is recorded.
    Raises ``LedgerError`` for an address where people are pseudonyms.
    """
    filters = filters or Filters()
    found = reading.ask(question, filters, values, now=datetime.now(UTC), limit=limit)
    words = words_told(reading, filters, has_rows=bool(found.rows))
    return answered(question, found, words)


def answered(question: Question, found: Answer, words: tuple[Word, ...] = ()) -> Answered:
    """Word an answer as its question does."""
    said = question.said.of(len(found.rows), has_more=found.has_more)
    return Answered(found.rows, said, found.has_more, words)
