"""TLS towards the next hop: none, where it is offered, or nothing else."""

import asyncio
import contextlib
import re
import ssl

import pytest

from gateway.config import Endpoint, Tls
from gateway.net import hop_tls, listener, relay

GREETING = b"220 next.example ESMTP\r\n"
EHLO = b"EHLO client.example\r\n"
OURS = re.compile(rb"EHLO (?:\[127\.0\.0\.1\]|[\w-]+(?:\.[\w-]+)+)\r\n")
OFFER = b"250-next.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
READY = b"220 2.0.0 Ready to start TLS\r\n"

OPPORTUNISTIC, VERIFY = Tls.OPPORTUNISTIC, Tls.VERIFY
BOTH = pytest.mark.parametrize("mode", [OPPORTUNISTIC, VERIFY])


async def our_ehlo(hop):
    """The gateway introduces itself, and says no more before it is answered."""
    while not hop.heard.endswith(b"\r\n"):
        hop.heard += await hop.more()
    assert OURS.fullmatch(hop.heard)
    hop.heard = b""


async def ask_for_tls(hop):
    """A hop at the gateway's STARTTLS."""
    await our_ehlo(hop)
    await hop.say(OFFER)
    await hop.hear(b"STARTTLS\r\n")


@pytest.fixture
def secure(ours, trust, wrap):
    """Plays a hop whose certificate this machine trusts, up to the end of the handshake."""
    trust(ours)

    async def play(started, pair=ours):
        hop = await started.hop.greet()
        await ask_for_tls(hop)
        await hop.say(READY)
        await wrap(hop, pair.server, server_side=True)
        return hop

    return play


async def past_ehlo(client, hop):
    await client.hear(GREETING)
    await client.say(EHLO)
    await (await hop.hear(EHLO)).say(OFFER)
    # Its STARTTLS is not the client's, with TLS or without.
    assert b"STARTTLS" not in await client.reply(250)


async def message(client, hop, envelope):
    await envelope(client, hop)
    content = b"Subject: x\r\n\r\n" + bytes(range(1, 256)) * 8000 + b"\r\n.\r\n"
    await client.say(content)
    await (await hop.hear(content)).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


def reasons(started):
    return [line["reason"] for line in started.logged() if line["event"] == "next hop not reached"]


async def refused(started, client):
    """No next hop was good enough: 4xx, and nothing of it looks like the hop's fault."""
    assert await client.end() == (
        b"421 4.4.1 Service not available: no next mail server answers, try again later\r\n"
    )
    assert started.metrics.next_hop_errors._value.get() == 1


async def test_r03_without_tls_the_hop_hears_the_clients_words_alone(gateway, envelope):
    started = await gateway(trusted=())
    client = await started.connect()
    hop = await started.hop.greet()
    await past_ehlo(client, hop)
    await message(client, hop, envelope)


@BOTH
async def test_r02_a_message_goes_on_under_tls(gateway, secure, envelope, mode):
    started = await gateway(trusted=(), next_hop_tls=mode)
    client = await started.connect()
    hop = await secure(started)
    await past_ehlo(client, hop)
    await message(client, hop, envelope)
    await client.say(b"QUIT\r\n")
    await (await hop.hear(b"QUIT\r\n")).say(b"221 2.0.0 Bye\r\n")
    await client.reply(221)
    assert await hop.end() == b""  # with a close_notify


async def test_both_sides_may_have_tls(gateway, ours, secure, wrap, envelope):
    started = await gateway(trusted=(), next_hop_tls=VERIFY, **ours.options)
    client = await started.connect()
    hop = await secure(started)
    await client.hear(GREETING)
    await client.ask(b"STARTTLS", 220)
    await wrap(client, ours.client)
    await client.say(EHLO)
    await (await hop.hear(EHLO)).say(b"250 next.example\r\n")
    await client.reply(250)
    await message(client, hop, envelope)


# ── opportunistic ────────────────────────────────────────────────────────────────────────────


async def test_opportunistic_takes_any_certificate(gateway, secure, foreign, envelope):
    started = await gateway(trusted=(), next_hop_tls=OPPORTUNISTIC)
    client = await started.connect()
    hop = await secure(started, foreign)
    await past_ehlo(client, hop)
    await message(client, hop, envelope)


