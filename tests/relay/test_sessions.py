"""Who may come in, how long anyone may be silent, and how all leave."""

import asyncio
import socket
from ipaddress import ip_network

import pytest

from gateway.config.endpoint import Endpoint
from gateway.relay import next_hop, server, timeouts


async def test_r18_idle_sessions_are_told_421_at_once_and_nobody_new_comes_in(gateway):
    started = await gateway()
    client, hop = await started.meet()
    draining = asyncio.ensure_future(started.server.drain())
    assert (await client.end()).startswith(b"421 4.3.2 ")
    assert await hop.end() == b""
    client.close()
    await draining
    with pytest.raises(ConnectionRefusedError):
        await started.connect()


@pytest.mark.parametrize("recipient", [b"friend@example.org", b"friend@mipt.ru"])
async def test_r18_a_transaction_under_way_is_finished_first(gateway, recipient):
    started = await gateway()
    client, hop = await started.content(recipient)
    draining = asyncio.ensure_future(started.server.drain())
    await client.silence()
    with pytest.raises(ConnectionRefusedError):
        await started.connect()
    await client.say(b"x\r\n.\r\n")
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    said = await client.end()
    assert [line[:9] for line in said.splitlines()] == [b"250 2.0.0", b"421 4.3.2"]
    client.close()
    await draining
    assert started.count("delivered") == 1


async def test_r18_an_envelope_under_way_is_finished_first(gateway):
    started = await gateway()
    client, hop = await started.meet()
    await client.say(b"MAIL FROM:<a@example.edu>\r\n")
    await (await hop.hear(b"MAIL FROM:<a@example.edu>\r\n")).say(b"250 2.1.0 Ok\r\n")
    await client.reply(250)
    draining = asyncio.ensure_future(started.server.drain())
    await client.silence()
    await client.say(b"RSET\r\n")
    await (await hop.hear(b"RSET\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
    assert (await client.end()).startswith(b"421 4.3.2 ")
    client.close()
    await draining


@pytest.mark.parametrize("recipient", [b"friend@example.org", b"friend@mipt.ru"])
async def test_r18_what_is_not_finished_in_time_is_broken_off_without_a_dot(gateway, recipient):
    started = await gateway(drain_seconds=0)
    client, hop = await started.content(recipient)
    await client.say(b"x\r\n")
    await hop.hear(b"x\r\n")
    async with asyncio.timeout(20):
        await started.server.drain()
    assert await hop.end() == b""
    assert await client.end() == b""
    assert started.kinds() == []


@pytest.mark.parametrize("recipient", [b"friend@example.org", b"friend@mipt.ru"])
async def test_r18_a_client_that_is_gone_keeps_nothing_when_time_is_up(gateway, recipient):
    started = await gateway()
    client, hop = await started.content(recipient)
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    (session,) = started.server.connections.open
    client.reset()
    await started.until(lambda: session._client.transport is None)
    session.abort()  # its next hop is silent, and nobody else will tell of the end
    await started.until(lambda: not started.server.connections.open)
    assert await hop.end() == b""


async def test_r18_a_second_drain_has_nothing_to_wait_for(gateway, monkeypatch):
    started = await gateway(drain_seconds=0)
    await started.server.drain()
    asked = []
    monkeypatch.setattr(started.server, "_wait_until_empty", lambda: asked.append(1))
    await started.server.drain()
    assert asked == []


async def test_r18_no_next_hop_is_sought_for_a_client_that_was_told_421(gateway):
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        socket.create_connection(full.getsockname()),
    ):
        started = await gateway(hops=(Endpoint(*full.getsockname()),))
        client = await started.connect()
        await started.until(lambda: started.server.connections.open)
        (session,) = started.server.connections.open
        session.drain()
        assert (await client.end()).startswith(b"421 4.3.2 ")
        client.close()
        # Long before the time that a connection may take.
        await started.until(lambda: not started.server.connections.open)
    assert session._failover._is_wanted is False


async def test_r18_a_client_that_waits_for_its_greeting_is_told_421(gateway):
    started = await gateway()
    client = await started.connect()
    await started.hop.accept()
    draining = asyncio.ensure_future(started.server.drain())
    assert (await client.end()).startswith(b"421 4.3.2 ")
    client.close()
    await draining


async def test_r20_above_max_sessions_it_is_421_and_below_it_anyone_may_come(gateway):
    started = await gateway(max_sessions=2)
    first, hop = await started.meet()
    await started.meet()
    third = await started.connect()
    await third.hear(b"421 4.3.2 Too many sessions, try again later\r\n")
    # The third still lingers: it must not keep anyone out.
    first.close()
    assert await hop.end() == b""
    await started.until(lambda: started.metrics.sessions._value.get() < 2)
    await started.meet()


async def test_r20_a_stranger_is_turned_away(gateway):
    started = await gateway(clients=(ip_network("192.0.2.0/24"),))
    client = await started.connect()
    assert (await client.end()).startswith(b"421 4.7.1 ")
    assert "127.0.0.1" not in started.log.getvalue()


async def test_r20_many_clients_that_trickle_do_not_keep_a_message_up(gateway):
    started = await gateway()
    slow = [await started.connect() for _ in range(200)]
    for peer in slow:
        hop = await started.hop.greet()
        await peer.hear(b"220 next.example ESMTP\r\n")
        await peer.say(b"E")
    client, hop = await started.content(b"friend@mipt.ru")
    for at, peer in enumerate(slow):
        await peer.say(b"HLO"[at % 3 :][:1])
    await client.say(b"x\r\n.\r\n")
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


@pytest.fixture
def impatient(monkeypatch):
    """Waits that would last minutes last a moment; ``never`` gives one back its length."""
    monkeypatch.setattr(server, "CHECK_SECONDS", 0.02)
    for name in ("NEXT_HOP_SECONDS", "FINAL_REPLY_SECONDS", "CLIENT_SECONDS", "LINGER_SECONDS"):
        monkeypatch.setattr(timeouts, name, 0.1)

    def never(name: str) -> None:
        monkeypatch.setattr(timeouts, name, 600)

    return never


async def test_r20_a_hop_that_never_takes_the_connection_is_given_up(gateway, monkeypatch):
    monkeypatch.setattr(next_hop, "CONNECT_SECONDS", 0.1)
    monkeypatch.setattr(server, "CHECK_SECONDS", 0.02)
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as full,
        # Its queue has room for one; whoever comes then is not answered.
        socket.create_connection(full.getsockname()),
    ):
        started = await gateway(hops=(Endpoint(*full.getsockname()),))
        client = await started.connect()
        assert (await client.end()).startswith(b"421 4.4.1 ")


