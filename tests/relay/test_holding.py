"""Held bytes and slow peers: what waits, waits in bounded room."""

import asyncio
import socket

import pytest

from gateway.smtp.session import HELD_LIMIT

ONE_READ = 256 * 1024
"""The most that a loop hands over at once: the stock one's; uvloop's is less."""


def held(gateway) -> int:
    """Bytes of the only session that the gateway keeps in its own memory."""
    (relay,) = gateway.server.connections.open
    waiting = sum(
        transport.get_write_buffer_size()
        for transport in (relay._client.transport, relay._hop._transport)
        if transport is not None
    )
    return waiting + relay._session._client_lines.size + relay._session._hop_replies.size


async def push(peer, piece: bytes, gateway) -> int:
    """Say as much as is taken until nothing moves any more; how much, and never too much held."""
    said, still = 0, 0
    while still < 30:
        try:
            said += peer.sock.send(piece)
            still = 0
        except BlockingIOError:
            still += 1
        await asyncio.sleep(0.001)
        assert held(gateway) <= HELD_LIMIT + 2 * ONE_READ
    return said


async def test_r11_bytes_behind_data_wait_for_its_reply_and_are_content_after_354(gateway):
    client, hop = await (await gateway()).meet()
    await client.say(b"DATA\r\nRSET\r\nof content\r\n.\r\nNOOP\r\n")
    await hop.hear(b"DATA\r\n")
    await hop.silence()
    await hop.say(b"354 go\r\n")
    await hop.hear(b"RSET\r\nof content\r\n.\r\nNOOP\r\n")


async def test_r11_they_are_commands_again_after_any_other_reply(gateway):
    client, hop = await (await gateway()).meet()
    await client.say(b"DATA\r\nRSET\r\nDATA\r\nNOOP\r\n")
    await hop.hear(b"DATA\r\n")
    await hop.silence()
    await hop.say(b"503 5.5.1 no\r\n")
    await hop.hear(b"RSET\r\nDATA\r\n")
    await hop.silence()
    await hop.say(b"250 2.0.0 Ok\r\n503 5.5.1 no\r\n")
    await hop.hear(b"NOOP\r\n")


async def test_r11_bytes_behind_a_matched_dot_wait_for_its_release(gateway, monkeypatch):
    started = await gateway()
    recorded = asyncio.Event()
    observe = started.server.connections.inspector.observe

    async def slowly(*arguments, **named):
        await recorded.wait()
        return await observe(*arguments, **named)

    monkeypatch.setattr(started.server.connections.inspector, "observe", slowly)
    client, hop = await started.content(b"friend@mipt.ru")
    await client.say(b"x\r\n.\r\nMAIL FROM:<next@example.edu>\r\n")
    await hop.hear(b"x\r\n")
    await hop.silence()
    assert await push(client, b"N" * 65536, started) > HELD_LIMIT
    await hop.silence()
    recorded.set()
    await hop.hear(b".\r\nMAIL FROM:<next@example.edu>\r\n")


async def test_r11_early_talkers_are_held_to_the_limit(gateway):
    started = await gateway()
    client = await started.connect()
    hop = await started.hop.accept()
    await push(client, b"NOOP early\r\n" * 5000, started)
    await hop.silence()
    await hop.say(b"220 next.example\r\n")
    await hop.hear(b"NOOP early\r\n" * 5000)


@pytest.mark.parametrize("recipient", [b"friend@example.org", b"friend@mipt.ru"])
async def test_r15_a_slow_next_hop_slows_the_reading_of_the_client(gateway, recipient):
    """The kernels' buffers fill; ours stay where they are, however much is pushed."""
    started = await gateway()
    client, hop = await started.content(recipient)
    said = await push(client, b"0123456789abcde\n" * 65536, started)
    (relay,) = started.server.connections.open
    assert relay._client._is_paused
    received = 0
    while received < said:
        received += len(await hop.more(1 << 20))
    assert received == said
    await client.say(b"\r\n.\r\n")
    await (await hop.hear(b"\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


async def test_r15_a_client_that_does_not_read_slows_the_next_hop(gateway):
    """More than the kernels' buffers hold: what they do not take stays at the next hop."""
    started = await gateway()
    client, hop = await started.meet()
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    await client.say(b"HELP\r\n" * 400)
    await hop.hear(b"HELP\r\n" * 400)
    text = ((b"214-" + b"help " * 800 + b"\r\n") * 12 + b"214 that is all\r\n") * 400
    said, still = 0, 0
    while still < 30 and said < len(text):
        try:
            said += hop.sock.send(text[said : said + 65536])
            still = 0
        except BlockingIOError:
            still += 1
        await asyncio.sleep(0.001)
        assert held(started) <= HELD_LIMIT + 2 * ONE_READ
    assert said < len(text)
    sending = asyncio.ensure_future(hop.say(text[said:]))
    received = 0
    while received < len(text):
        data = await client.more(1 << 20)
        assert data == text[received : received + len(data)]
        received += len(data)
    await sending


async def test_r14_a_command_line_without_an_end_is_not_kept(gateway):
    started = await gateway()
    client, hop = await started.meet()
    for _ in range(64):
        await client.say(b"x" * 65536)
    assert held(started) <= HELD_LIMIT
    await client.say(b"\r\nNOOP\r\n")
    assert (await client.reply(500)).startswith(b"500 5.5.2 ")
    await (await hop.hear(b"NOOP\r\n")).say(b"250 Ok\r\n")
    await client.reply(250)