@pytest.mark.parametrize("answer", [b"250 next.example\r\n", b"502 5.5.2 what?\r\n"])
async def test_opportunistic_goes_without_where_none_is_offered(gateway, envelope, answer):
    started = await gateway(trusted=(), next_hop_tls=OPPORTUNISTIC)
    client = await started.connect()
    hop = await started.hop.greet()
    await our_ehlo(hop)
    await hop.say(answer)
    await past_ehlo(client, hop)
    await message(client, hop, envelope)


async def test_opportunistic_goes_without_where_it_is_not_to_be_had_now(gateway, envelope):
    started = await gateway(trusted=(), next_hop_tls=OPPORTUNISTIC)
    client = await started.connect()
    hop = await started.hop.greet()
    await ask_for_tls(hop)
    await hop.say(b"454 4.7.0 TLS not available due to local problem\r\n")
    await past_ehlo(client, hop)
    await message(client, hop, envelope)


async def test_opportunistic_goes_without_where_the_handshake_fails(gateway, envelope):
    started = await gateway(trusted=(), next_hop_tls=OPPORTUNISTIC)
    client = await started.connect()
    hop = await started.hop.greet()
    await ask_for_tls(hop)
    await hop.say(READY)
    await hop.more()
    await hop.say(b"what is this?\r\n")
    hop = await started.hop.greet()
    await past_ehlo(client, hop)
    await message(client, hop, envelope)
    assert "TLS with the next hop failed, going on without" in started.log.getvalue()


async def test_r06_opportunistic_a_hop_that_refuses_us_is_left_to_the_session(gateway):
    started = await gateway(next_hop_tls=OPPORTUNISTIC)
    client = await started.connect()
    await (await started.hop.accept()).say(b"554 5.7.1 not you\r\n")
    await client.hear(b"554 5.7.1 not you\r\n")


# ── verify ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("wrong", ["name", "issuer"])
async def test_r06_verify_a_certificate_that_proves_nothing_is_no_hop(
    gateway, secure, certify, trust, wrong
):
    pair = certify("DNS:elsewhere.example" if wrong == "name" else "IP:127.0.0.1")
    if wrong == "name":
        trust(pair)
    started = await gateway(next_hop_tls=VERIFY)
    client = await started.connect()
    with contextlib.suppress(ssl.SSLError):  # its own side of the handshake may have ended well
        hop = await secure(started, pair)
        await hop.more()
    await refused(started, client)
    assert "CERTIFICATE_VERIFY_FAILED" in reasons(started)[0]


@pytest.mark.parametrize(
    "answer", [b"250-next.example\r\n250 PIPELINING\r\n", b"502 5.5.2 what?\r\n"]
)
async def test_r06_verify_a_hop_without_starttls_is_no_hop(gateway, answer):
    started = await gateway(next_hop_tls=VERIFY)
    client = await started.connect()
    hop = await started.hop.greet()
    await our_ehlo(hop)
    await hop.say(answer)
    await refused(started, client)
    assert hop.heard + await hop.end() == b""


async def test_r06_verify_a_hop_that_cannot_now_is_no_hop(gateway):
    started = await gateway(next_hop_tls=VERIFY)
    client = await started.connect()
    hop = await started.hop.greet()
    await ask_for_tls(hop)
    await hop.say(b"454 4.7.0 not now\r\n")
    await refused(started, client)
    assert reasons(started) == ["TLS is required, and it answers 454 without starting any"]


async def test_r06_verify_a_hop_that_refuses_us_gets_no_word_in_the_clear(gateway):
    started = await gateway(next_hop_tls=VERIFY)
    client = await started.connect()
    hop = await (await started.hop.accept()).say(b"554 5.7.1 not you\r\n")
    await refused(started, client)
    assert await hop.end() == b""


async def test_r06_verify_the_next_one_is_tried(gateway, secure, envelope):
    other = await gateway()
    started = await gateway(
        trusted=(), next_hop_tls=VERIFY, hops=(other.hop.endpoint, other.hop.endpoint)
    )
    client = await started.connect()
    first = await other.hop.greet()
    await our_ehlo(first)
    await first.say(b"250 next.example\r\n")
    hop = await secure(other)
    assert await first.end() == b""
    await past_ehlo(client, hop)
    await message(client, hop, envelope)


# ── hostile and broken hops ──────────────────────────────────────────────────────────────────


