"""STARTTLS as ours: what came before it is forgotten, what comes after it is as ever."""

import asyncio
import shutil
import socket
import ssl

import pytest

from gateway.relay import timeouts, tls

EHLO = b"EHLO client.example\r\n"


async def begin(started):
    """A client and its hop at the client's STARTTLS, answered 220."""
    client = await started.connect()
    hop = await started.hop.greet()
    await client.reply(220)
    await client.say(EHLO)
    await (await hop.hear(EHLO)).say(b"250-next.example\r\n250 PIPELINING\r\n")
    assert await client.reply(250) == b"250-next.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
    await client.ask(b"STARTTLS", 220)
    return client, hop


@pytest.fixture
async def started(gateway, ours):
    return await gateway(trusted=(), **ours.options)


async def test_r12_starttls_is_offered_where_there_is_a_certificate(ours, wrap, started):
    client, hop = await begin(started)
    await wrap(client, ours.client)
    await client.say(EHLO)
    await (await hop.hear(EHLO)).say(b"250-next.example\r\n250 PIPELINING\r\n")
    # Once is enough (RFC 3207 section 4.2).
    assert await client.reply(250) == b"250-next.example\r\n250 PIPELINING\r\n"
    await client.ask(b"STARTTLS", 502)


async def test_r12_starttls_is_not_offered_without_a_certificate(gateway):
    client, _ = await (await gateway()).meet()
    await client.ask(b"STARTTLS", 502)


@pytest.mark.parametrize("recipient", [b"friend@example.org", b"friend@mipt.ru"])
async def test_r02_a_message_goes_through_tls_as_it_is(started, ours, wrap, envelope, recipient):
    client, hop = await begin(started)
    await wrap(client, ours.client)
    await envelope(client, hop, recipient)
    content = b"Subject: x\r\n\r\n" + bytes(range(1, 256)) * 12000 + b"\r\n.\r\n"
    await asyncio.gather(client.say(content), hop.hear(content))
    await hop.say(b"250 2.0.0 Ok: queued as 1\r\n")
    await client.hear(b"250 2.0.0 Ok: queued as 1\r\n")
    await started.until(lambda: started.count("delivered") == 1)
    found = [(row[0], row[1]) for row in started.findings()]
    assert found == ([("friend@mipt.ru", "delivered")] if b"mipt" in recipient else [])


async def test_r03_words_that_come_with_the_end_of_the_handshake_are_heard(started, ours, wrap):
    client, hop = await begin(started)
    await wrap(client, ours.client, behind=EHLO + b"NOOP\r\n")
    await hop.hear(EHLO + b"NOOP\r\n")


