"""A policy that refuses recipients (R22), and content in chunks, over real sockets."""

import shutil

import pytest

from gateway.config.settings import Mode
from gateway.inspection import inspector
from gateway.packaged import policies_directory
from gateway.policy import rules as policy

RULE = """\
[[rule]]
name = "not to Skoltech"
action = "refuse"
recipient = ["skoltech.ru"]
text = "Mail to this institution is not allowed here: ask Research Compliance"
url = "https://example.edu/compliance"

"""
REFUSED = (
    b"550 5.7.1 Mail to this institution is not allowed here: ask Research Compliance "
    b"https://example.edu/compliance\r\n"
)
MAIL = b"MAIL FROM:<prof@example.edu>\r\n"


@pytest.fixture(scope="session")
def refusing(tmp_path_factory):
    """The packaged policy with a rule that refuses before all others."""
    folder = tmp_path_factory.mktemp("policies") / "policies"
    shutil.copytree(policies_directory(), folder)
    text = (folder / "policy.toml").read_text(encoding="utf-8")
    begins = text.index("[[rule]]")
    (folder / "policy.toml").write_text(text[:begins] + RULE + text[begins:], encoding="utf-8")
    return policy.load(folder)


async def meet(gateway, refusing, **options):
    started = await gateway(rules=refusing, **options)
    return started, *await started.meet()


async def accept(hop, *lines):
    for line in lines:
        await (await hop.hear(line)).say(b"250 2.0.0 Ok\r\n")


async def test_r22_the_next_hop_hears_nothing_of_it_and_the_event_is_there_first(gateway, refusing):
    started, client, hop = await meet(gateway, refusing)
    await client.say(MAIL)
    await accept(hop, MAIL)
    await client.reply(250)
    await client.say(b"RCPT TO:<friend@skoltech.ru>\r\n")
    await client.hear(REFUSED)
    assert started.kinds() == ["OBSERVED"]
    await client.say(b"RSET\r\n")
    await accept(hop, b"RSET\r\n")


async def test_r22_the_other_recipients_go_on_and_the_replies_stay_in_order(gateway, refusing):
    started, client, hop = await meet(gateway, refusing)
    names = [b"a@example.org", b"x@skoltech.ru", b"b@mipt.ru", b"y@skoltech.ru", b"c@example.org"]
    lines = [b"RCPT TO:<%s>\r\n" % name for name in names]
    await client.say(MAIL + b"".join(lines) + b"DATA\r\nx\r\n.\r\nQUIT\r\n")
    await accept(hop, MAIL, lines[0], lines[2], lines[4])
    await (await hop.hear(b"DATA\r\n")).say(b"354 go\r\n")
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok: queued as 4X\r\n")
    await (await hop.hear(b"QUIT\r\n")).say(b"221 2.0.0 Bye\r\n")
    said = await client.end()
    codes = [line[:3] for line in said.splitlines()]
    assert codes == [b"250", b"250", b"550", b"250", b"550", b"250", b"354", b"250", b"221"]
    assert sorted(started.findings()) == [
        ("b@mipt.ru", "delivered", "queued"),
        ("x@skoltech.ru", "refused", "queued"),
        ("y@skoltech.ru", "refused", "queued"),
    ]
    assert started.rows("SELECT count(*) FROM outbox") == [(1,)]


@pytest.mark.parametrize("ending", ["RSET", "QUIT", "close"])
async def test_r22_without_content_nobody_is_written_to(gateway, refusing, ending):
    started, client, hop = await meet(gateway, refusing)
    await client.say(MAIL + b"RCPT TO:<friend@skoltech.ru>\r\n")
    await accept(hop, MAIL)
    await client.reply(250, 550)
    if ending == "close":
        client.close()
    else:
        line = ending.encode() + b"\r\n"
        await client.say(line)
        await accept(hop, line)
        await client.reply(250)
    await started.until(lambda: started.kinds() == ["OBSERVED", "SETTLED"])
    assert started.findings() == [("friend@skoltech.ru", "refused", "none")]
    assert started.rows("SELECT count(*) FROM outbox") == [(0,)]


