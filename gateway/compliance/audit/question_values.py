"""What people type when they ask the ledger: times, addresses, and the period between two times."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.ledger.questions.filters import parse_moment
from gateway.ledger.store.pseudonyms import PREFIX


def moment(text: str, *, is_end: bool = False) -> datetime:
    """Read a time in a person's words, in UTC: a day, a moment, or how long ago (``7d``).

    A day is its beginning; with ``is_end``, for the end of a period, the beginning of the next, so
    that the day itself is within. Raises ``ValueError`` with what is accepted.
    """
    return parse_moment(text, datetime.now(UTC), is_end=is_end)


def mailbox_or_pseudonym(text: str) -> str:
    """Read whom a question is about: a whole mail address, or the pseudonym of one.

    Raises ``ValueError``, which says what an address lacks.
    """
    text = text.strip()
    local, _, domain = text.rpartition("@")
    if not (local and domain) and not text.startswith(PREFIX):
        raise ValueError(f"{text!r} is no mail address: give it whole, as in jane@example.edu")
    return text


def is_empty_period(since: datetime | None, until: datetime | None) -> bool:
    """Whether nothing can lie from ``since`` up to ``until``, which itself is left out."""
    return bool(since and until and since >= until)
