"""A named question put to the ledger: its rows, and the answer in one sentence (A6, A7).

What needs the lists, the policy or a checkpoint besides is
:mod:`gateway.compliance.audit.questions_beyond_ledger`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.compliance.audit.findings import words_to_explain
from gateway.ledger.questions.filters import Filters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.ledger.query.logged_reading import LoggedReading
    from gateway.ledger.query.run_question import QuestionAnswer, Value
    from gateway.ledger.questions.filters import SearchWord
    from gateway.ledger.questions.question import Question


@dataclass(frozen=True, slots=True)
class WordedAnswer:
    """An answer: ``rows`` with the question's columns, in its order, and one ``sentence``.

    ``has_more``: the rows were cut off. ``words`` are those of
    :func:`gateway.compliance.audit.findings.words_to_explain`.
    """

    rows: list[dict[str, Any]]
    sentence: str
    has_more: bool = False
    words: tuple[SearchWord, ...] = ()


def ask(
    reading: LoggedReading,
    question: Question,
    *,
    filters: Filters | None = None,
    values: Mapping[str, Value] | None = None,
    limit: int | None = None,
) -> WordedAnswer:
    """Ask a question of the ledger, as of now; at most ``limit`` rows, ``None`` is all.

    ``values`` are the question's parameters by name. Where names are shown, who looks is recorded.
    Raises ``LedgerError`` for an address where people are pseudonyms.
    """
    filters = filters or Filters()
    found = reading.ask(question, filters, values, now=datetime.now(UTC), limit=limit)
    words = words_to_explain(reading, filters, has_rows=bool(found.rows))
    return worded_answer(question, found, words)


def worded_answer(
    question: Question, found: QuestionAnswer, words: tuple[SearchWord, ...] = ()
) -> WordedAnswer:
    """Word an answer as its question does."""
    said = question.sentence.of(len(found.rows), has_more=found.has_more)
    return WordedAnswer(found.rows, said, found.has_more, words)