async def test_r22_all_refused_and_content_that_the_hop_does_not_want(gateway, refusing):
    started, client, hop = await meet(gateway, refusing)
    await client.say(MAIL + b"RCPT TO:<friend@skoltech.ru>\r\nDATA\r\n")
    await accept(hop, MAIL)
    await (await hop.hear(b"DATA\r\n")).say(b"554 5.5.1 no valid recipients\r\n")
    await client.reply(250, 550, 554)
    await client.say(b"QUIT\r\n")
    await (await hop.hear(b"QUIT\r\n")).say(b"221 2.0.0 Bye\r\n")
    assert await client.end() == b"221 2.0.0 Bye\r\n"
    await started.until(lambda: started.kinds() == ["OBSERVED", "SETTLED"])
    assert started.rows("SELECT count(*) FROM outbox") == [(0,)]


async def test_r22_a_message_after_it_in_the_same_session_is_its_own(gateway, refusing):
    started, client, hop = await meet(gateway, refusing)
    await client.say(MAIL + b"RCPT TO:<friend@skoltech.ru>\r\nRSET\r\n")
    await accept(hop, MAIL, b"RSET\r\n")
    await client.reply(250, 550, 250)
    await client.say(MAIL + b"RCPT TO:<a@example.org>\r\nDATA\r\n")
    await accept(hop, MAIL, b"RCPT TO:<a@example.org>\r\n")
    await (await hop.hear(b"DATA\r\n")).say(b"354 go\r\n")
    await client.reply(250, 250, 354)
    await client.say(b"x\r\n.\r\n")
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
    assert started.findings() == [("friend@skoltech.ru", "refused", "none")]


