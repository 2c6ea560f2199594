"""Clients that cannot be let in: each is told 421 and counted, and the operator hears of it."""

import asyncio
from ipaddress import ip_network

import pytest

from gateway.relay import client_address, rejections, timeouts
from gateway.smtp import own_replies


def turned_away(started, reason):
    return started.metrics.turned_away.labels(reason)._value.get()


def lines(started, words):
    return [line for line in started.logged() if words in line["event"]]


async def test_r20_of_many_surplus_clients_that_stay_each_is_told_421(gateway):
    """More than may linger, and all at once: none is closed without a word."""
    started = await gateway(max_sessions=1)
    inside, _ = await started.meet()
    many = [await started.connect() for _ in range(rejections.MOST_LINGERING * 3)]
    for client in many:
        assert await client.end() == own_replies.TOO_MANY
    assert turned_away(started, "sessions") == len(many)
    (line,) = lines(started, "relay.max_sessions is reached")
    assert (line["level"], line["left_out"]) == ("warning", 0)
    assert len(started.server._rejections) <= rejections.MOST_LINGERING
    for client in many:
        client.close()
    await started.until(lambda: not started.server._rejections)
    await inside.say(b"NOOP\r\n")


async def test_r20_a_surplus_client_that_speaks_is_not_reset(gateway):
    started = await gateway(max_sessions=1)
    await started.meet()
    hasty = await started.connect()
    for _ in range(20):
        await hasty.say(b"NOOP\r\n" * 1000)
    hasty.say_no_more()
    assert await hasty.end() == own_replies.TOO_MANY
    await started.until(lambda: not started.server._rejections)


async def test_r20_a_surplus_client_that_never_closes_is_closed(gateway, monkeypatch):
    monkeypatch.setattr(timeouts, "LINGER_SECONDS", 0.1)
    started = await gateway(max_sessions=1)
    await started.meet()
    await (await started.connect()).hear(own_replies.TOO_MANY)
    await started.until(lambda: not started.server._rejections)


async def test_r20_where_descriptors_are_short_a_client_is_told_so_and_its_own_is_given_back(
    gateway, monkeypatch
):
    monkeypatch.setattr(timeouts, "LINGER_SECONDS", 600)
    started = await gateway()
    await started.meet()
    (session,) = started.server.connections.open
    shortage = started.server._admission._descriptors
    # As if as many as this session's, and some to spare, were all that there are.
    shortage.limit = client_address.descriptor_of(session._client.transport)
    surplus = [await started.connect() for _ in range(3)]
    for client in surplus:
        assert await client.end() == own_replies.TOO_MANY
    # They have not closed, and we have.
    await started.until(lambda: not started.server._rejections)
    assert turned_away(started, "descriptors") == 3
    assert len(lines(started, "too few descriptors are left")) == 1
    shortage.measure()
    await started.meet()


async def test_r20_who_is_turned_away_is_counted_by_the_reason(gateway):
    started = await gateway(clients=(ip_network("192.0.2.0/24"),))
    assert await (await started.connect()).end() == own_replies.NOT_A_CLIENT
    assert turned_away(started, "stranger") == 1


@pytest.fixture
async def behind_a_balancer(gateway):
    return await gateway(max_sessions=1, proxy_protocol=(ip_network("127.0.0.0/8"),))


async def test_r20_behind_a_balancer_the_surplus_is_told_421_before_its_header(behind_a_balancer):
    started = behind_a_balancer
    await started.connect()
    await started.until(lambda: len(started.server._waiting) == 1)
    second = await started.connect()
    await second.hear(own_replies.TOO_MANY)
    # Its header comes all the same, and costs it nothing.
    await second.say(b"PROXY TCP4 127.0.0.1 127.0.0.1 40000 25\r\nEHLO x\r\n")
    second.say_no_more()
    assert await second.end() == b""
    assert turned_away(started, "sessions") == 1


async def test_r18_who_is_on_the_way_out_is_not_cut_off_by_the_end(gateway):
    started = await gateway(max_sessions=1)
    first, _ = await started.meet()
    second = await started.connect()
    await second.hear(own_replies.TOO_MANY)
    draining = asyncio.ensure_future(started.server.drain())
    await first.end()
    first.close()
    await started.until(lambda: not started.server.connections.open)
    # It could still speak, and a reset would take our words away.
    assert await second.end() == b""
    await asyncio.sleep(0.05)
    assert not draining.done()
    second.close()
    await draining


async def test_r20_a_client_that_has_spoken_is_turned_away_with_care(gateway, caplog):
    started = await gateway(max_sessions=0)
    client = await started.connect()
    await client.reply(421)
    # It is read from, so that no reset takes our reply from it.
    await client.say(b"EHLO early.example\r\n")
    client.close()
    await started.until(lambda: not started.server._rejections)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
