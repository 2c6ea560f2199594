"""The ledger as the rest of the gateway knows it: ask, and get a future.

One thread owns the one connection. It takes all jobs that wait and commits them together (group
commit: fifty messages cost one fsync); each runs in a savepoint of its own, so that a bad one
fails alone. Whatever happens to the database, an observation and a settlement have a second
home, the emergency journal; only when both fail is the caller told so.

No loop and no coroutine here: ``asyncio.wrap_future`` serves those who have one. Start it after
any fork. Everything that is told is told from the thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from gateway.errors import LedgerError
from gateway.ledger.record import events
from gateway.ledger.store import settlement as settlements
from gateway.ledger.store.emergency_journal import Journal, line, record_as_json
from gateway.ledger.store.group_commit import RETRY_SECONDS, GroupCommit
from gateway.ledger.store.recovery import WritingProcess
from gateway.ledger.store.settlement import Rhythm, Settlement, any_window_is_open
from gateway.ledger.store.write_job import Durability, WriteJob

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from gateway.ledger.record.events import Entropy
    from gateway.ledger.record.record import JSON, Record
    from gateway.ledger.store.store_contract import Store
    from gateway.model import Notice

T = TypeVar("T")

HEARTBEAT_INTERVAL = timedelta(minutes=5)
"""Between two events that say that a process is still watching."""

# So many jobs at most in one transaction: a late one should not wait for a crowd.
_TOGETHER = 500
# How long start() waits for the first attempt, so that `fault` has something to say.
_FIRST_ATTEMPT_SECONDS = 10.0

OnFault = Callable[[str, Exception | None], None]
"""Hears a sentence for an operator, with the error where it is about one."""


class LedgerWriter:
    """The ledger's writer. ``start`` it, ask it, ``close`` it.

    A future ends when its change is durable, or with a ``LedgerError`` that says why it was not
    done. Times are aware.
    """

    def __init__(  # noqa: PLR0913 - all of its surroundings, none of them reached for
        self,
        path: Path,
        journal: Path,
        *,
        process: str,
        clock: Callable[[], datetime],
        entropy: Entropy,
        tell: OnFault,
        rhythm: Rhythm = any_window_is_open,
        heartbeat: timedelta = HEARTBEAT_INTERVAL,
    ) -> None:
        """``process`` is a random id, new at each start; ``journal`` the emergency journal's file.

        ``tell(text, error)`` hears what an operator should: it is called from the writer's
        thread. ``rhythm`` decides notices of settlements that come out of the journal.
        """
        self._writer = WritingProcess(process, clock, entropy)

        def told(text: str, error: Exception | None) -> None:
            # Whoever listens may fail; the ledger's thread must not end for that.
            with suppress(Exception):
                tell(text, error)

        self._tell = told
        self._heartbeat = heartbeat.total_seconds()
        self.journal = Journal(journal)
        self._committer = GroupCommit(path, self.journal, self._writer, tell=told, rhythm=rhythm)
        self._jobs: SimpleQueue[WriteJob | None] = SimpleQueue()
        self._door = threading.Lock()
        self._is_closing = False
        self._has_tried = threading.Event()
        # A daemon: a gateway that fails to close it must still be able to end.
        self._thread = threading.Thread(target=self._run, name="monition-ledger", daemon=True)

    @property
    def fault(self) -> str | None:
        """Why the ledger cannot be used now; ``None`` when it can."""
        return self._committer.fault

    @property
    def taken_in(self) -> int:
        """How many entries of the emergency journal this process took in."""
        return self._committer.taken_in

    def start(self) -> None:
        """Open the ledger. Never raises for an unusable one: ``fault`` says why, it tries on."""
        self._thread.start()
        self._has_tried.wait(_FIRST_ATTEMPT_SECONDS)

    def close(self) -> None:
        """Write what waits, then STOPPED, and let go. Later jobs are refused."""
        with self._door:
            if self._is_closing:
                return
            self._is_closing = True
            self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def observe(self, records: Sequence[Record]) -> Future[Durability]:
        """Keep OBSERVED records, all or none; the future tells where they are durable.

        It fails where neither the ledger nor the journal could keep them. Cancelled before
        its turn, it writes nothing: the message did not go on.
        """
        records = tuple(records)

        def work(store: Store) -> Durability:
            for record in records:
                store.append(record)
            return Durability.LEDGER

        def lines() -> list[bytes]:
            return [line("record", record_as_json(record)) for record in records]

        return self._ask(work, lines=lines, if_journalled=Durability.JOURNAL)

    def settle(self, settlement: Settlement) -> Future[str]:
        """Keep how a message ended; the future tells the notice's state.

        ``none``, ``queued``, ``suppressed:REASON``, or ``journalled``: decided later. It is done
        even if the future is cancelled: the caller may stop waiting, the message has ended.
        """

        def work(store: Store) -> str:
            try:
                with store.savepoint():
                    return self._settle(store, settlement)
            except LedgerError:
                raise
            except Exception as error:  # noqa: BLE001 - the rhythm is not ours; N11
                self._tell(f"message {settlement.message} was settled without a notice", error)
                return self._settle(store, replace(settlement, request=None, suppression=None))

        def lines() -> list[bytes]:
            return [line("settlement", settlements.as_json(settlement))]

        return self._ask(work, lines=lines, if_journalled="journalled", is_due=True)

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, per_hour: int
    ) -> Future[tuple[Notice, ...]]:
        """Lease due notices to ``owner`` until ``now + lease``, oldest first.

        Those sent within the last hour and those on their way count against ``per_hour``.
        """
        return self._ask(
            lambda store: store.claim(
                owner=owner, now=now, lease=lease, limit=limit, per_hour=per_hour
            )
        )

    def waiting(self) -> Future[int]:
        """How many notices are neither sent nor given up."""
        return self._ask(lambda store: store.waiting())

    def renew(self, notice_id: str, *, owner: str, lease_until: datetime) -> Future[bool]:
        """Prolong a lease. False: someone else has it, or it is done with."""
        return self._ask(lambda store: store.renew(notice_id, owner=owner, lease_until=lease_until))

    def sent(  # noqa: PLR0913 - what the event says
        self,
        notice: Notice,
        *,
        owner: str,
        at: datetime,
        message_id: str,
        digest: str,
        texts: str | None = None,
    ) -> Future[bool]:
        """Close a notice as sent, with its NOTIFIED. False: the owner had lost it.

        ``digest`` is the letter's, ``texts`` that of the templates and settings it was made of.
        """
        facts: dict[str, JSON] = {
            "result": "sent",
            "message_id": message_id,
            "digest": digest,
            "texts": texts,
        }
        return self._finish(notice, facts, owner=owner, at=at, error=None)

    def postpone(
        self, notice: Notice, *, owner: str, not_before: datetime, error: str
    ) -> Future[bool]:
        """Give a notice back, to be tried again then. False: the owner had lost it."""
        return self._ask(
            lambda store: store.postpone(notice.id, owner=owner, not_before=not_before, error=error)
        )

    def give_up(self, notice: Notice, *, owner: str, at: datetime, error: str) -> Future[bool]:
        """Close a notice as failed, with its NOTIFIED. False: the owner had lost it.

        The error stays in the outbox: a peer's words may name an address, which no fact does.
        """
        facts: dict[str, JSON] = {
            "result": "failed",
            "message_id": None,
            "digest": None,
            "texts": None,
        }
        return self._finish(notice, facts, owner=owner, at=at, error=error)

    def _finish(
        self,
        notice: Notice,
        facts: dict[str, JSON],
        *,
        owner: str,
        at: datetime,
        error: str | None,
    ) -> Future[bool]:
        writer = self._writer

        def work(store: Store) -> bool:
            attempts = store.finish(notice.id, owner=owner, at=at, error=error)
            if attempts is None:
                return False
            whole = {**facts, "notice": notice.id, "attempts": attempts}
            store.append(
                events.notified(whole, process=writer.process, at=at, entropy=writer.entropy)
            )
            return True

        return self._ask(work)

    def _settle(self, store: Store, settlement: Settlement) -> str:
        writer = self._writer
        return settlements.write_settlement(
            store, settlement, now=settlement.at, process=writer.process, entropy=writer.entropy
        )

    def _ask(
        self,
        work: Callable[[Store], T],
        *,
        lines: Callable[[], list[bytes]] | None = None,
        if_journalled: T | None = None,
        is_due: bool = False,
    ) -> Future[T]:
        job = WriteJob(work, lines, if_journalled, is_due)
        with self._door:
            if self._is_closing:
                job.fail(LedgerError("the ledger is closed: the gateway is ending"))
            else:
                self._jobs.put(job)
        return job.future

    def _run(self) -> None:
        """The thread: take what waits, commit it, say now and then that we are alive."""
        committer, writer = self._committer, self._writer
        committer.begin()
        self._has_tried.set()
        next_beat = time.monotonic() + self._heartbeat
        is_closing = False
        while not is_closing:
            pause = max(0.0, next_beat - time.monotonic())
            if not committer.is_idle:
                pause = min(pause, RETRY_SECONDS)
            jobs, is_closing = self._gather(pause)
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + self._heartbeat
                beat = events.heartbeat(writer.process, at=writer.clock(), entropy=writer.entropy)
                jobs.append(_note(beat))
            if is_closing:
                farewell = events.stopped(writer.process, at=writer.clock(), entropy=writer.entropy)
                jobs.append(_note(farewell))
            try:
                committer.commit(jobs)
            except Exception as error:  # noqa: BLE001 - a bug fails its jobs, not the thread
                self._tell("the ledger's thread met an error of its own", error)
                failure = LedgerError(f"the ledger failed: {type(error).__name__}")
                for job in jobs:
                    if not job.future.done():
                        job.fail(failure)
        committer.end()

    def _gather(self, pause: float) -> tuple[list[WriteJob], bool]:
        """All jobs that wait, or none after a pause; and whether the last one was among them."""
        jobs: list[WriteJob] = []
        try:
            while len(jobs) < _TOGETHER:
                job = self._jobs.get(timeout=pause)
                pause = 0.0
                if job is None:
                    return jobs, True
                if job.is_wanted():
                    jobs.append(job)
        except Empty:
            pass
        return jobs, False


def _note(record: Record) -> WriteJob:
    return WriteJob(lambda store: store.append(record))