async def test_r20_a_hop_without_a_greeting_is_given_up(gateway, impatient):
    impatient("CLIENT_SECONDS")
    started = await gateway()
    client = await started.connect()
    hop = await started.hop.accept()
    assert (await client.end()).startswith(b"421 4.4.1 ")
    assert await hop.end() == b""


async def test_r20_a_hop_that_is_silent_before_the_dot_is_given_up(gateway, impatient):
    impatient("CLIENT_SECONDS")
    client, hop = await (await gateway()).meet()
    await client.say(b"MAIL FROM:<a@example.edu>\r\n")
    await hop.hear(b"MAIL FROM:<a@example.edu>\r\n")
    assert (await client.end()).startswith(b"421 4.4.2 ")
    assert await hop.end() == b""


@pytest.mark.parametrize("recipient", [b"friend@example.org", b"friend@mipt.ru"])
async def test_r20_the_dot_has_a_time_of_its_own(gateway, impatient, recipient):
    impatient("CLIENT_SECONDS")
    impatient("FINAL_REPLY_SECONDS")
    started = await gateway()
    client, hop = await started.content(recipient)
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    await asyncio.sleep(0.3)  # three times what any other reply may take
    await hop.say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


@pytest.mark.parametrize("recipient", [b"friend@example.org", b"friend@mipt.ru"])
async def test_r20_a_hop_that_never_answers_the_dot_is_a_451_and_unknown(
    gateway, impatient, recipient
):
    impatient("CLIENT_SECONDS")
    started = await gateway()
    client, hop = await started.content(recipient)
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    await client.reply(451)
    assert started.count("unknown") == 1


async def test_r20_a_silent_client_is_told_421(gateway, impatient):
    impatient("NEXT_HOP_SECONDS")
    client, hop = await (await gateway()).meet()
    assert (await client.end()).startswith(b"421 4.4.2 ")
    assert await hop.end() == b""


async def test_r20_a_client_that_never_closes_is_closed(gateway, impatient):
    impatient("CLIENT_SECONDS")
    started = await gateway()
    client, hop = await started.meet()
    hop.close()
    await client.reply(421)
    await started.until(lambda: not started.server.connections.open)


@pytest.mark.parametrize("chunk", [b"BDAT 9\r\n", b"BDAT 9 LAST\r\n"])
async def test_r20_a_chunk_under_way_is_the_clients_turn_and_not_the_next_hops(gateway, chunk):
    """A reply is awaited all the while, and nobody may wonder that it does not come."""
    started = await gateway()
    client = await started.connect()
    hop = await started.hop.greet()
    await client.say(b"EHLO client.example\r\n")
    await (await hop.hear(b"EHLO client.example\r\n")).say(b"250-next\r\n250 CHUNKING\r\n")
    await client.reply(220, 250)
    for line in (b"MAIL FROM:<a@example.edu>\r\n", b"RCPT TO:<friend@example.org>\r\n"):
        await client.say(line)
        await (await hop.hear(line)).say(b"250 2.1.0 Ok\r\n")
        await client.reply(250)
    await client.say(chunk + b"123")
    await hop.hear(chunk + b"123")
    (relay,) = started.server.connections.open
    began = client.loop.time()
    for seconds in range(310):
        relay.check_timeouts(began + seconds)
    await client.say(b"45")
    await hop.hear(b"45")
    for seconds in range(310, 650, 10):
        relay.check_timeouts(began + seconds)
    await client.hear(b"421 4.4.2 Error: timeout exceeded\r\n")
    assert started.metrics.next_hop_errors._value.get() == 0


async def test_r20_a_slow_reply_is_not_the_clients_silence(gateway):
    started = await gateway()
    client, hop = await started.content(b"friend@example.org")
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    (relay,) = started.server.connections.open
    began = client.loop.time()
    for seconds in range(400):
        relay.check_timeouts(began + seconds)
    await hop.say(b"250 2.0.0 Ok\r\n")
    await client.hear(b"250 2.0.0 Ok\r\n")
    relay.check_timeouts(began + 401)
    await client.say(b"QUIT\r\n")
    await (await hop.hear(b"QUIT\r\n")).say(b"221 2.0.0 Bye\r\n")
    assert await client.end() == b"221 2.0.0 Bye\r\n"
