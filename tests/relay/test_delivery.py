"""A message goes through: the same bytes, the same replies, in the same order."""

import asyncio
import hashlib

import pytest

from gateway.config import BareNewlines

CONTENTS = {
    "empty": b"",
    "one line": b"Subject: x\r\n\r\nhello\r\n",
    "NULs": b"a\0b\0\0\r\n\0\r\n",
    "8-bit": bytes(range(128, 256)) + b"\r\n",
    "every byte": bytes(byte for byte in range(256) if byte != ord(".")) + b"\r\n",
    "leading dots": b"..\r\n...\r\n.x\r\n. \r\n..x\r\n",
    "bare line ends": b"a\nb\rc\n\nd\r\r\n",
    "long lines": b"x" * 70_000 + b"\r\n" + b"." * 70_000 + b"\r\n",
}
RECIPIENTS = {"unmatched": b"friend@example.org", "matched": b"friend@mipt.ru"}


@pytest.mark.parametrize("recipient", RECIPIENTS.values(), ids=RECIPIENTS)
async def test_r01_the_clients_2xx_is_the_next_hops_and_comes_after_it(gateway, recipient):
    client, hop = await (await gateway()).content(recipient)
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    await client.silence()
    reply = b"250-2.6.0 <a@b>   odd \tspacing\r\n250-\r\n250 2.0.0 queued as 4XYZ\r\n"
    await hop.say(reply[:30])
    await client.silence()
    await hop.say(reply[30:])
    await client.hear(reply)
    await client.silence()


@pytest.mark.parametrize("code", [b"250", b"451", b"550"])
@pytest.mark.parametrize("recipient", RECIPIENTS.values(), ids=RECIPIENTS)
async def test_r01_any_final_reply_is_passed_on_and_the_session_lives(
    gateway, envelope, recipient, code
):
    client, hop = await (await gateway()).content(recipient)
    for _ in range(2):
        await client.say(b".\r\n")
        await (await hop.hear(b".\r\n")).say(code + b" 2.0.0 so be it\r\n")
        await client.hear(code + b" 2.0.0 so be it\r\n")
        await envelope(client, hop, recipient)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("recipient", RECIPIENTS.values(), ids=RECIPIENTS)
