"""TLS towards the next hop: none, where it is offered, or nothing else."""

import asyncio
import contextlib
import runpy
import ssl
from pathlib import Path

import pytest

from gateway.config import Endpoint, Tls

of_tls = runpy.run_path(str(Path(__file__).with_name("overture.py")))
GREETING, EHLO, OFFER, READY, our_ehlo, ask_for_tls, past_ehlo, message = (
    of_tls[name]
    for name in (
        "GREETING",
        "EHLO",
        "OFFER",
        "READY",
        "our_ehlo",
        "ask_for_tls",
        "past_ehlo",
        "message",
    )
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
@pytest.mark.parametrize("said", [b"hello\r\n", b"220 " + b"x" * 90000, b"220-a\r\n250 b\r\n"])
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
