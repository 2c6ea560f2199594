"""Peers that vanish: no reply is lost, nothing is accepted twice, no dot gets out by mistake."""

import asyncio
import socket

import pytest

from gateway.config.endpoint import Endpoint

PARTS = ["close", "reset"]
RECIPIENTS = {"unmatched": b"friend@example.org", "matched": b"friend@mipt.ru"}
matched_or_not = pytest.mark.parametrize("recipient", RECIPIENTS.values(), ids=RECIPIENTS)


def nobody() -> Endpoint:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return Endpoint(*sock.getsockname())


@pytest.fixture
def another_hop():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.setblocking(False)
        yield sock


async def test_r06_no_next_hop_is_421_at_the_greeting(gateway):
    client = await (await gateway(hops=(nobody(), nobody()))).connect()
    assert (await client.end()).startswith(b"421 4.4.1 ")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("banner", [b"", b"421 4.3.2 busy\r\n", b"554 no\r\n", b"HTTP/1.1 400\r\n"])
async def test_r06_the_next_is_tried_when_one_fails_at_its_greeting(
    gateway, another_hop, part, banner
):
    started = await gateway()
    address = Endpoint(*another_hop.getsockname())
    started.server.connections.next_hops.endpoints = (nobody(), started.hop.endpoint, address)
    client = await started.connect()
    first = await started.hop.accept()
    await first.say(banner)
    getattr(first, part)()
    async with asyncio.timeout(20):
        sock, _ = await asyncio.get_running_loop().sock_accept(another_hop)
    with sock:
        await asyncio.get_running_loop().sock_sendall(sock, b"220 second.example\r\n")
        await client.hear(b"220 second.example\r\n")


@pytest.mark.parametrize("banner", [b"421 4.3.2 busy\r\n", b"554 5.7.1 no\r\n"])
async def test_r06_the_last_ones_refusal_is_passed_on(gateway, banner):
    started = await gateway(hops=None)
    client = await started.connect()
    hop = await started.hop.accept()
    await hop.say(banner)
    await client.hear(banner)


@pytest.mark.parametrize("part", PARTS)
async def test_r07_a_hop_that_leaves_between_messages_is_a_421(gateway, part):
    client, hop = await (await gateway()).meet()
    getattr(hop, part)()
    assert (await client.end()).startswith(b"421 4.4.2 ")


@pytest.mark.parametrize("part", PARTS)
async def test_r07_a_hop_that_leaves_before_data_is_a_421(gateway, part):
    client, hop = await (await gateway()).meet()
    await client.say(b"MAIL FROM:<a@example.edu>\r\nRCPT TO:<b@mipt.ru>\r\n")
    await hop.hear(b"MAIL FROM:<a@example.edu>\r\nRCPT TO:<b@mipt.ru>\r\n")
    await hop.say(b"250 2.1.0 Ok\r\n250 2.1.")
    getattr(hop, part)()
    said = await client.end()
    assert said.startswith(b"250 2.1.0 Ok\r\n421 4.4.2 ") or part == "reset"
    assert said.splitlines()[-1].startswith(b"421 4.4.2 ")


@matched_or_not
@pytest.mark.parametrize("part", PARTS)
async def test_r07_a_hop_that_dies_in_data_gets_no_dot_and_the_client_a_451(
    gateway, recipient, part
):
    started = await gateway()
    client, hop = await started.content(recipient)
    await client.say(b"first\r\n")
    await hop.hear(b"first\r\n")
    getattr(hop, part)()
    await started.until(lambda: started.metrics.next_hop_errors._value.get() == 1)
    for _ in range(50):
        await client.say(b"more\r\n" * 10_000)
    await client.say(b"\r\n.\r\nRSET\r\n")
    said = (await client.end()).splitlines()
    assert [line[:9] for line in said] == [b"451 4.4.2", b"421 4.3.0"]
    assert started.count("failed") == 1
    assert started.kinds() == []


@matched_or_not
@pytest.mark.parametrize("part", PARTS)
async def test_r07_a_client_in_the_middle_of_sending_still_reads_its_451(gateway, recipient, part):
    """The hop dies while a big message is on its way: no reset may take the reply away."""
    started = await gateway()
    client, hop = await started.content(recipient)
    sending = asyncio.ensure_future(client.say(b"0123456789\r\n" * 1_000_000 + b".\r\n"))
    await hop.more()
    getattr(hop, part)()
    await sending
    assert (await client.reply(451)).startswith(b"451 4.4.2 ")


@matched_or_not
@pytest.mark.parametrize("part", PARTS)
async def test_r07_a_hop_that_dies_behind_the_dot_is_a_451_and_unknown(gateway, recipient, part):
    started = await gateway()
    client, hop = await started.content(recipient)
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    getattr(hop, part)()
    await client.reply(451)
    assert started.count("unknown") == 1
    if recipient == RECIPIENTS["matched"]:
        assert started.findings() == [("friend@mipt.ru", "unknown", "none")]
    assert (await client.ask(b"MAIL FROM:<a@example.edu>", 421))[:9] == b"421 4.3.0"


async def test_r07_a_hop_that_refuses_in_the_middle_of_content_is_believed(gateway):
    client, hop = await (await gateway()).content()
    await hop.say(b"552 5.3.4 too much\r\n")
    assert await hop.end() == b""
    await client.say(b"x\r\n.\r\n")
    await client.hear(b"552 5.3.4 too much\r\n")


