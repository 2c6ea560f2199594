"""The courier where something fails: the MTA, the ledger, a lease, the process itself.

The clock is the test's: nothing here waits for time to pass.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import structlog

from gateway.config import Endpoint, Tls
from gateway.mailer.courier import CourierTiming
from gateway.mailer.submission import Submission

START = datetime(2026, 11, 22, 9, 14, tzinfo=UTC)
# Polls and renewals as fast as the loop turns; the lease itself is measured on the test's clock.
QUICK = CourierTiming(poll=0.01, renew_every=0.01, answer_seconds=5)


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
    courier = start(pace=replace(QUICK, answer_seconds=0.05))
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
    courier = start(pace=replace(QUICK, answer_seconds=0.05))
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
