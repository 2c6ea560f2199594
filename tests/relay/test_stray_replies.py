"""A scripted next hop that says what nobody asked for, in the moments when nobody listens to it."""

from concurrent.futures import Future

import pytest

from gateway.inspection import inspector
from gateway.smtp import own_replies

NEXT = b"MAIL FROM:<next@example.edu>\r\n"


@pytest.fixture
async def settling(gateway, monkeypatch):
    """A matched message whose settlement takes a moment: client, next hop, and what ends it."""
    started = await gateway()
    written = Future()
    settle = started.ledger.settle
    monkeypatch.setattr(started.ledger, "settle", lambda settlement: settle(settlement) and written)
    client, hop = await started.content(b"friend@mipt.ru")
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    return started, client, hop, written


@pytest.mark.parametrize("stray", [b"250 2.0.0 stray\r\n", b"250 2.0", b"421 4.3.2 going down\r\n"])
async def test_r01_a_stray_reply_while_a_match_is_settled_answers_nothing(settling, stray):
    started, client, hop, written = settling
    await hop.say(b"250 2.0.0 queued as 4XYZ\r\n")
    (session,) = started.server.connections.open
    await started.until(lambda: session._session.message.reply)
    await hop.say(stray)
    await started.until(lambda: session._session._hop_replies.size)
    await client.say(NEXT)
    await client.silence()
    written.set_result(None)
    own = stray if stray.startswith(b"421") else own_replies.HOP_GONE
    assert await client.end() == b"250 2.0.0 queued as 4XYZ\r\n" + own
    assert await hop.end() == b""
    client.close()
    await started.until(lambda: not started.server.connections.open)
    assert started.findings()[0][:2] == ("friend@mipt.ru", "delivered")


async def test_r01_the_reply_to_a_command_said_meanwhile_keeps_its_place(settling):
    _, client, hop, written = settling
    await hop.say(b"250 2.0.0 queued as 4XYZ\r\n")
    await client.say(NEXT)
    await (await hop.hear(NEXT)).say(b"250 2.1.0 sender ok\r\n")
    await client.silence()
    written.set_result(None)
    await client.hear(b"250 2.0.0 queued as 4XYZ\r\n250 2.1.0 sender ok\r\n")


@pytest.fixture
async def deciding(gateway, monkeypatch):
    """A recipient that is being refused, which takes as long as its event."""
    monkeypatch.setattr(inspector.Inspector, "asks_recipients", True)
    return await gateway()


async def test_r01_a_stray_reply_in_one_packet_with_the_senders_accepts_no_recipient(deciding):
    client, hop = await deciding.meet()
    await client.say(b"MAIL FROM:<a@example.edu>\r\nRCPT TO:<friend@example.org>\r\n")
    await hop.hear(b"MAIL FROM:<a@example.edu>\r\n")
    await hop.say(b"250 2.1.0 sender ok\r\n250 2.1.5 stray\r\n")
    assert await client.end() == b"250 2.1.0 sender ok\r\n" + own_replies.HOP_GONE
    assert await hop.end() == b""


@pytest.mark.parametrize("recipient", [b"friend@example.org", b"friend@mipt.ru"])
async def test_r01_a_stray_reply_is_no_250_for_a_chunk_that_nobody_took(gateway, recipient):
    """The one that would lose a message: its client would be told it is delivered."""
    started = await gateway()
    client = await started.connect()
    hop = await started.hop.greet()
    await client.say(b"EHLO client.example\r\n")
    await (await hop.hear(b"EHLO client.example\r\n")).say(b"250-next\r\n250 CHUNKING\r\n")
    await client.reply(220, 250)
    commands = b"MAIL FROM:<a@example.edu>\r\nRCPT TO:<" + recipient + b">\r\n"
    await client.say(commands + b"BDAT 2 LAST\r\nhi")
    await hop.hear(commands)
    await hop.say(b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.0.0 stray\r\n")
    said = await client.end()
    assert said == b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n" + own_replies.HOP_GONE
    assert await hop.end() == b""
    assert started.kinds() == []
