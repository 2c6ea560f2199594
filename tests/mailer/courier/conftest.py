"""Real SMTP peers on loopback, an outbox that keeps leases in memory, and a clock of the test's."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from aiosmtpd.smtp import SMTP

from gateway import packaged
from gateway.config import Endpoint, Tls, load
from gateway.errors import LedgerError
from gateway.mailer.courier import Courier, CourierTiming
from gateway.mailer.submission import Submission
from gateway.model import Action, MatchedInstitution, Notice, NoticeRequest, Tier
from gateway.notices import notice_texts, render

START = datetime(2026, 11, 22, 9, 14, tzinfo=UTC)
LEASE = timedelta(seconds=15)
# Polls and renewals as fast as the loop turns; the lease itself is measured on the test's clock.
QUICK = CourierTiming(poll=0.01, renew_every=0.01, answer_seconds=5)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def advance(self, **by):
        self.now += timedelta(**by)


class Row:
    def __init__(self, notice):
        self.notice, self.state, self.owner, self.error = notice, "queued", None, None
        self.message_id = self.digest = self.at = None
        self.renewals = 0


class Outbox:
    """The ledger's promises: a lease, an owner, a cap; a change without the lease is refused."""

    def __init__(self):
        self.rows = {}
        self.calls = []
        self.failing = set()
        self.silent = set()
        self._unanswered = []
        self._changed = asyncio.Event()

    def put(self, *notices):
        self.rows |= {notice.id: Row(notice) for notice in notices}

    async def until(self, condition):
        async with asyncio.timeout(20):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_state(self, state, *ids):
        ids = ids or tuple(self.rows)
        await self.until(lambda: all(self.rows[one].state == state for one in ids))

    def claim(self, *, owner, now, lease, limit, per_hour):
        def work():
            recent = [
                r
                for r in self.rows.values()
                if (r.state == "sent" and r.at > now - timedelta(hours=1)) or self._leased(r, now)
            ]
            due = [
                r
                for r in self.rows.values()
                if r.state == "queued"
                and not self._leased(r, now)
                and (r.notice.not_before is None or r.notice.not_before <= now)
            ]
            claimed = due[: max(0, min(limit, per_hour - len(recent)))]
            out = []
            for row in claimed:
                row.owner = owner
                row.notice = replace(row.notice, lease_until=now + lease)
                out.append(row.notice)
                row.notice = replace(row.notice, attempts=row.notice.attempts + 1)
            return tuple(out)

        return self._do("claim", work)

    def renew(self, notice_id, *, owner, lease_until):
        def work():
            row = self.rows[notice_id]
            if row.state != "queued" or row.owner != owner:
                return False
            row.notice = replace(row.notice, lease_until=lease_until)
            row.renewals += 1
            return True

        return self._do("renew", work)

    def sent(self, notice, *, owner, at, message_id, digest, texts=None):
        return self._do(
            "sent",
            lambda: self._end(
                notice, owner, state="sent", at=at, message_id=message_id, digest=digest
            ),
        )

    def give_up(self, notice, *, owner, at, error):
        return self._do(
            "give_up", lambda: self._end(notice, owner, state="failed", at=at, error=error)
        )

    def postpone(self, notice, *, owner, not_before, error):
        def work():
            if not self._end(notice, owner, error=error):
                return False
            row = self.rows[notice.id]
            row.owner = None
            row.notice = replace(row.notice, lease_until=None, not_before=not_before)
            return True

        return self._do("postpone", work)

    def _end(self, notice, owner, **changes):
        row = self.rows[notice.id]
        if row.state != "queued" or row.owner != owner:
            return False
        for name, value in changes.items():
            setattr(row, name, value)
        return True

    @staticmethod
    def _leased(row, now):
        until = row.notice.lease_until
        return row.state == "queued" and until is not None and until > now

    def _do(self, name, work):
        self.calls.append(name)
        future = Future()
        if name in self.silent:
            self._unanswered.append(future)
        elif name in self.failing:
            future.set_exception(LedgerError("disk full"))
        else:
            future.set_result(work())
        self._changed.set()
        return future


class Peer:
    """An SMTP server that answers as it is told, and remembers what it took."""

    def __init__(self):
        self.taken = []
        self.at_once = self.most_at_once = 0
        self.rcpt = self.data = None
        self.hold = None
        self.dies = False
        self.arrived = asyncio.Event()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.rcpt is not None:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.arrived.set()
        try:
            if self.dies:
                server.transport.abort()
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self.at_once -= 1
        if self.data is not None:
            return self.data
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 queued"


@pytest.fixture
def peer():
    return Peer()


@pytest.fixture
async def mta(peer):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(peer, enable_SMTPUTF8=True, hostname="mta", loop=loop), "127.0.0.1", 0
    )
    yield Submission(
        Endpoint("127.0.0.1", server.sockets[0].getsockname()[1]), Tls.NONE, "gw", seconds=20
    )
    server.close()


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def compose():
    config = load(packaged.default_configuration(), {})
    read = notice_texts.load(packaged.policies_directory())
    return lambda notice: render.rendered_notice(notice, config, read)


@pytest.fixture
def notice():
    def make(number=1, **changes):
        matter = MatchedInstitution(
            event=f"01KANGHZ4TZ6X0V5W3Q9G4T2{number:02}",
            recipient="a.petrov@mipt.ru",
            entity="us-ofac-38316",
            entity_name="Moscow Institute of Physics and Technology",
            list="US-OFAC-SDN",
            programme=None,
            listed_on=None,
            tier=Tier.BLOCKING,
            action=Action.WARN,
        )
        to = changes.pop("to", "prof@example.edu")
        asked = NoticeRequest("M", to, (matter,), ("w",), False, "en", "<m@example.edu>", ())
        return replace(Notice(matter.event, asked, START, START + timedelta(days=7)), **changes)

    return make


@pytest.fixture
async def start(outbox, compose, mta, clock):
    """Run couriers until the test is over; each must end well."""
    running = []

    def run(*, to=mta, owner="courier", pace=QUICK, per_hour=200, write=compose):
        results = []
        courier = Courier(
            outbox,
            write,
            to,
            owner=owner,
            per_hour=per_hour,
            clock=clock,
            told=results.append,
            timing=pace,
        )
        courier.results = results
        courier.task = asyncio.create_task(courier.run())
        running.append(courier)
        return courier

    with structlog.testing.capture_logs() as logs:
        yield run
        for courier in running:
            courier.stop()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait_for(courier.task, 20)
    assert not [line for line in logs if "@" in repr(line)], "an address in a log"
    assert all("event_id" in line or "outbox" in line["event"] for line in logs)