@BOTH
@pytest.mark.parametrize("place", ["banner", "ehlo", "starttls"])
async def test_r06_a_hop_that_says_more_than_it_was_asked_before_tls_is_no_hop(
    gateway, mode, place
):
    started = await gateway(next_hop_tls=mode)
    client = await started.connect()
    hop = await started.hop.accept()
    more = b"250 injected\r\n"
    await hop.say(GREETING + (more if place == "banner" else b""))
    if place != "banner":
        await our_ehlo(hop)
        await hop.say(OFFER + (more if place == "ehlo" else b""))
    if place == "starttls":
        await hop.hear(b"STARTTLS\r\n")
        await hop.say(READY + more)
    await refused(started, client)
    assert await hop.end() == b""
    assert reasons(started) == ["it said more before TLS than it was asked"]


@BOTH
@pytest.mark.parametrize("said", [b"hello\r\n", b"220 " + b"x" * 9000, b"220-a\r\n250 b\r\n"])
async def test_r06_a_hop_that_speaks_no_smtp_is_no_hop(gateway, mode, said):
    started = await gateway(next_hop_tls=mode)
    client = await started.connect()
    await (await started.hop.accept()).say(said)
    await refused(started, client)


@BOTH
@pytest.mark.parametrize("leave", ["close", "reset"])
async def test_r06_a_hop_that_leaves_before_tls_is_no_hop(gateway, mode, leave):
    started = await gateway(next_hop_tls=mode)
    client = await started.connect()
    hop = await started.hop.greet()
    await our_ehlo(hop)
    getattr(hop, leave)()
    await refused(started, client)


@BOTH
@pytest.mark.parametrize("place", ["banner", "ehlo", "handshake"])
async def test_r20_a_hop_that_hangs_before_tls_is_given_up(gateway, monkeypatch, mode, place):
    monkeypatch.setattr(hop_tls, "OVERTURE_SECONDS", 0.2)
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
    await started.listener.drain()
    assert not started.listener._relays
    assert await hop.end() == b""


async def test_r08_a_client_that_leaves_meanwhile_takes_the_hop_with_it(gateway, secure):
    started = await gateway(next_hop_tls=OPPORTUNISTIC)
    client = await started.connect()
    client.reset()
    hop = await secure(started)
    assert await hop.end() == b""
    await started.until(lambda: not started.listener._relays)


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
    monkeypatch.setattr(listener, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(relay, "HOP_SECONDS", 0.3)
    started = await gateway(trusted=(), next_hop_tls=VERIFY)
    client = await started.connect()
    hop = await secure(started)
    await past_ehlo(client, hop)
    await envelope(client, hop)
    (session,) = started.listener._relays
    line = b"x" * 65534 + b"\r\n"
    sent = 0
    while not session._client_is_paused:
        await client.say(line)
        sent += len(line)
        assert sent < 50_000_000
    assert session._hop._transport.get_write_buffer_size() < 500_000
    await client.say(b".\r\n")
    await client.reply(451)
    # What waited is not sent, nor is a close_notify.
    with pytest.raises(ssl.SSLEOFError):
        await hop.end()
    assert (line * (sent // len(line))).startswith(hop.heard)
    assert len(hop.heard) < sent


async def test_a_unix_socket_needs_no_tls(gateway, tmp_path):
    """Nobody listens between two processes of one machine."""
    heard = asyncio.Queue()

    async def serve(reader, writer):
        writer.write(GREETING)
        await heard.put(await reader.readline())
        writer.close()

    path = str(tmp_path / "hop.sock")
    async with await asyncio.start_unix_server(serve, path):
        started = await gateway(next_hop_tls=OPPORTUNISTIC, hops=(Endpoint(path=path),))
        client = await started.connect()
        await client.hear(GREETING)
        await client.say(EHLO)
        assert await heard.get() == EHLO


async def test_r08_what_the_kernel_has_not_taken_of_a_lost_message_is_not_sent(
    gateway, secure, envelope
):
    started = await gateway(trusted=(), next_hop_tls=VERIFY)
    client = await started.connect()
    hop = await secure(started)
    await past_ehlo(client, hop)
    await envelope(client, hop)
    (session,) = started.listener._relays
    wire = session._hop._beneath
    sent = 0
    while not wire.get_write_buffer_size():
        await client.say(b"x" * 4094 + b"\r\n")
        sent += 4096
        await asyncio.sleep(0)
    assert not session._hop._transport.get_write_buffer_size()
    client.close()
    await started.until(lambda: not started.listener._relays)
    with pytest.raises(ssl.SSLEOFError):
        await hop.end()
    assert len(hop.heard) < sent
