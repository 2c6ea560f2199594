"""Beginning a ledger on purpose, in the place of one that is gone: a person says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import LedgerError
from gateway.ledger.record import office_events
from gateway.ledger.store.begun_mark import BegunMark, first_event
from gateway.ledger.store.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.record.office_events import Actor
    from gateway.model import Event


def begin(path: Path, actor: Actor, *, reason: str | None = None) -> Event:
    """Begin a ledger at ``path``, or take the one that lies there for the one that is meant.

    Its BEGUN says who, when and why, and which was there before. Raises ``LedgerError`` where the
    ledger that was there is there still, or none can be made.
    """
    mark = BegunMark(path)
    before = mark.read()
    store = SqliteStore(path)
    try:
        first = first_event(store.database, path)
        if first is not None and (before is None or before.id in {first.id, ""}):
            raise LedgerError(f"there is a ledger at {path}, begun on {first.at[:10]}: it goes on")
        with store.transaction():
            told = store.append(
                office_events.begun(
                    actor,
                    instead_of=before.id if before is not None and before.id else None,
                    reason=reason,
                )
            )
        first = first_event(store.database, path)
        assert first is not None
        try:
            mark.write(first)
        except OSError as error:
            raise LedgerError(
                f"the ledger was begun, and that cannot be written down beside it "
                f"({error.strerror}): see to the folder {path.parent}"
            ) from error
        return told
    finally:
        store.close()
