"""Notices on their way: out of the outbox, to the institution's MTA, and their end written down.

A notice is claimed by a lease, which is renewed while it is being sent, and marked as sent only
after the MTA took it. Whoever dies in between leaves a lease that runs out, and another courier
sends the notice again, under the same Message-ID (``docs/decisions/0005-outbox-lease.md``).
Nothing that goes wrong here reaches the message that the notice is about.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeVar

import structlog

from gateway.mailer.submission import NotSentError, Submission, loggable, submit

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from datetime import datetime

    from gateway.model import Notice
    from gateway.notices.render import RenderedNotice

_log = structlog.get_logger(__name__)

_T = TypeVar("_T")


class Outbox(Protocol):
    """The ledger's side. Each future ends when its change is durable, or with ``LedgerError``.

    ``bool``: whether the lease was still the owner's. Times are aware.
    """

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, per_hour: int
    ) -> Future[tuple[Notice, ...]]:
        """Lease notices that are due, at most ``limit``, and no more than ``per_hour`` allows."""

    def renew(self, notice_id: str, *, owner: str, lease_until: datetime) -> Future[bool]:
        """Prolong a lease."""

    def sent(  # noqa: PLR0913 - what the event says
        self,
        notice: Notice,
        *,
        owner: str,
        at: datetime,
        message_id: str,
        digest: str,
        texts: str | None,
    ) -> Future[bool]:
        """Close a notice that the MTA took."""

    def postpone(
        self, notice: Notice, *, owner: str, not_before: datetime, error: str
    ) -> Future[bool]:
        """Give a lease back; the notice waits until then."""

    def give_up(self, notice: Notice, *, owner: str, at: datetime, error: str) -> Future[bool]:
        """Close a notice that can't be sent."""


class AttemptResult(StrEnum):
    """What became of one attempt; the label of ``monition_notices_total``."""

    SENT = "sent"
    POSTPONED = "postponed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CourierTiming:
    """How a courier spends its time. Bare numbers are seconds.

    ``poll`` is how long a row that another process queued may lie unseen; ``most_at_once`` how many
    notices are on their way at once, ``answer_seconds`` how long a stop waits for those, and any
    change for the outbox.
    """

    lease: timedelta = timedelta(seconds=15)
    renew_every: float = 5.0
    poll: float = 1.0
    most_at_once: int = 4
    first_retry: timedelta = timedelta(minutes=1)
    longest_retry: timedelta = timedelta(hours=4)
    give_up_after: timedelta = timedelta(days=5)
    answer_seconds: float = 10.0

    def retry_after(self, attempts: int) -> timedelta:
        """The wait after a failure, when so many attempts went before it: doubling, bounded."""
        # The bound is reached long before: a timedelta must not overflow.
        return min(self.first_retry * (1 << min(max(attempts, 0), 20)), self.longest_retry)


