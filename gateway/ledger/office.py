"""The office's hand on the ledger: what people decide is appended beside the running gateway.

A connection of its own, opened for as long as an act takes. It waits longer for the write lock than
a gateway does, whose mail waits with it; it never begins a ledger.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.ledger.opening import open_for_reading
from gateway.ledger.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gateway.ledger.record import Record
    from gateway.model import Event

PATIENCE_SECONDS = 15.0


@contextmanager
def at_work(path: Path) -> Iterator[SqliteStore]:
    """The ledger at ``path``, open for writing. Raises ``LedgerError`` where there is none."""
    open_for_reading(path).conn.close()
    store = SqliteStore(path, patience=PATIENCE_SECONDS)
    try:
        yield store
    finally:
        store.close()


def append(path: Path, records: Sequence[Record]) -> tuple[Event, ...]:
    """Append the records in one transaction, durable when it returns: all or none."""
    with at_work(path) as store, store.transaction():
        return tuple(store.append(record) for record in records)