async def test_r02_the_content_is_equal_to_the_byte(gateway, content, recipient):
    client, hop = await (await gateway()).content(recipient)
    await client.say(content + b".\r\n")
    await (await hop.hear(content + b".\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.hear(b"250 2.0.0 Ok\r\n")


@pytest.mark.parametrize("recipient", RECIPIENTS.values(), ids=RECIPIENTS)
async def test_r02_a_line_of_100_mb_is_equal_to_the_byte(gateway, recipient):
    client, hop = await (await gateway()).content(recipient)
    piece, pieces = bytes(range(32, 128)) * 10_923, 100
    assert len(piece) * pieces > 100_000_000

    async def send() -> str:
        digest = hashlib.sha256()
        for _ in range(pieces):
            await client.say(piece)
            digest.update(piece)
        await client.say(b"\r\n.\r\n")
        return digest.hexdigest()

    async def receive() -> str:
        digest, left = hashlib.sha256(), len(piece) * pieces
        while left:
            data = await hop.more(min(left, 1 << 20))
            digest.update(data)
            left -= len(data)
        return digest.hexdigest()

    sent, received = await asyncio.gather(send(), receive())
    assert sent == received
    await (await hop.hear(b"\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.hear(b"250 2.0.0 Ok\r\n")


async def test_r04_each_rcpt_gets_its_own_reply_pipelined_or_not(gateway):
    started = await gateway()
    client, hop = await started.meet()
    lines = [b"RCPT TO:<%d@example.org>\r\n" % n for n in range(200)]
    await client.say(b"MAIL FROM:<a@example.edu>\r\n" + b"".join(lines))
    await hop.hear(b"MAIL FROM:<a@example.edu>\r\n" + b"".join(lines))
    replies = [b"%d 5.%d.1 yours\r\n" % ((250, 550, 450)[n % 3], n) for n in range(201)]
    await hop.say(b"".join(replies))
    await client.hear(b"".join(replies))


async def test_r05_a_recipient_that_the_next_hop_refused_is_no_finding(gateway):
    started = await gateway()
    client, hop = await started.meet()
    commands = b"MAIL FROM:<a@example.edu>\r\nRCPT TO:<x@mipt.ru>\r\nRCPT TO:<y@b.org>\r\nDATA\r\n"
    await client.say(commands)
    await (await hop.hear(commands)).say(b"250 1\r\n550 5.1.1 no\r\n250 3\r\n354 go\r\n")
    await client.reply(250, 550, 250, 354)
    await client.say(b"x\r\n.\r\n")
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
    assert started.kinds() == []


@pytest.mark.parametrize("recipient", RECIPIENTS.values(), ids=RECIPIENTS)
@pytest.mark.parametrize("lookalike", [b"\n.\n", b"\r\n.\r\r\n", b"\r\n\0.\r\n", b"\r.\r"])
async def test_r10_a_lookalike_costs_the_hop_at_once_and_the_client_a_550(
    gateway, recipient, lookalike
):
    started = await gateway()
    client, hop = await started.content(recipient)
    await client.say(b"before\r\n")
    await hop.hear(b"before\r\n")
    await client.say(b"x" + lookalike + b"MAIL FROM:<evil@example.org>\r\n")
    assert b"MAIL" not in await hop.end()
    await client.silence()
    await client.say(b"more\r\n.\r\n")
    assert (await client.reply(550)).startswith(b"550 5.5.2 ")
    await client.say(b"RSET\r\n")
    assert (await client.end()).startswith(b"421 4.3.0 ")
    assert started.count("refused") == 1
    assert started.kinds() == []


async def test_r10_it_passes_where_the_configuration_says_so(gateway):
    started = await gateway(bare_newlines=BareNewlines.PASS)
    client, hop = await started.content()
    await client.say(b"x\n.\ny\r\n.\r\n")
    await (await hop.hear(b"x\n.\ny\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


async def test_r17_a_match_is_observed_before_its_dot_and_settled_before_its_answer(gateway):
    started = await gateway()
    client, hop = await started.content(b"friend@mipt.ru", b"other@example.org")
    await client.say(b"From: a\r\n\r\nx\r\n")
    await hop.hear(b"From: a\r\n\r\nx\r\n")
    assert started.kinds() == []
    await client.say(b".\r\n")
    await hop.hear(b".\r\n")
    assert started.kinds() == ["OBSERVED"]
    await hop.say(b"250 2.0.0 Ok: queued as 4XYZ\r\n")
    await client.hear(b"250 2.0.0 Ok: queued as 4XYZ\r\n")
    assert started.kinds() == ["OBSERVED", "SETTLED"]
    assert started.findings() == [("friend@mipt.ru", "delivered", "queued")]


async def test_a_dot_and_quit_in_one_packet_get_their_own_replies_though_the_hop_closes(gateway):
    client, hop = await (await gateway()).content(b"friend@mipt.ru")
    await client.say(b"x\r\n.\r\nQUIT\r\n")
    await (await hop.hear(b"x\r\n.\r\nQUIT\r\n")).say(b"250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n")
    hop.close()
    assert await client.end() == b"250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"


async def test_s02_a_sender_is_recorded_in_one_form_however_it_is_spelt(gateway):
    started = await gateway()
    client, hop = await started.content(b"friend@mipt.ru", sender=b"@relay.org:Ada@Example.EDU.")
    await client.say(b"x\r\n.\r\n")
    await hop.hear(b"x\r\n.\r\n")
    await hop.say(b"250 ok\r\n")
    await client.hear(b"250 ok\r\n")
    assert started.rows("SELECT sender FROM finding") == [("ada@example.edu",)]
