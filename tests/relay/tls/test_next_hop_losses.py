"""A next hop under TLS, or on the way there, that hangs, dies or does not read."""

import asyncio
import runpy
import ssl
from pathlib import Path

import pytest

from gateway.config import Tls
from gateway.relay import next_hop_starttls, server, timeouts

of_tls = runpy.run_path(str(Path(__file__).with_name("overture.py")))
GREETING, OFFER, READY, our_ehlo, past_ehlo = (
    of_tls[name] for name in ("GREETING", "OFFER", "READY", "our_ehlo", "past_ehlo")
)

OPPORTUNISTIC, VERIFY = Tls.OPPORTUNISTIC, Tls.VERIFY
BOTH = pytest.mark.parametrize("mode", [OPPORTUNISTIC, VERIFY])


def reasons(started):
    return [line["reason"] for line in started.logged() if line["event"] == "next hop not reached"]


async def refused(started, client):
    """No next hop was good enough: 4xx, and nothing of it looks like the hop's fault."""
    assert await client.end() == (
        b"421 4.4.1 Service not available: no next mail server answers, try again later\r\n"
    )
    assert started.metrics.next_hop_errors._value.get() == 1


@BOTH
@pytest.mark.parametrize("place", ["banner", "ehlo", "handshake"])
async def test_r20_a_hop_that_hangs_before_tls_is_given_up(gateway, monkeypatch, mode, place):
    monkeypatch.setattr(next_hop_starttls, "BEFORE_TLS_SECONDS", 0.2)
    started = await gateway(next_hop_tls=mode)
    client = await started.connect()
    hop = await started.hop.accept()
    if place != "banner":
        await hop.say(GREETING)
        await our_ehlo(hop)
    if place == "handshake":
        await hop.say(OFFER)
        await hop.hear(b"STARTTLS\r\n")
        await hop.say(READY)
    await refused(started, client)
    assert reasons(started) == ["TimeoutError"]
    if place == "handshake":
        await hop.more()  # a ClientHello
    assert await hop.end() == b""


@BOTH
@pytest.mark.parametrize("is_in_handshake", [False, True])
async def test_r18_a_hop_that_hangs_does_not_keep_the_process(gateway, mode, is_in_handshake):
    started = await gateway(next_hop_tls=mode, drain_seconds=0)
    await started.connect()
    hop = await started.hop.greet()
    await our_ehlo(hop)
    if is_in_handshake:
        await hop.say(OFFER)
        await hop.hear(b"STARTTLS\r\n")
        await hop.say(READY)
        await hop.more()
    await started.server.drain()
    assert not started.server.connections.open
    assert await hop.end() == b""


async def test_r08_a_client_that_leaves_meanwhile_takes_the_hop_with_it(gateway, secure):
    started = await gateway(next_hop_tls=OPPORTUNISTIC)
    client = await started.connect()
    client.reset()
    hop = await secure(started)
    assert await hop.end() == b""
    await started.until(lambda: not started.server.connections.open)


async def test_r07_a_hop_that_dies_in_the_content_under_tls_is_a_451(gateway, secure, envelope):
    started = await gateway(trusted=(), next_hop_tls=VERIFY)
    client = await started.connect()
    hop = await secure(started)
    await past_ehlo(client, hop)
    await envelope(client, hop)
    await client.say(b"x\r\n")
    await hop.hear(b"x\r\n")
    hop.reset()
    await client.say(b"y\r\n.\r\n")
    await client.reply(451)


async def test_r20_a_full_hop_under_tls_that_does_not_read_is_cut_off(
    gateway, secure, envelope, monkeypatch
):
    monkeypatch.setattr(server, "CHECK_SECONDS", 0.02)
    started = await gateway(trusted=(), next_hop_tls=VERIFY)
    client = await started.connect()
    hop = await secure(started)
    await past_ehlo(client, hop)
    await envelope(client, hop)
    (session,) = started.server.connections.open
    line = b"x" * 65534 + b"\r\n"
    sent = 0
    while not session._client._is_paused:
        saying = asyncio.ensure_future(client.say(line))
        sent += len(line)
        assert sent < 50_000_000
        await started.until(lambda saying=saying: saying.done() or session._client._is_paused)
    assert session._hop._transport.get_write_buffer_size() < 500_000
    # Not before: where filling it takes that long, the client is paused no more.
    monkeypatch.setattr(timeouts, "NEXT_HOP_SECONDS", 0.3)
    await saying
    await client.say(b".\r\n")
    await client.reply(451)
    # What waited is not sent, nor is a close_notify.
    with pytest.raises(ssl.SSLEOFError):
        await hop.end()
    assert (line * (sent // len(line))).startswith(hop.heard)
    assert len(hop.heard) < sent


async def test_r08_what_the_kernel_has_not_taken_of_a_lost_message_is_not_sent(
    gateway, secure, envelope
):
    started = await gateway(trusted=(), next_hop_tls=VERIFY)
    client = await started.connect()
    hop = await secure(started)
    await past_ehlo(client, hop)
    await envelope(client, hop)
    (session,) = started.server.connections.open
    wire = session._hop._beneath
    sent = 0
    while not wire.get_write_buffer_size():
        await client.say(b"x" * 4094 + b"\r\n")
        sent += 4096
        await asyncio.sleep(0)
    assert not session._hop._transport.get_write_buffer_size()
    client.close()
    await started.until(lambda: not started.server.connections.open)
    with pytest.raises(ssl.SSLEOFError):
        await hop.end()
    assert len(hop.heard) < sent
