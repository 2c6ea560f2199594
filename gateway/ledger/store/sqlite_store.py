"""The SQLite store: one connection, one thread, one write lock at a time.

sqlite-utils opens and runs it; its inference, its ``transform()`` (which drops triggers) and its
``atomic()`` (a deferred BEGIN, which two writers cannot both turn into a write) are not used.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from gateway.errors import LedgerError
from gateway.ledger.record.chain import ROOT, seal
from gateway.ledger.store import outbox
from gateway.ledger.store.open_database import PATIENCE_SECONDS, open_for_writing, translated_errors
from gateway.ledger.store.store_contract import Awaiting, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from sqlite_utils import Database

    from gateway.ledger.record.record import Record
    from gateway.model import Event, Notice


STEP_SECONDS = 0.001
"""Between two tries to get the write lock: about as long as a commit takes."""

# After so many tries there is a crowd, and the steps double: else all would ask and none work.
_TRIES, _DOUBLINGS = 8, 4


class SqliteStore:
    """A ledger's file, open for writing; keeps the contract of ``Store``, which tells more.

    Each method but ``close`` raises :class:`StoreError` where the file cannot be used, and
    ``LedgerError`` for a row that the ledger refuses.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        """Open the ledger at ``path``, or begin it. Raises :class:`StoreError`.

        ``patience`` is how many seconds a transaction waits for another's.
        """
        self._path = path
        self._database, self._is_new = open_for_writing(path)
        self._head: tuple[int, bytes] | None = None
        self._patience = self._most_patience = patience
        self._place, self._size = self._measure()

    @property
    def database(self) -> Database:
        """The open database, for what the office does beside appending."""
        return self._database

    @property
    def is_new(self) -> bool:
        """Whether opening it began a ledger that was not there."""
        return self._is_new

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE to COMMIT. Raises :class:`StoreError` where nothing was kept."""
        with translated_errors(self._path):
            self._begin()
        self._head = None
        try:
            yield
            with translated_errors(self._path):
                self._database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._database.rollback()
            raise
        self._check_is_ours()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can fail alone. Raises what the block raised."""
        with translated_errors(self._path):
            self._database.execute("SAVEPOINT job")
        head = self._head
        try:
            yield
        except BaseException:
            self._head = head
            # Some errors (a full disk) end the whole transaction, savepoints and all.
            if self._database.conn.in_transaction:
                with translated_errors(self._path):
                    self._database.execute("ROLLBACK TO job")
                    self._database.execute("RELEASE job")
            raise
        with translated_errors(self._path):
            self._database.execute("RELEASE job")

    def set_waiting(self, *, wait: bool) -> None:
        """Whether the next transaction waits for another's, or gives up at once."""
        self._patience = self._most_patience if wait else 0.0

    def _begin(self) -> None:
        """Take the write lock, waiting in short steps.

        SQLite's own waiting sleeps up to a tenth of a second between two tries, while another
        worker's commit takes one or two milliseconds: two workers would do less than one.
        """
        execute = self._database.execute
        until = time.monotonic() + self._patience
        execute("PRAGMA busy_timeout = 0")
        tries = 0
        try:
            while True:
                try:
                    execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                        raise
                    tries += 1
                    time.sleep(STEP_SECONDS * 2 ** min(tries // _TRIES, _DOUBLINGS))
                else:
                    return
        finally:
            execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")

    def append(self, record: Record) -> Event:
        """Seal a record behind the head, with its personal data beside it.

        Raises ``LedgerError`` for one that cannot be written, or that the ledger refuses.
        """
        seq, head = self._head or self._read_head()
        try:
            event, data = seal(record, seq + 1, head)
        except (TypeError, ValueError) as error:
            raise LedgerError(f"the event {record.id} cannot be written: {error}") from error
        with translated_errors(self._path):
            self._database.execute(
                "INSERT INTO event (seq, id, at, kind, facts, commitments, previous, hash) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    event.seq,
                    event.id,
                    event.at,
                    event.kind,
                    event.facts,
                    event.commitments,
                    event.previous,
                    event.hash,
                ),
            )
            for part, text in data.items():
                self._database.execute(
                    "INSERT INTO personal (event, part, salt, data) VALUES (?, ?, ?, ?)",
                    (event.id, part.value, record.salts[part], text),
                )
        self._head = (event.seq, event.hash)
        return event

    def has(self, event: str) -> bool:
        """Whether that event is in the ledger."""
        return self._one("SELECT 1 FROM event WHERE id = ?", event) is not None

    def awaiting(self, events: Sequence[str]) -> Sequence[str]:
        """Those of the events that are not settled yet, in the order given."""
        return [
            event
            for event in events
            if self._one("SELECT 1 FROM awaiting WHERE event = ?", event) is not None
        ]

    def awaiting_of_others(self, process: str) -> Sequence[Awaiting]:
        """What other processes observed and did not settle."""
        with translated_errors(self._path):
            rows = self._database.execute(
                "SELECT event, message, process FROM awaiting WHERE process <> ? ORDER BY event",
                (process,),
            ).fetchall()
        return [Awaiting(*row) for row in rows]

    def windows(self, sender: str, windows: Iterable[str]) -> Mapping[str, datetime | None]:
        """When each window of that sender was last opened."""
        with translated_errors(self._path):
            return outbox.windows(self._database, sender, windows)

    def queue(self, notice: Notice, windows: Iterable[str]) -> None:
        """Put a notice into the outbox and open its windows."""
        with translated_errors(self._path):
            outbox.queue(self._database, notice, windows)

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, per_hour: int
    ) -> tuple[Notice, ...]:
        """Lease the notices that are due, oldest first."""
        with translated_errors(self._path):
            return outbox.claim(
                self._database, owner=owner, now=now, lease=lease, limit=limit, per_hour=per_hour
            )

    def renew(self, notice: str, *, owner: str, lease_until: datetime) -> bool:
        """Prolong a lease. False: the owner has lost it."""
        with translated_errors(self._path):
            return outbox.renew(self._database, notice, owner=owner, lease_until=lease_until)

    def finish(self, notice: str, *, owner: str, at: datetime, error: str | None) -> int | None:
        """Close a notice; its attempts, or ``None`` where the owner has lost it."""
        with translated_errors(self._path):
            return outbox.finish(self._database, notice, owner=owner, at=at, error=error)

    def waiting(self) -> int:
        """How many notices are neither sent nor given up."""
        with translated_errors(self._path):
            return outbox.waiting(self._database)

    def postpone(self, notice: str, *, owner: str, not_before: datetime, error: str) -> bool:
        """Give a lease back, to be tried again later."""
        with translated_errors(self._path):
            return outbox.postpone(
                self._database, notice, owner=owner, not_before=not_before, error=error
            )

    def retry(self, notice: str | None, *, now: datetime) -> tuple[str, ...]:
        """Queue given-up notices anew, and let waiting ones go now."""
        with translated_errors(self._path):
            return outbox.retry(self._database, notice, now=now)

    def close(self) -> None:
        """Let go of the file. The last to close it folds the write-ahead log in."""
        with suppress(sqlite3.Error):
            self._database.conn.close()

    def _read_head(self) -> tuple[int, bytes]:
        with translated_errors(self._path):
            row = self._database.execute(
                "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"
            ).fetchone()
        return (0, ROOT) if row is None else (row[0], row[1])

    def _one(self, sql: str, value: str) -> tuple[object, ...] | None:
        with translated_errors(self._path):
            row: tuple[object, ...] | None = self._database.execute(sql, (value,)).fetchone()
        return row

    def _check_is_ours(self) -> None:
        """Whether the commit went into the file that bears the ledger's name, and into all of it.

        A false alarm (a VACUUM makes a file shorter) does no harm: what is then journalled as
        well is known by its ids.
        """
        place, size = self._measure()
        if place != self._place or size < self._size:
            raise StoreError(
                f"the ledger {self._path} was moved, replaced or overwritten while it was in use: "
                "what was just written may not be in it; if it does not mend by itself, put the "
                "file aside and restore a backup"
            )
        self._size = size

    def _measure(self) -> tuple[tuple[int, int] | None, int]:
        # By its name, never by opening it: closing any descriptor of the file would drop the
        # locks that SQLite holds on it in this process.
        try:
            status = self._path.stat()
        except OSError:
            return None, 0
        return (status.st_dev, status.st_ino), status.st_size
