"""Writing what the office decides into the ledger, beside the running gateway.

A connection of its own, opened for as long as an act takes. It waits longer for the write lock than
a gateway does, whose mail waits with it; it never begins a ledger. An act on several findings is
one transaction: all of them or none.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import NO_FAMILIES
from gateway.errors import LedgerError
from gateway.ledger.office.chosen_findings import findings
from gateway.ledger.record import office_events
from gateway.ledger.store.open_database import open_for_reading, reading, translated_errors
from gateway.ledger.store.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from sqlite_utils import Database

    from gateway.addresses.canonical_mailbox import SameMailboxes
    from gateway.ledger.office.chosen_findings import Chosen
    from gateway.ledger.record.office_events import Actor
    from gateway.ledger.record.record import Record
    from gateway.model import Disposition, Event

PATIENCE_SECONDS = 15.0
"""How long an act waits for the write lock."""


@contextmanager
def open_ledger(path: Path) -> Iterator[SqliteStore]:
    """The ledger at ``path``, open for writing while a block lasts.

    Raises ``LedgerError`` where there is none, or it cannot be used.
    """
    open_for_reading(path).conn.close()
    store = SqliteStore(path, patience=PATIENCE_SECONDS)
    try:
        yield store
    finally:
        store.close()


def append(path: Path, records: Sequence[Record]) -> tuple[Event, ...]:
    """Append the records in one transaction, durable when it returns: all or none.

    Raises ``LedgerError``; then none is. A :class:`~gateway.ledger.store.store_contract.StoreError`
    says that the ledger cannot be used now.
    """
    with open_ledger(path) as store, store.transaction():
        return tuple(store.append(record) for record in records)


def count(path: Path, chosen: Chosen, same_mailboxes: SameMailboxes = NO_FAMILIES) -> int:
    """How many findings an act would be about. Raises as :func:`findings` does.

    ``same_mailboxes`` is as there, in every act.
    """
    with reading(path) as database:
        return len(findings(database, chosen, same_mailboxes))


def dispose(  # noqa: PLR0913 - the fields of the event
    path: Path,
    chosen: Chosen,
    disposition: Disposition,
    actor: Actor,
    *,
    reason: str | None = None,
    licence: str | None = None,
    expires_on: date | None = None,
    same_mailboxes: SameMailboxes = NO_FAMILIES,
) -> tuple[Event, ...]:
    """Decide findings, each by a DISPOSED of its own; these are given, in the findings' order.

    What was decided before stays in the chain. ``expires_on`` is the last day. Raises
    ``LedgerError`` where any cannot be, or a licence holds an address; then none is.
    """
    _check_names_nobody("licence", licence)
    with open_ledger(path) as store, store.transaction():
        with translated_errors(path):
            chosen_ones = findings(store.database, chosen, same_mailboxes)
        return tuple(
            store.append(
                office_events.disposed(
                    one, disposition, actor, reason=reason, licence=licence, expires_on=expires_on
                )
            )
            for one in chosen_ones
        )


def hold(  # noqa: PLR0913 - the fields of the event
    path: Path,
    chosen: Chosen,
    actor: Actor,
    *,
    matter: str,
    reason: str | None = None,
    same_mailboxes: SameMailboxes = NO_FAMILIES,
) -> tuple[Event, ...]:
    """Put findings under hold for a matter; those that are under it already are passed over.

    Gives the HELD events. Raises ``LedgerError`` as :func:`dispose` does.
    """
    _check_names_nobody("matter", matter)
    with open_ledger(path) as store, store.transaction():
        with translated_errors(path):
            chosen_ones = [
                one
                for one in findings(store.database, chosen, same_mailboxes)
                if matter not in holds_of(store.database, one)
            ]
        return tuple(
            store.append(office_events.held(one, actor, matter=matter, reason=reason))
            for one in chosen_ones
        )


def release(  # noqa: PLR0913 - the fields of the event
    path: Path,
    chosen: Chosen,
    actor: Actor,
    *,
    matter: str | None,
    reason: str | None = None,
    same_mailboxes: SameMailboxes = NO_FAMILIES,
) -> tuple[Event, ...]:
    """End the hold for a matter, or with ``None`` every hold; what is under none is passed over.

    Gives the RELEASED events. Raises ``LedgerError`` as :func:`findings` does. The ledger takes the
    last HELD or RELEASED of a finding for its state: where another matter holds it still, its HELD
    follows anew.
    """
    done: list[Event] = []
    with open_ledger(path) as store, store.transaction():
        with translated_errors(path):
            chosen_ones = [
                (one, holds_of(store.database, one))
                for one in findings(store.database, chosen, same_mailboxes)
            ]
        for one, held in chosen_ones:
            if not held or (matter is not None and matter not in held):
                continue
            done.append(
                store.append(office_events.released(one, actor, matter=matter, reason=reason))
            )
            for other in held if matter is not None else ():
                if other != matter:
                    store.append(office_events.held(one, actor, matter=other))
    return tuple(done)


def holds_of(database: Database, finding: str) -> tuple[str | None, ...]:
    """What a finding is under hold for, oldest first; empty where it is under none.

    ``None`` among them is a hold that names no matter.
    """
    held: dict[str | None, None] = {}
    for kind, facts in database.execute(
        "SELECT kind, facts FROM event WHERE kind IN ('HELD', 'RELEASED') "
        "AND json_extract(facts, '$.observed') = ? ORDER BY seq",
        (finding,),
    ):
        matter = json.loads(facts).get("matter")
        if kind == "HELD":
            held[matter] = None
        elif matter is None:
            held.clear()
        else:
            held.pop(matter, None)
    return tuple(held)


def _check_names_nobody(what: str, text: str | None) -> None:
    if text is not None and "@" in text:
        raise LedgerError(
            f"the {what} {text!r} holds an address, and it is kept for ever: give a number or a "
            "name of the case; what is said of people belongs into --reason, which can be erased"
        )
