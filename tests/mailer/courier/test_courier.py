"""The courier against real SMTP peers on loopback, and an outbox that keeps leases in memory.

The clock is the test's: nothing here waits for time to pass. ``outbox.until`` waits for a state.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
import structlog

from gateway.mailer.courier import AttemptResult, CourierTiming

START = datetime(2026, 11, 22, 9, 14, tzinfo=UTC)
LEASE = timedelta(seconds=15)
# Polls and renewals as fast as the loop turns; the lease itself is measured on the test's clock.
QUICK = CourierTiming(poll=0.01, renew_every=0.01, answer_seconds=5)


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
    await outbox.until(lambda: courier.results == [AttemptResult.SENT])


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
    assert CourierTiming().poll <= 1
    assert CourierTiming().lease == LEASE
    assert CourierTiming().renew_every * 2 < LEASE.total_seconds()


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
    assert set(courier.results) == {AttemptResult.POSTPONED}
    peer.rcpt = None
    await outbox.until_state("sent")


def test_n10_the_wait_has_a_bound_whatever_the_ledger_says():
    assert CourierTiming().retry_after(10**9) == timedelta(hours=4)
    assert CourierTiming().retry_after(-1) == timedelta(minutes=1)


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
        await outbox.until(lambda: courier.results[-1] is AttemptResult.FAILED)
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
    await outbox.until(lambda: courier.results == [AttemptResult.FAILED])


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
    start(pace=replace(QUICK, most_at_once=2))
    await outbox.until(lambda: peer.at_once == 2)
    peer.hold.set()
    await outbox.until_state("sent")
    assert peer.most_at_once == 2