async def test_r22_it_is_observed_in_observe_mode_and_never_refused(gateway, refusing):
    started, client, hop = await meet(gateway, refusing, mode=Mode.OBSERVE)
    await client.say(MAIL + b"RCPT TO:<friend@skoltech.ru>\r\nDATA\r\n")
    await accept(hop, MAIL, b"RCPT TO:<friend@skoltech.ru>\r\n")
    await (await hop.hear(b"DATA\r\n")).say(b"354 go\r\n")
    await client.reply(250, 250, 354)
    await client.say(b".\r\n")
    await (await hop.hear(b".\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
    assert started.findings() == [("friend@skoltech.ru", "delivered", "suppressed:observe-mode")]


async def test_r22_what_cannot_be_recorded_is_451_and_no_refusal(gateway, refusing, tmp_path):
    (tmp_path / "a file").write_bytes(b"")
    _, client, hop = await meet(gateway, refusing, folder=tmp_path / "a file" / "ledger")
    await client.say(MAIL + b"RCPT TO:<friend@skoltech.ru>\r\nRCPT TO:<a@example.org>\r\n")
    await accept(hop, MAIL, b"RCPT TO:<a@example.org>\r\n")
    await client.reply(250, 451, 250)


async def test_r22_the_hop_dies_while_a_refusal_is_being_written_down(gateway, refusing):
    started, client, hop = await meet(gateway, refusing)
    await client.say(MAIL)
    await accept(hop, MAIL)
    await client.reply(250)
    await client.say(b"RCPT TO:<friend@skoltech.ru>\r\nRCPT TO:<a@example.org>\r\n")
    hop.close()
    said = await client.end()
    assert said.endswith(b"try again later\r\n")
    assert said.splitlines()[-1].startswith(b"421 4.4.2 ")
    await started.until(lambda: started.kinds() in ([], ["OBSERVED", "SETTLED"]))


EHLO = b"EHLO again.example\r\n"


async def offered_chunks(client, hop):
    await client.say(EHLO)
    await (await hop.hear(EHLO)).say(b"250-next.example\r\n250-PIPELINING\r\n250 CHUNKING\r\n")
    assert b"CHUNKING" in await client.reply(250)


async def test_r17_the_last_octet_of_matched_chunks_waits_for_the_event(gateway, monkeypatch):
    started = await gateway()
    client, hop = await started.meet()
    await offered_chunks(client, hop)
    envelope = MAIL + b"RCPT TO:<friend@mipt.ru>\r\n"
    await client.say(envelope + b"BDAT 9\r\nFrom: a\r\nBDAT 6 LAST\r\n\r\n.\r\n!")
    await (await hop.hear(envelope)).say(b"250 1\r\n250 2\r\n")
    await (await hop.hear(b"BDAT 9\r\nFrom: a\r\n")).say(b"250 9 octets\r\n")
    await hop.hear(b"BDAT 6 LAST\r\n\r\n.\r\n")
    await hop.hear(b"!")
    assert started.kinds() == ["OBSERVED"]
    await hop.say(b"250 2.0.0 Ok: queued as 4X\r\n")
    await client.reply(250, 250, 250, 250)
    assert started.findings() == [("friend@mipt.ru", "delivered", "queued")]


@pytest.mark.parametrize("part", ["close", "reset"])
async def test_r07_the_hop_dies_between_chunks(gateway, part):
    started = await gateway()
    client, hop = await started.meet()
    await offered_chunks(client, hop)
    envelope = MAIL + b"RCPT TO:<friend@mipt.ru>\r\n"
    await client.say(envelope + b"BDAT 3\r\nabcBDAT 3 LAST\r\nde")
    await (await hop.hear(envelope)).say(b"250 1\r\n250 2\r\n")
    # The second waits until the first is answered: R23.
    await hop.hear(b"BDAT 3\r\nabc")
    await hop.silence()
    getattr(hop, part)()
    await client.reply(250, 250)
    await started.until(lambda: started.metrics.next_hop_errors._value.get() == 1)
    await client.say(b"fQUIT\r\n")
    codes = [line[:3] for line in (await client.end()).splitlines()]
    assert codes == [b"451", b"451", b"421"]
    assert started.kinds() == []


async def test_r20_a_chunk_that_comes_slowly_is_waited_for_as_content_is(gateway):
    """Its reply is awaited all the while, but it is not the next hop that is slow."""
    started = await gateway()
    client, hop = await started.meet()
    await offered_chunks(client, hop)
    envelope = MAIL + b"RCPT TO:<friend@example.org>\r\n"
    await client.say(envelope + b"BDAT 3 LAST\r\na")
    await (await hop.hear(envelope)).say(b"250 1\r\n250 2\r\n")
    await hop.hear(b"BDAT 3 LAST\r\na")
    await client.reply(250, 250)
    (relay,) = started.server.connections.open
    began = client.loop.time()
    for seconds in range(300):
        relay.check_timeouts(began + seconds)
    await client.say(b"bc")
    await (await hop.hear(b"bc")).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


async def test_r16_an_error_in_reading_a_recipient_is_counted_and_ends_no_session(
    gateway, refusing, monkeypatch
):
    def breaks(line, snapshot, on):
        raise ZeroDivisionError("friend.secret")

    monkeypatch.setattr(inspector, "classify_line", breaks)
    started, client, hop = await meet(gateway, refusing)
    line = b"RCPT TO:<friend@skoltech.ru>\r\n"
    await client.say(MAIL + line + b"QUIT\r\n")
    await accept(hop, MAIL, line)
    await (await hop.hear(b"QUIT\r\n")).say(b"221 2.0.0 Bye\r\n")
    assert [reply[:3] for reply in (await client.end()).splitlines()] == [b"250", b"250", b"221"]
    await started.until(lambda: not started.server.connections.open)
    assert started.metrics.screening_errors._value.get() == 1
    assert "secret" not in started.log.getvalue()
