"""The events that people make: what the office decides, keeps, erases and looks at.

One builder a kind, as in :mod:`gateway.ledger.record.events`; ``docs/events.md`` tells the same to
people. ``by`` is who did it, by the name they are signed in with: a fact, for it is what an auditor
asks. Free text is the part ``notes``, which can be erased. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.ledger.record.record import (
    ENTROPY_BYTES,
    JSON,
    SALT_BYTES,
    EventKind,
    Part,
    Record,
    timestamp,
    ulid,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime

    from gateway.model import Disposition

SUBJECTS = 1000
"""So many pseudonyms of senders an ACCESSED names at most; of more it says that they were many."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, by the name they are signed in with, and when, an aware time.

    ``entropy`` gives that many random bytes.
    """

    by: str
    at: datetime
    entropy: Callable[[int], bytes]


def disposed(  # noqa: PLR0913 - the fields of the event
    observed: str,
    disposition: Disposition,
    actor: Actor,
    *,
    reason: str | None = None,
    licence: str | None = None,
    expires_on: date | None = None,
) -> Record:
    """The office decided a finding; ``observed`` is its id, as in all of these.

    ``expires_on`` is the last day of a licence or exception. Raises ``ValueError`` for a time
    without a zone, as every builder here does.
    """
    facts: dict[str, JSON] = {
        "observed": observed,
        "disposition": disposition.value,
        "by": actor.by,
        "licence": licence,
        "expires_on": None if expires_on is None else expires_on.isoformat(),
    }
    return _record(EventKind.DISPOSED, facts, actor, notes={"reason": reason})


def held(observed: str, actor: Actor, *, matter: str | None, reason: str | None = None) -> Record:
    """A finding is kept whole, for a ``matter`` (an inquiry's number): nothing of it is erased."""
    facts: dict[str, JSON] = {"observed": observed, "by": actor.by, "matter": matter}
    return _record(EventKind.HELD, facts, actor, notes={"reason": reason})


def released(
    observed: str, actor: Actor, *, matter: str | None = None, reason: str | None = None
) -> Record:
    """A hold ended, that for ``matter``, or where it is ``None`` all: what is due may go again."""
    facts: dict[str, JSON] = {"observed": observed, "by": actor.by, "matter": matter}
    return _record(EventKind.RELEASED, facts, actor, notes={"reason": reason})


def erased(  # noqa: PLR0913 - the fields of the event
    cause: str,
    of: Mapping[Part, Collection[str]],
    *,
    events: int,
    kept: int,
    actor: Actor,
    reason: str | None = None,
) -> Record:
    """Personal data was erased: how much and of which events, never whose.

    ``cause`` is ``request`` or ``retention``; ``of`` has the ids of the events that lost each part,
    so that what was erased by other means, or put back, is found. ``events`` counts the events that
    lost any, ``kept`` those that were due and are under hold.
    """
    facts: dict[str, JSON] = {
        "cause": cause,
        "by": actor.by,
        "parts": {part.value: len(of.get(part, ())) for part in Part},
        "of": {part.value: sorted(of.get(part, ())) for part in Part},
        "events": events,
        "kept": kept,
    }
    return _record(EventKind.ERASED, facts, actor, notes={"reason": reason})


def begun(actor: Actor, *, instead_of: str | None, reason: str | None = None) -> Record:
    """A person began this ledger, or took it for the one that is meant.

    ``instead_of`` is the id of the first event of the one that was here before and is gone.
    """
    facts: dict[str, JSON] = {"by": actor.by, "instead_of": instead_of}
    return _record(EventKind.BEGUN, facts, actor, notes={"reason": reason})


def accessed(  # noqa: PLR0913 - the fields of the event
    verb: str,
    actor: Actor,
    *,
    rows: int,
    filters: Mapping[str, JSON],
    subjects: Sequence[str],
    reason: str | None,
) -> Record:
    """A person read personal data: by which verb, how many rows, asked how, of whom.

    ``filters`` and ``subjects`` hold pseudonyms in the place of addresses, so that nobody's name
    is in them; of more subjects than :data:`SUBJECTS` none is named.
    """
    facts: dict[str, JSON] = {
        "verb": verb,
        "by": actor.by,
        "rows": rows,
        "filters": dict(filters),
        "subjects": list(subjects) if len(subjects) <= SUBJECTS else None,
        "subject_count": len(subjects),
    }
    return _record(EventKind.ACCESSED, facts, actor, notes={"reason": reason})


def _record(
    kind: EventKind, facts: Mapping[str, JSON], actor: Actor, *, notes: Mapping[str, str | None]
) -> Record:
    written = {name: text for name, text in notes.items() if text}
    personal: dict[Part, Mapping[str, JSON]] = {Part.NOTES: written} if written else {}
    return Record(
        ulid(actor.at, actor.entropy(ENTROPY_BYTES)),
        timestamp(actor.at),
        kind.value,
        facts,
        personal,
        {part: actor.entropy(SALT_BYTES) for part in personal},
    )
