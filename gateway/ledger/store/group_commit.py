"""Commits jobs, and copes with a database that fails: all of it on the ledger's one thread.

A database that cannot be opened is tried again every two seconds; one that others hold too long
is asked again with less patience. Meanwhile what must be kept goes to the emergency journal,
which is taken in before anything else is written: a settlement never overtakes its observation.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.errors import LedgerError
from gateway.ledger.record import events
from gateway.ledger.store import pseudonyms
from gateway.ledger.store.begun_mark import BegunMark, first_event
from gateway.ledger.store.emergency_journal import JournalError
from gateway.ledger.store.migration import Migration
from gateway.ledger.store.process_lock import ProcessLock
from gateway.ledger.store.recovery import WritingProcess, settle_dead_processes, take_journal_in
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.ledger.store.store_contract import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from gateway.ledger.store.emergency_journal import Journal
    from gateway.ledger.store.settlement import Rhythm
    from gateway.ledger.store.write_job import WriteJob

RETRY_SECONDS = 2.0
"""How long an unusable ledger is left alone before it is tried again."""


class GroupCommit:
    """The open store, or the reason why there is none (``fault``). For one thread alone.

    No fault of the database is raised: each job's future ends with it.
    """

    def __init__(
        self,
        path: Path,
        journal: Journal,
        writer: WritingProcess,
        *,
        tell: Callable[[str, Exception | None], None],
        rhythm: Rhythm,
    ) -> None:
        """``tell`` hears what an operator should, with the error where it is about one.

        ``rhythm`` decides notices of settlements that come out of the journal.
        """
        self.fault: str | None = "the ledger is not open yet"
        self.taken_in = 0
        """How many entries of the emergency journal came into the ledger, all in all."""
        self._path = path
        self._journal = journal
        self._writer = writer
        self._tell = tell
        self._rhythm = rhythm
        self._process_lock = ProcessLock(path)
        self._migration = Migration(path)
        self._mark = BegunMark(path)
        self._store: SqliteStore | None = None
        self._next_try = 0.0
        self._journal_fault: str | None = None
        self._is_started = False
        self._is_fault_told = False
        self._started_at: datetime | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be tried again."""
        return self._store is not None and self.fault is None and self._journal.is_empty

    def begin(self) -> None:
        """Make the first attempt; STARTED bears this time, however late it can be written."""
        self._started_at = self._writer.clock()
        with suppress(OSError):
            # Before the first observation, even where that goes to the journal.
            self._process_lock.acquire(self._writer.process)
        self._usable_store()

    def commit(self, jobs: list[WriteJob]) -> None:
        """Do the jobs in one transaction, or keep in the journal what must be kept.

        Each job is ended, by its result or by a ``LedgerError``. Without jobs only what waits in
        the journal is taken in.
        """
        store = self._usable_store()
        if store is None:
            self._fall_back(jobs)
            return
        try:
            if not self._journal.is_empty:
                self._take_journal_in(store)
            outcomes = self._transact(store, jobs)
        except LedgerError as error:
            self._lose(store, error)
            self._fall_back(jobs)
            return
        self._recover(store)
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.end(outcome)

    def end(self) -> None:
        """Let go of the file and of this process's sign of life."""
        if self._store is not None:
            self._store.close()
            self._store = None
        self.fault = "the ledger is closed"
        self._process_lock.release()

    def _transact(self, store: SqliteStore, jobs: list[WriteJob]) -> list[object]:
        outcomes: list[object] = []
        if not jobs:
            return outcomes
        with store.transaction():
            for job in jobs:
                try:
                    with store.savepoint():
                        outcomes.append(job.work(store))
                except StoreError:
                    raise
                except Exception as error:  # noqa: BLE001 - it goes to who asked; the rest go on
                    outcomes.append(error)
        return outcomes

    def _fall_back(self, jobs: list[WriteJob]) -> None:
        """Keep in the journal what must be kept, and say of the rest why it was not done."""
        keepers: list[WriteJob] = []
        block: list[bytes] = []
        for job in jobs:
            if job.lines is None:
                job.fail(LedgerError(self.fault or "the ledger cannot be used"))
                continue
            try:
                block += job.lines()
            except (TypeError, ValueError) as error:
                job.fail(LedgerError(f"an event cannot be written: {error}"))
            else:
                keepers.append(job)
        if not keepers:
            return
        try:
            self._journal.write(block)
        except LedgerError as error:
            self._tell(str(error), error)
            for job in keepers:
                job.fail(LedgerError(f"{self.fault}; and {error}"))
        else:
            for job in keepers:
                job.end(job.if_journalled)

    def _usable_store(self) -> SqliteStore | None:
        """The open store; opens it where it is due to be tried."""
        if self._store is None and time.monotonic() >= self._next_try:
            store = None
            try:
                if self._migration.await_briefly():
                    self._tell(f"the ledger {self._path} was brought up to date", None)
                self._mark.check_file()
                store = SqliteStore(self._path)
                self._mark.check(store.database)
                self._set_right(store)
                self._set_mark(store)
            except (LedgerError, OSError) as error:
                if store is not None:
                    store.close()
                self._lose(None, error)
            else:
                self._store = store
                self._recover(store)
        return self._store

    def _set_right(self, store: SqliteStore) -> None:
        """Set right what a fault before this opening left, then say that the watch began."""
        writer = self._writer
        self._process_lock.acquire(writer.process)
        if not self._journal.is_empty:
            self._take_journal_in(store)
        if self._is_started:
            return
        if dead := settle_dead_processes(store, self._process_lock, writer):
            self._tell(f"{dead} events of processes that died are settled as unknown", None)
        self._process_lock.remove_dead(writer.process)
        with store.transaction():
            store.append(
                events.started(
                    writer.process,
                    __version__,
                    new_ledger=store.is_new,
                    at=self._started_at or writer.clock(),
                    entropy=writer.entropy,
                    pseudonym_key=pseudonyms.key_digest(store.database.conn),
                )
            )
        self._is_started = True
        if store.is_new:
            self._tell(f"there was no ledger at {self._path}: a new one was begun", None)

    def _set_mark(self, store: SqliteStore) -> None:
        """Mark that there is a ledger. That it cannot be marked keeps it from no work."""
        begun = first_event(store.database, self._path)
        assert begun is not None  # STARTED at the least
        try:
            self._mark.write(begun)
        except OSError as error:
            self._tell(f"it cannot be marked that there is a ledger at {self._path}", error)

    def _take_journal_in(self, store: SqliteStore) -> None:
        try:
            taken = take_journal_in(store, self._journal, self._writer, self._rhythm)
        except JournalError as error:
            # It stays where it is, and the database is whole: no mail need wait for this.
            if str(error) != self._journal_fault:
                self._tell(str(error), error)
            self._journal_fault = str(error)
            return
        self._journal_fault = None
        self.taken_in += taken.events + taken.settlements
        if taken.events or taken.settlements:
            self._tell(
                f"the emergency journal was taken in: {taken.events} events and "
                f"{taken.settlements} settlements",
                None,
            )
        if taken.set_aside:
            self._tell(
                f"{taken.set_aside} lines of the emergency journal could not be taken in "
                f"({taken.reason}); they are kept in "
                f"{self._journal.set_aside_path}: have a person look",
                None,
            )

    def _lose(self, store: SqliteStore | None, error: Exception) -> None:
        """Note that the store cannot be used, loudly the first time."""
        text = str(error)
        if text != self.fault:
            self._tell(text, error)
            self._is_fault_told = True
        self.fault = text
        if store is not None and isinstance(error, StoreError) and error.is_busy:
            # Others hold it: it need not be opened anew, and mail should not wait long again.
            store.set_waiting(wait=False)
            return
        if store is not None:
            store.close()
        self._store = None
        self._next_try = time.monotonic() + RETRY_SECONDS

    def _recover(self, store: SqliteStore) -> None:
        if self.fault is None:
            return
        if self._is_fault_told:
            self._tell(f"the ledger {self._path} is in use again", None)
        self.fault = None
        self._is_fault_told = False
        store.set_waiting(wait=True)
