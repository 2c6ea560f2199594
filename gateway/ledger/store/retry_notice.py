"""Trying a notice again at a person's word."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gateway.errors import LedgerError
from gateway.ledger.record.events import Entropy, notified
from gateway.ledger.store.open_database import open_for_reading
from gateway.ledger.store.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gateway.ledger.record.record import JSON


def retry(path: Path, notice: str | None, *, at: datetime, entropy: Entropy) -> tuple[str, ...]:
    """Queue given-up notices anew and let postponed ones go now: one of them, or all.

    Each leaves a NOTIFIED with the result ``queued``. Returns their ids; raises ``LedgerError``
    for a ledger that is not there, and for an id that is none of such a notice.
    """
    # Begins no ledger where there is none.
    open_for_reading(path).conn.close()
    with closing(SqliteStore(path)) as store, store.transaction():
        ids = store.retry(notice, now=at)
        if notice is not None and not ids:
            raise LedgerError(
                f"no notice {notice} waits or was given up: `monition notice queue` shows them"
            )
        for id_ in ids:
            facts: dict[str, JSON] = {"notice": id_, "result": "queued", "attempts": 0}
            facts |= {"message_id": None, "digest": None, "texts": None}
            store.append(notified(facts, process="by hand", at=at, entropy=entropy))
    return ids
