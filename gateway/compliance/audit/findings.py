"""What was noticed: findings, a page at a time, and one event with all that belongs to it.

All is of one moment, that of the open ledger. With names, it is recorded who looks before anything
is given; what the words of a search were taken for is told only beside rows that are recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.compliance.audit.event_story import EventStory, story_of
from gateway.ledger.query.logged_reading import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.ledger.query.logged_reading import LoggedReading
    from gateway.ledger.questions.filters import Filters, SearchWord

__all__ = [
    "COLUMNS",
    "EventStory",
    "FindingsPage",
    "event_and_related",
    "findings_page",
    "words_to_explain",
]


@dataclass(frozen=True, slots=True)
class FindingsPage:
    """Some findings, newest first, each with the keys of :data:`COLUMNS`.

    ``rows`` are read as they are asked for, while the ledger is open. ``words`` are those of
    :func:`words_to_explain`. ``next_offset`` is where the next page begins, ``None`` after the
    last.
    """

    rows: Iterator[dict[str, Any]]
    words: tuple[SearchWord, ...]
    next_offset: int | None


def findings_page(
    reading: LoggedReading, filters: Filters, *, limit: int | None = None, offset: int = 0
) -> FindingsPage:
    """Give the findings that the filters choose, without the newest ``offset``.

    ``limit=None`` is all. Raises ``LedgerError`` for filters that cannot be asked so: by address or
    by words, where people are pseudonyms.
    """
    rows = reading.findings(filters, limit=limit, offset=offset)
    words: tuple[SearchWord, ...] = ()
    if filters.text is not None:
        words = words_to_explain(reading, filters, has_rows=reading.count(filters) > offset)
    end = None if limit is None else offset + limit
    has_more = end is not None and reading.count(filters) > end
    return FindingsPage(rows, words, end if has_more else None)


def words_to_explain(
    reading: LoggedReading, filters: Filters, *, has_rows: bool
) -> tuple[SearchWord, ...]:
    """Give the words of ``filters.text`` that something is to be said of; none without a text.

    Beside rows these are the words that others of the ledger were taken for (``SearchWord.taken``).
    Ask once the rows are recorded: else the words of names would be seen, and nobody would know.
    Where there are no rows, they are the words that no name is like.
    """
    if filters.text is None:
        return ()
    words = reading.words(filters)
    if has_rows:
        return tuple(word for word in words if word.taken)
    return tuple(word for word in words if not word.query)


def event_and_related(reading: LoggedReading, event: str) -> EventStory:
    """Tell the event whose id begins so, with what belongs to the same observation.

    Raises ``LedgerError`` where no event's id begins so, or several do.
    """
    story, related = reading.find(event)
    return story_of(story, related, reading.checkpoint())