@pytest.mark.parametrize("part", PARTS)
async def test_r07_the_last_words_of_a_parting_hop_are_heard(gateway, part):
    client, hop = await (await gateway()).meet()
    await hop.say(b"421 4.3.2 going down for maintenance\r\n")
    await client.hear(b"421 4.3.2 going down for maintenance\r\n")
    getattr(hop, part)()
    assert await client.end() == b""


async def test_r07_a_client_that_is_still_talking_is_not_reset(gateway):
    """A close while it talks would be a reset, and could take our last words from its hands."""
    client, hop = await (await gateway()).meet()
    hop.close()
    await client.hear(b"421 4.4.2 Service not available: lost the next mail server, try again ")
    # More than the kernel would keep for someone who does not read.
    for _ in range(40):
        await client.say(b"NOOP\r\n" * 50_000)
    client.say_no_more()
    assert await client.end() == b"later\r\n"


@matched_or_not
@pytest.mark.parametrize("part", [*PARTS, "say_no_more"])
async def test_r08_a_client_that_dies_in_data_leaves_no_dot_at_the_hop(gateway, recipient, part):
    started = await gateway()
    client, hop = await started.content(recipient)
    await client.say(b"half of it\r\n.\r")
    await hop.hear(b"half of it\r\n")
    getattr(client, part)()
    assert await hop.end() == b""
    await started.until(lambda: not started.server.connections.open)
    assert started.kinds() == []


async def test_r08_what_the_kernel_has_not_taken_of_a_lost_message_is_not_sent(gateway):
    started = await gateway()
    client, hop = await started.content()
    (session,) = started.server.connections.open
    sent = 0
    while not session._hop._transport.get_write_buffer_size():
        await client.say(b"x" * 4094 + b"\r\n")
        sent += 4096
        await asyncio.sleep(0)
    client.close()
    await started.until(lambda: not started.server.connections.open)
    assert len(await hop.end()) < sent


@pytest.mark.parametrize("part", PARTS)
async def test_r08_a_client_that_never_read_does_not_hold_its_session(gateway, part):
    started = await gateway()
    client, hop = await started.meet()
    (session,) = started.server.connections.open
    # More than the kernel would keep for someone who does not read.
    await client.say(b"HELP\r\n" * 1000)
    await hop.hear(b"HELP\r\n" * 1000)
    talk = asyncio.ensure_future(hop.say((b"214 " + b"x" * 8000 + b"\r\n") * 999))
    await started.until(lambda: session._client.is_writing_paused)
    getattr(client, part)()
    # The next hop is heard to the end of what it owes, and let go.
    await talk
    await hop.say(b"214 last\r\n")
    assert await hop.end() == b""
    await started.until(lambda: not started.server.connections.open)


@matched_or_not
@pytest.mark.parametrize("part", [*PARTS, "say_no_more"])
async def test_r08_a_client_that_dies_behind_the_dot_still_has_its_outcome(
    gateway, recipient, part
):
    started = await gateway()
    client, hop = await started.content(recipient)
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    getattr(client, part)()
    await client.loop.run_in_executor(None, lambda: None)
    await hop.say(b"250 2.0.0 Ok\r\n")
    assert await hop.end() == b""
    await started.until(
        lambda: started.count("delivered") == 1 and not started.server.connections.open
    )
    if recipient == RECIPIENTS["matched"]:
        assert started.findings() == [("friend@mipt.ru", "delivered", "queued")]
    if part == "say_no_more":
        assert await client.end() == b"250 2.0.0 Ok\r\n"


async def test_r08_a_client_that_comes_and_goes_leaves_nothing_behind(gateway):
    started = await gateway()
    for part in PARTS * 10:
        getattr(await started.connect(), part)()
    for _ in PARTS * 10:
        hop = await started.hop.accept()
        await hop.say(b"220 next.example\r\n")
        assert await hop.end() == b""
        hop.close()
    await started.until(lambda: not started.server.connections.open)


async def test_r19_a_lost_answer_may_double_a_message_but_not_its_notice(gateway):
    started = await gateway()
    client, hop = await started.content(b"friend@mipt.ru")
    await client.say(b"Message-ID: <1@x>\r\n\r\nx\r\n.\r\n")
    await hop.hear(b"Message-ID: <1@x>\r\n\r\nx\r\n.\r\n")
    hop.close()
    await client.reply(451)
    for _ in range(2):
        again, hop = await started.content(b"friend@mipt.ru")
        await again.say(b"Message-ID: <1@x>\r\n\r\nx\r\n.\r\n")
        await (await hop.hear(b"Message-ID: <1@x>\r\n\r\nx\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
        await again.reply(250)
    assert started.findings() == [
        ("friend@mipt.ru", "unknown", "none"),
        ("friend@mipt.ru", "delivered", "queued"),
        ("friend@mipt.ru", "delivered", "suppressed:rhythm"),
    ]
    assert started.rows("SELECT recipient, state FROM outbox") == [("prof@example.edu", "queued")]


@pytest.mark.parametrize("part", ["close", "silence"])
async def test_r07_a_421_in_place_of_the_banner_ends_the_session(gateway, part):
    started = await gateway()
    client = await started.connect()
    hop = await (await started.hop.accept()).say(b"421 4.3.2 busy\r\n")
    if part == "close":
        hop.close()
    assert await client.end() == b"421 4.3.2 busy\r\n"