class Courier:
    """Sends what the outbox holds until it is stopped. Owned by whoever awaits :meth:`run`.

    ``compose`` renders a notice with the texts in force. ``told`` hears each
    :class:`AttemptResult`. ``owner`` is the process's id, which its leases bear; ``per_hour`` holds
    for all processes. All methods belong to the event loop's thread.
    """

    def __init__(  # noqa: PLR0913 - its neighbours, each by name
        self,
        outbox: Outbox,
        compose: Callable[[Notice], RenderedNotice],
        to: Submission,
        *,
        owner: str,
        per_hour: int,
        clock: Callable[[], datetime],
        told: Callable[[AttemptResult], None] = lambda _: None,
        timing: CourierTiming | None = None,
    ) -> None:
        self._outbox = outbox
        self._compose = compose
        self._to = to
        self._owner = owner
        self._per_hour = per_hour
        self._clock = clock
        self._told = told
        self._timing = timing or CourierTiming()
        self._wake = asyncio.Event()
        self._stopping = False
        self._can_claim = True
        self._sending: dict[str, asyncio.Task[None]] = {}
        # Taken by the MTA, but the ledger could not be told: not to be sent twice for that.
        self._unrecorded: dict[str, tuple[RenderedNotice, datetime]] = {}

    def wake(self) -> None:
        """Look into the outbox now: a notice was queued."""
        self._wake.set()

    def stop(self) -> None:
        """Claim no more; :meth:`run` ends once what is being sent is sent, or released."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send notices until :meth:`stop`. Never raises but when it is cancelled."""
        async with asyncio.TaskGroup() as group:
            while not self._stopping:
                # Before the claim, so that a wake-up during it is not lost.
                self._wake.clear()
                for notice in await self._claim():
                    # Our own lease ran out while the ledger could not renew it: it is ours anew.
                    if notice.id not in self._sending:
                        task = group.create_task(self._deliver(notice), name=notice.id)
                        self._sending[notice.id] = task
                        task.add_done_callback(self._has_ended)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._timing.poll):
                        await self._wake.wait()
            if self._sending:
                await asyncio.wait(self._sending.values(), timeout=self._timing.answer_seconds)
            for task in self._sending.values():
                task.cancel()

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        del self._sending[task.get_name()]
        self._wake.set()

    async def _claim(self) -> tuple[Notice, ...]:
        free = self._timing.most_at_once - len(self._sending)
        if free <= 0:
            return ()
        try:
            claimed = await self._written(
                self._outbox.claim(
                    owner=self._owner,
                    now=self._clock(),
                    lease=self._timing.lease,
                    limit=free,
                    per_hour=self._per_hour,
                )
            )
        except Exception as problem:  # noqa: BLE001 - no fault of the outbox ends the courier
            if self._can_claim:
                _log.error("the outbox can't be read: notices wait", error=loggable(problem))
            self._can_claim = False
            return ()
        if not self._can_claim:
            _log.info("the outbox can be read again")
        self._can_claim = True
        return claimed

    async def _deliver(self, notice: Notice) -> None:
        """One notice from its claim to its end; never raises but when it is cancelled."""
        try:
            if (known := self._unrecorded.get(notice.id)) is not None:
                await self._close(notice, *known)
                return
            rendered = self._compose(notice)
            if await self._send_under_lease(notice, rendered):
                await self._close(notice, rendered, self._clock())
        except asyncio.CancelledError:
            if (known := self._unrecorded.get(notice.id)) is not None:
                await self._close(notice, *known)
            else:
                await self._postpone(notice, timedelta(), "the courier was stopped")
            raise
        except NotSentError as problem:
            await self._fail(notice, str(problem), is_final=problem.is_final)
        except Exception as problem:  # noqa: BLE001 - people mend it while the notice waits
            # A text that can't be filled in, or a bug. No traceback: it could show an address.
            _log.error("a notice could not be made", event_id=notice.id, error=loggable(problem))
            await self._fail(notice, loggable(problem), is_final=False)

    async def _send_under_lease(self, notice: Notice, rendered: RenderedNotice) -> bool:
        """Send while renewing the lease; ``False`` where the lease was lost on the way."""
        sending = asyncio.create_task(submit(rendered, self._to))
        renewing = asyncio.create_task(self._renew_until_lost(notice))
        try:
            await asyncio.wait({sending, renewing}, return_when=asyncio.FIRST_COMPLETED)
            if not sending.done():
                _log.warning("a lease was lost; another courier has it", event_id=notice.id)
                return False
            # Raises what went wrong.
            sending.result()
            return True
        finally:
            sending.cancel()
            renewing.cancel()
            await asyncio.gather(sending, renewing, return_exceptions=True)
            # Also where a stop came in the very moment in which the MTA said yes.
            if not sending.cancelled() and sending.exception() is None:
                self._unrecorded[notice.id] = rendered, self._clock()

    async def _renew_until_lost(self, notice: Notice) -> None:
        while True:
            await asyncio.sleep(self._timing.renew_every)
            until = self._clock() + self._timing.lease
            try:
                held = await self._written(
                    self._outbox.renew(notice.id, owner=self._owner, lease_until=until)
                )
            except Exception as problem:  # noqa: BLE001 - where none can write, none can claim
                _log.warning("a lease was not renewed", event_id=notice.id, error=loggable(problem))
                continue
            if not held:
                return

    async def _close(self, notice: Notice, rendered: RenderedNotice, at: datetime) -> None:
        """Write down that a notice was sent."""
        change = self._outbox.sent(
            notice,
            owner=self._owner,
            at=at,
            message_id=rendered.message_id,
            digest=rendered.digest,
            texts=rendered.texts,
        )
        if await self._is_written(notice, change):
            self._unrecorded.pop(notice.id, None)
            _log.info("a notice was sent", event_id=notice.id, attempts=notice.attempts + 1)
            self._told(AttemptResult.SENT)

    async def _fail(self, notice: Notice, error: str, *, is_final: bool) -> None:
        now = self._clock()
        if not is_final and now - notice.created_at < self._timing.give_up_after:
            await self._postpone(notice, self._timing.retry_after(notice.attempts), error)
            return
        change = self._outbox.give_up(notice, owner=self._owner, at=now, error=error)
        if await self._is_written(notice, change):
            _log.error("a notice was given up", event_id=notice.id, error=error)
            self._told(AttemptResult.FAILED)

    async def _postpone(self, notice: Notice, wait: timedelta, error: str) -> None:
        then = self._clock() + wait
        change = self._outbox.postpone(notice, owner=self._owner, not_before=then, error=error)
        if await self._is_written(notice, change):
            _log.warning("a notice waits", event_id=notice.id, until=str(then), error=error)
            self._told(AttemptResult.POSTPONED)

    async def _is_written(self, notice: Notice, change: Future[bool]) -> bool:
        """Whether a change to the outbox was made; where it wasn't, the lease runs out."""
        try:
            held = await self._written(change)
        except Exception as problem:  # noqa: BLE001 - as for a claim
            _log.error("the outbox was not written", event_id=notice.id, error=loggable(problem))
            return False
        if not held:
            self._unrecorded.pop(notice.id, None)
            _log.warning("a lease had run out", event_id=notice.id)
        return held

    async def _written(self, change: Future[_T]) -> _T:
        """Wait for the ledger, with patience; a change on its way is never taken back."""
        async with asyncio.timeout(self._timing.answer_seconds):
            return await asyncio.shield(asyncio.wrap_future(change))