async def test_r03_commands_injected_behind_starttls_are_never_executed(started, ours, wrap):
    client = await started.connect()
    hop = await started.hop.greet()
    await client.reply(220)
    await client.say(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<a@example.org>\r\n")
    await client.reply(220)
    await wrap(client, ours.client)
    await client.say(EHLO)
    # The first that the hop hears, and the only reply that the client gets.
    await (await hop.hear(EHLO)).say(b"250 next.example\r\n")
    assert await client.reply(250) == b"250 next.example\r\n"
    await hop.silence()


async def test_r03_what_is_injected_before_the_handshake_ends_the_session(started, ours):
    client, hop = await begin(started)
    await client.say(b"MAIL FROM:<evil@example.org>\r\n")
    with pytest.raises(AssertionError, match="the end came"):
        await client.reply(250)
    assert await hop.end() == b""
    await started.until(lambda: not started.server._relays)


async def test_a_failed_handshake_closes_both_sides_without_a_word(started, foreign, wrap):
    client, hop = await begin(started)
    with pytest.raises(ssl.SSLCertVerificationError):
        await wrap(client, foreign.client)
    assert await hop.end() == b""
    await started.until(lambda: not started.server._relays)
    assert "TLS handshake failed" in [line["event"] for line in started.logged()]
    assert "127.0.0.1" not in started.log.getvalue()


@pytest.mark.parametrize("leave", ["close", "reset", "say_no_more"])
async def test_r08_a_client_that_leaves_in_the_handshake_is_gone(started, leave):
    client, hop = await begin(started)
    getattr(client, leave)()
    assert await hop.end() == b""
    await started.until(lambda: not started.server._relays)


async def test_r08_a_client_that_leaves_with_the_end_of_the_handshake_is_gone(started, ours, wrap):
    client, hop = await begin(started)
    await wrap(client, ours.client, behind=b"NOOP\r\n", and_leave=True)
    assert await hop.end() == b""
    await started.until(lambda: not started.server._relays)


async def test_r20_a_handshake_has_an_end(started, monkeypatch):
    monkeypatch.setattr(tls, "HANDSHAKE_SECONDS", 0.1)
    _, hop = await begin(started)
    assert await hop.end() == b""
    await started.until(lambda: not started.server._relays)


async def test_r18_a_handshake_does_not_keep_the_process(gateway, ours):
    started = await gateway(drain_seconds=0, trusted=(), **ours.options)
    _, hop = await begin(started)
    await started.server.drain()
    assert not started.server._relays
    assert await hop.end() == b""


async def test_r07_a_hop_that_leaves_in_the_handshake_is_told_after_it(started, ours, wrap):
    client, hop = await begin(started)
    hop.close()
    await wrap(client, ours.client, behind=EHLO)
    await client.reply(421)


async def test_r08_the_outcome_is_recorded_for_a_client_that_ends_tls_behind_the_dot(
    started, ours, wrap, envelope, caplog
):
    client, hop = await begin(started)
    wrapped = await wrap(client, ours.client)
    await envelope(client, hop, b"friend@mipt.ru")
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # now, and not in 40 ms
    await client.say(b"x\r\n.\r\n")
    await wrapped.say_goodbye()
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await started.until(lambda: started.count("delivered") == 1)
    await started.until(lambda: not started.server._relays)
    assert [row[:2] for row in started.findings()] == [("friend@mipt.ru", "delivered")]
    assert caplog.messages == []  # the stock loop complains of whoever wants to half-close TLS


async def test_r18_last_words_reach_a_client_that_is_speaking(started, ours, wrap, monkeypatch):
    monkeypatch.setattr(timeouts, "LINGER_TLS_SECONDS", 0.2)
    client, _ = await begin(started)
    await wrap(client, ours.client)
    draining = asyncio.ensure_future(started.server.drain())
    for _ in range(20):
        # A reset, and with it the loss of what we said, would end this.
        await client.say(b"NOOP\r\n" * 100)
        await asyncio.sleep(0.005)
    said = await client.end()  # a close_notify: nothing is lost, nothing is cut off
    assert said.startswith(b"421 4.3.2 ")
    assert said.count(b"\r\n") == 1
    client.close()
    await draining


async def test_r15_a_slow_next_hop_slows_a_client_under_tls(started, ours, wrap, envelope):
    client, hop = await begin(started)
    await wrap(client, ours.client)
    await envelope(client, hop)
    sent = 0

    async def pour():
        nonlocal sent
        while True:
            await client.say(b"x" * 65534 + b"\r\n")
            sent += 65536

    pouring = asyncio.ensure_future(pour())
    (session,) = started.server._relays
    await started.until(lambda: session._client_is_paused)
    before = -1
    while before != sent:  # the kernel's own buffers fill up
        before = sent
        await asyncio.sleep(0.2)
    assert not pouring.done()
    pouring.cancel()
    assert session._hop._transport.get_write_buffer_size() < 1_000_000


async def test_a_new_certificate_is_used_from_the_reload_on(gateway, ours, certify, wrap, tmp_path):
    files = {}
    for key, file in ours.options.items():
        files[key] = shutil.copy(file, tmp_path / key)
    started = await gateway(trusted=(), **files)
    client, hop = await begin(started)
    await wrap(client, ours.client)

    renewed = certify("IP:127.0.0.1")
    shutil.copy(renewed.certificate_file, files["certificate_file"])
    (fault,) = started.server.reload_tls()
    assert fault.key == "relay.key_file"
    assert "is not the key of the first certificate" in str(fault)
    assert "certificate refused, the old one stays" in [line["event"] for line in started.logged()]
    second, _ = await begin(started)
    await wrap(second, ours.client)

    shutil.copy(renewed.key_file, files["key_file"])
    assert started.server.reload_tls() == ()
    third, _ = await begin(started)
    await wrap(third, renewed.client)
    # And whoever was there before goes on undisturbed.
    await client.say(b"NOOP\r\n")
    await (await hop.hear(b"NOOP\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


async def test_r18_a_handshake_that_never_comes_does_not_hold_up_the_end(started, monkeypatch):
    monkeypatch.setattr(timeouts, "LINGER_SECONDS", 0.2)
    client, _ = await begin(started)
    # Far less than `drain_seconds`, which would let it wait for its message.
    await asyncio.wait_for(started.server.drain(), 10)
    client.close()
