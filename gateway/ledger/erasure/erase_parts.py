"""Personal data erased, some findings at a time: salt and data to NULL, the event stays (A3).

Every transaction leaves an ERASED of its own, which tells how much went and of which events, never
whose; it is as durable as the erasure itself. None holds the write lock long: mail that matched
waits with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from gateway.ledger.erasure import known_names
from gateway.ledger.office import office_writer
from gateway.ledger.office.chosen_findings import findings
from gateway.ledger.record import office_events
from gateway.ledger.record.record import Part
from gateway.ledger.store.open_database import reading, translated_errors

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

    from gateway.ledger.office.chosen_findings import Chosen
    from gateway.ledger.record.office_events import Actor
    from gateway.ledger.store.sqlite_store import SqliteStore

TOGETHER = 250
"""Events erased in one transaction: a tenth of a second on a plain disk."""

REQUEST = "request"
RETENTION = "retention"

Dues: TypeAlias = Mapping[str, Iterable[Part]]
"""Event ids with the parts of them that are to go, a finding before what is about it."""

_NOTES_OF = """\
SELECT id FROM event WHERE kind = 'DISPOSED' AND json_extract(facts, '$.observed') = :finding
UNION ALL SELECT id FROM event
  WHERE kind IN ('HELD', 'RELEASED') AND json_extract(facts, '$.observed') = :finding"""


@dataclass(slots=True)
class ErasureTally:
    """How much went: parts of each kind, and events that lost any; ``kept`` are under hold.

    All three are numbers of them.
    """

    parts: Counter[Part] = field(default_factory=Counter)
    events: int = 0
    kept: int = 0


@dataclass(slots=True)
class _Batch:
    """What went in one transaction: the ids of the events that lost each part."""

    of: dict[Part, list[str]] = field(default_factory=lambda: {part: [] for part in Part})
    events: int = 0
    kept: int = 0


def erase(  # noqa: PLR0913 - what goes, why, and by whom
    path: Path,
    dues: Dues,
    *,
    cause: str,
    actor: Actor,
    reason: str | None = None,
    kept: int = 0,
    is_still_due: Callable[[Database, str], bool] | None = None,
) -> ErasureTally:
    """Erase the parts that are due, but of what is under hold.

    ``kept`` were due and left out because of a hold; what comes under hold meanwhile adds to it.
    ``is_still_due`` is asked of each event under the write lock. What is erased already is passed
    over, so that an erasure that was cut short is ended by the next. ``cause`` is :data:`REQUEST`
    or :data:`RETENTION`. Raises ``LedgerError``; what went by then is gone, and told.
    """
    done = ErasureTally()
    untold = kept
    # The last first: how a finding ended goes before the finding, which leads to it. Cut short in
    # between, the same request finds both again.
    events = list(dues)[::-1]
    with office_writer.open_ledger(path) as store:
        for start in range(0, len(events), TOGETHER):
            batch = _Batch(kept=untold)
            with store.transaction(), translated_errors(path):
                for event in events[start : start + TOGETHER]:
                    if is_still_due is None or is_still_due(store.database, event):
                        _erase(store.database, event, dues[event], batch)
                if batch.events:
                    _tell(store, batch, cause, actor, reason)
            untold = 0 if batch.events else batch.kept
            done.parts += Counter({part: len(ids) for part, ids in batch.of.items()})
            done.events += batch.events
            done.kept += batch.kept if batch.events else 0
        if untold and cause == REQUEST:
            # Somebody asked, and all of it stays: that is an answer to be found later as well.
            with store.transaction():
                _tell(store, _Batch(kept=untold), cause, actor, reason)
    done.kept += untold
    return done


def _erase(database: Database, event: str, parts: Iterable[Part], batch: _Batch) -> None:
    if is_held(database, event):
        batch.kept += 1
        return
    names = known_names.of_finding(database, event)
    gone = [
        part
        for part in parts
        if database.execute(
            "UPDATE personal SET salt = NULL, data = NULL "
            "WHERE event = ? AND part = ? AND data IS NOT NULL",
            (event, part.value),
        ).rowcount
    ]
    for part in gone:
        batch.of[part].append(event)
    batch.events += bool(gone)
    known_names.erase_unused(database, names)


def _tell(store: SqliteStore, batch: _Batch, cause: str, actor: Actor, reason: str | None) -> None:
    store.append(
        office_events.erased(
            cause,
            batch.of,
            events=batch.events,
            kept=batch.kept,
            actor=actor,
            reason=reason,
        )
    )


def due_of_findings(
    path: Path, chosen: Chosen, parts: Iterable[Part]
) -> tuple[dict[str, set[Part]], int]:
    """What is due where parts of certain findings are to go, and how many events hold keeps.

    Raises ``LedgerError`` as :func:`findings` does.
    """
    wanted = set(parts)
    with reading(path) as database:
        return due_of(database, findings(database, chosen), wanted)


def due_of(
    database: Database, chosen: Iterable[str], parts: set[Part]
) -> tuple[dict[str, set[Part]], int]:
    """What is left to erase of findings: of the observations, their ends, and notes about them.

    Event ids with their parts, and how many events a hold keeps.
    """
    dues: dict[str, set[Part]] = {}
    kept = 0
    for finding in chosen:
        here = {
            event: left
            for event in events_of(database, finding)
            if (left := unerased_parts_of(database, event) & parts)
        }
        if here and is_held(database, finding):
            kept += len(here)
        else:
            dues |= here
    return dues, kept


def events_of(database: Database, finding: str) -> Iterable[str]:
    """The ids of the events that hold personal data about a finding: itself, its end, decisions."""
    yield finding
    yield from settled_of(database, finding)
    yield from (id_ for (id_,) in database.execute(_NOTES_OF, {"finding": finding}).fetchall())


def settled_of(database: Database, finding: str) -> tuple[str, ...]:
    """The id of the SETTLED of a finding; empty where there is none yet."""
    rows = database.execute(
        "SELECT id FROM event WHERE kind = 'SETTLED' AND json_extract(facts, '$.observed') = ?",
        (finding,),
    )
    return tuple(id_ for (id_,) in rows.fetchall())


def unerased_parts_of(database: Database, event: str) -> set[Part]:
    """The parts of an event that are not erased."""
    rows = database.execute(
        "SELECT part FROM personal WHERE event = ? AND data IS NOT NULL", (event,)
    )
    return {Part(part) for (part,) in rows.fetchall()}


def is_held(database: Database, event: str) -> bool:
    """Whether an event, or the finding that it is about, is under hold."""
    row = database.execute(
        "SELECT 1 FROM facet WHERE held AND id IN "
        "(:event, (SELECT json_extract(facts, '$.observed') FROM event WHERE id = :event))",
        {"event": event},
    ).fetchone()
    return row is not None
