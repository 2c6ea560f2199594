"""The courier against real SMTP peers on loopback, and an outbox that keeps leases in memory.

The clock is the test's: nothing here waits for time to pass. ``outbox.until`` waits for a state.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
import structlog
from aiosmtpd.smtp import SMTP

from gateway import packaged
from gateway.config import Endpoint, Tls, load
from gateway.errors import LedgerError
from gateway.model import Action, Matter, Notice, NoticeRequest, Tier
from gateway.net.courier import Courier, Pace, Result
from gateway.net.submission import Submission
from gateway.notice import render, texts

START = datetime(2026, 11, 22, 9, 14, tzinfo=UTC)
LEASE = timedelta(seconds=15)
# Polls and renewals as fast as the loop turns; the lease itself is measured on the test's clock.
QUICK = Pace(poll=0.01, renew_every=0.01, patience=5)


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
    read = texts.load(packaged.policies_directory())
    return lambda notice: render.letter(notice, config, read)


@pytest.fixture
def notice():
    def make(number=1, **changes):
        matter = Matter(
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
            pace=pace,
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


async def test_n04_it_leaves_with_the_null_sender_and_its_own_bytes(
    start, outbox, peer, notice, compose
):
    outbox.put(notice())
    courier = start()
    await outbox.until_state("sent")
    assert peer.taken == [("<>", ["prof@example.edu"], compose(notice()).content)]
    (row,) = outbox.rows.values()
    assert row.message_id == compose(notice()).message_id
    assert row.digest == compose(notice()).digest
    assert row.at == START
    await outbox.until(lambda: courier.results == [Result.SENT])


async def test_n10_it_leaves_as_soon_as_the_courier_is_woken(start, outbox, peer, notice):
    courier = start(pace=replace(QUICK, poll=3600))
    await outbox.until(lambda: "claim" in outbox.calls)
    outbox.put(notice())
    courier.wake()
    await outbox.until_state("sent")


async def test_n10_a_row_that_another_process_queued_is_found_by_polling(start, outbox, notice):
    start()
    await outbox.until(lambda: "claim" in outbox.calls)
    outbox.put(notice())
    await outbox.until_state("sent")


def test_n10_an_unhindered_notice_waits_a_second_at_most_before_it_leaves():
    assert Pace().poll <= 1
    assert Pace().lease == LEASE
    assert Pace().renew_every * 2 < LEASE.total_seconds()


async def test_n10_the_lease_is_renewed_while_sending(start, outbox, peer, clock, notice):
    peer.hold = asyncio.Event()
    outbox.put(notice())
    start()
    (row,) = outbox.rows.values()
    for _ in range(5):
        seen = row.renewals
        await outbox.until(lambda at=seen: row.renewals > at)
        clock.advance(seconds=14)
        # Nobody has had a moment to renew it since: the last renewal holds until here.
        claim = outbox.claim(owner="other", now=clock(), lease=LEASE, limit=1, per_hour=9)
        assert claim.result() == ()
    other = start(owner="other")
    await outbox.until(lambda: outbox.calls.count("claim") > 30)
    assert row.owner == "courier"
    peer.hold.set()
    await outbox.until_state("sent")
    assert len(peer.taken) == 1
    assert other.results == []


async def test_n10_a_dead_courier_s_lease_runs_out_and_the_repeat_is_recognisable(
    start, outbox, peer, clock, notice
):
    outbox.put(notice())
    outbox.claim(owner="dead", now=clock(), lease=LEASE, limit=1, per_hour=9)
    start()
    await outbox.until(lambda: outbox.calls.count("claim") > 5)
    assert peer.taken == []
    clock.advance(seconds=15)
    await outbox.until_state("sent")
    content = message_from_bytes(peer.taken[0][2])
    assert content["Message-ID"] == "<01KANGHZ4TZ6X0V5W3Q9G4T201.notice@example.edu>"


async def test_n10_failures_wait_longer_each_time(start, outbox, peer, clock, notice):
    peer.rcpt = "451 4.3.0 try later"
    outbox.put(notice())
    (row,) = outbox.rows.values()
    courier = start()
    waits = []
    for attempt in range(1, 12):
        await outbox.until(lambda at=attempt: outbox.calls.count("postpone") == at)
        waits.append(int((row.notice.not_before - clock()).total_seconds() // 60))
        clock.now = row.notice.not_before
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240]
    assert set(courier.results) == {Result.POSTPONED}
    peer.rcpt = None
    await outbox.until_state("sent")


def test_n10_the_wait_has_a_bound_whatever_the_ledger_says():
    assert Pace().retry_after(10**9) == timedelta(hours=4)
    assert Pace().retry_after(-1) == timedelta(minutes=1)


async def test_n10_it_is_given_up_after_five_days_with_an_alert(start, outbox, peer, clock, notice):
    peer.data = "554 5.6.0 not today"
    outbox.put(notice())
    (row,) = outbox.rows.values()
    with structlog.testing.capture_logs() as logs:
        courier = start()
        await outbox.until(lambda: "postpone" in outbox.calls)
        clock.now = START + timedelta(days=5) - timedelta(seconds=1)
        await outbox.until(lambda: outbox.calls.count("postpone") == 2)
        assert row.state == "queued"
        clock.now = row.notice.not_before
        await outbox.until_state("failed")
        await outbox.until(lambda: courier.results[-1] is Result.FAILED)
    (alert,) = [line for line in logs if line["log_level"] == "error"]
    assert alert["event"] == "a notice was given up"
    assert alert["event_id"] == row.notice.id
    assert row.error == "554 5.6.0 not today"


@pytest.mark.parametrize(
    "reply",
    ["550 5.1.1 <prof@example.edu>: no such user", "550 no such user", "553 5.2.1 closed"],
)
async def test_n10_a_mailbox_that_is_not_there_is_given_up_at_once(
    reply, start, outbox, peer, notice
):
    peer.rcpt = reply
    outbox.put(notice())
    courier = start()
    await outbox.until_state("failed")
    (row,) = outbox.rows.values()
    assert row.error.startswith(reply[:3])
    assert "@" not in row.error
    await outbox.until(lambda: courier.results == [Result.FAILED])


@pytest.mark.parametrize(
    "said",
    [
        ("rcpt", "550 5.7.1 relaying denied"),
        ("rcpt", "552 5.2.2 mailbox full"),
        ("rcpt", "550 5.1.8 null sender not liked"),
        ("rcpt", "554 no"),
        ("rcpt", "450 4.2.1 later"),
        ("data", "550 5.1.1 odd place to say so"),
        ("data", "451 later"),
    ],
)
async def test_n10_what_people_can_mend_is_tried_again(said, start, outbox, peer, notice):
    stage, reply = said
    setattr(peer, stage, reply)
    outbox.put(notice())
    start()
    await outbox.until(lambda: "postpone" in outbox.calls)
    (row,) = outbox.rows.values()
    assert row.state == "queued"
    assert row.error.startswith(reply[:3])


async def test_n10_above_the_cap_the_rest_waits(start, outbox, peer, clock, notice):
    outbox.put(*(notice(n) for n in range(7)))
    start(per_hour=5)
    await outbox.until(lambda: [r.state for r in outbox.rows.values()].count("sent") == 5)
    seen = outbox.calls.count("claim")
    await outbox.until(lambda: outbox.calls.count("claim") > seen + 5)
    assert len(peer.taken) == 5
    clock.advance(hours=1)
    await outbox.until_state("sent")


async def test_only_so_many_are_on_their_way_at_once(start, outbox, peer, notice):
    outbox.put(*(notice(n) for n in range(9)))
    peer.hold = asyncio.Event()
    start(pace=replace(QUICK, slots=2))
    await outbox.until(lambda: peer.at_once == 2)
    peer.hold.set()
    await outbox.until_state("sent")
    assert peer.most_at_once == 2


async def test_n11_a_dead_mta_only_makes_it_wait(start, outbox, notice):
    outbox.put(notice())
    courier = start(to=Submission(Endpoint("127.0.0.1", 1), Tls.NONE, "gw"))
    await outbox.until(lambda: "postpone" in outbox.calls)
    assert not courier.task.done()


async def test_n11_an_mta_that_dies_in_data_only_makes_it_wait(start, outbox, peer, clock, notice):
    peer.dies = True
    peer.data = "451 never heard"
    outbox.put(notice())
    courier = start()
    await outbox.until(lambda: "postpone" in outbox.calls)
    peer.dies, peer.data = False, None
    clock.advance(minutes=1)
    await outbox.until_state("sent")
    assert not courier.task.done()


async def test_n11_an_mta_that_hangs_only_makes_it_wait(start, outbox, peer, mta, notice):
    peer.hold = asyncio.Event()
    outbox.put(notice())
    start(to=replace(mta, seconds=0.05))
    await outbox.until(lambda: "postpone" in outbox.calls)
    (row,) = outbox.rows.values()
    assert "Timeout" in row.error
    peer.hold.set()


async def test_n11_a_notice_that_cannot_be_written_stops_no_other(
    start, outbox, peer, notice, compose
):
    def fussy(one):
        if one.id.endswith("01"):
            raise ValueError("prof@example.edu is odd")
        return compose(one)

    outbox.put(notice(1), notice(2))
    courier = start(write=fussy)
    await outbox.until_state("sent", notice(2).id)
    await outbox.until(lambda: "postpone" in outbox.calls)
    assert outbox.rows[notice(1).id].error == "ValueError: … is odd"
    assert not courier.task.done()


async def test_n11_an_outbox_that_cannot_be_read_is_told_once_and_read_again(start, outbox, notice):
    outbox.failing.add("claim")
    outbox.put(notice())
    with structlog.testing.capture_logs() as logs:
        start()
        await outbox.until(lambda: len(outbox.calls) > 5)
        outbox.failing.clear()
        await outbox.until_state("sent")
    assert [line["event"] for line in logs][:2] == [
        "the outbox can't be read: notices wait",
        "the outbox can be read again",
    ]


async def test_what_was_sent_is_not_sent_again_for_a_ledger_that_failed(
    start, outbox, peer, clock, notice
):
    outbox.failing.add("sent")
    outbox.put(notice())
    start()
    await outbox.until(lambda: "sent" in outbox.calls)
    outbox.failing.clear()
    clock.advance(seconds=15)
    await outbox.until_state("sent")
    assert len(peer.taken) == 1
    (row,) = outbox.rows.values()
    assert row.at == START


async def test_a_lease_that_is_lost_ends_the_sending(start, outbox, peer, notice):
    peer.hold = asyncio.Event()
    outbox.put(notice())
    start()
    async with asyncio.timeout(20):
        await peer.arrived.wait()
    (row,) = outbox.rows.values()
    row.owner = "other"
    await outbox.until(lambda: peer.at_once == 0)
    assert (row.state, row.owner) == ("queued", "other")
    assert "postpone" not in outbox.calls


async def test_a_lease_that_could_not_be_renewed_and_is_ours_again_is_not_sent_twice(
    start, outbox, peer, clock, notice
):
    peer.hold = asyncio.Event()
    outbox.failing.add("renew")
    outbox.put(notice())
    start()
    async with asyncio.timeout(20):
        await peer.arrived.wait()
    clock.advance(seconds=16)
    seen = outbox.calls.count("claim")
    await outbox.until(lambda: outbox.calls.count("claim") > seen + 3)
    peer.hold.set()
    await outbox.until_state("sent")
    assert len(peer.taken) == 1


async def test_a_stop_lets_what_is_being_sent_be_sent(start, outbox, peer, notice):
    peer.hold = asyncio.Event()
    outbox.put(notice(1))
    courier = start()
    async with asyncio.timeout(20):
        await peer.arrived.wait()
    courier.stop()
    outbox.put(notice(2))
    # Long enough for a courier that would not wait to break off.
    for _ in range(100):
        await asyncio.sleep(0)
    peer.hold.set()
    await courier.task
    assert outbox.rows[notice(1).id].state == "sent"
    assert outbox.rows[notice(2).id].state == "queued"


@pytest.mark.parametrize("end", ["stop", "cancel"])
async def test_an_end_that_cannot_wait_releases_the_lease(end, start, outbox, peer, notice):
    peer.hold = asyncio.Event()
    outbox.put(notice())
    courier = start(pace=replace(QUICK, patience=0.05))
    async with asyncio.timeout(20):
        await peer.arrived.wait()
    if end == "stop":
        courier.stop()
        await courier.task
    else:
        courier.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await courier.task
    (row,) = outbox.rows.values()
    assert (row.state, row.owner, row.notice.not_before) == ("queued", None, START)
    peer.hold.set()


async def test_a_ledger_that_never_answers_holds_up_no_stop(start, outbox, peer, notice):
    outbox.silent.add("sent")
    outbox.put(notice())
    courier = start(pace=replace(QUICK, patience=0.05))
    await outbox.until(lambda: "sent" in outbox.calls)
    courier.stop()
    await courier.task
    assert len(peer.taken) == 1


async def test_a_change_that_comes_too_late_is_dropped(start, outbox, peer, notice):
    outbox.put(notice())
    peer.hold = asyncio.Event()
    courier = start(pace=replace(QUICK, renew_every=3600))
    async with asyncio.timeout(20):
        await peer.arrived.wait()
    (row,) = outbox.rows.values()
    row.owner = "other"
    peer.hold.set()
    await outbox.until(lambda: "sent" in outbox.calls)
    assert (row.state, courier.results) == ("queued", [])
