"""Messages to many at once, and paths that are odd: one event each, and others get their turn."""

import asyncio

import pytest

from gateway.inspection import inspector
from gateway.screening.known_clear import KnownClear

MANY = 3 * inspector.AT_ONCE + 5


async def send(client, hop, recipients):
    """MAIL, RCPT and DATA in one go, each answered 250; the message is taken."""
    lines = [
        b"MAIL FROM:<prof@example.edu>\r\n",
        *(b"RCPT TO:" + one + b"\r\n" for one in recipients),
    ]
    await client.say(b"".join(lines) + b"DATA\r\n")
    await hop.hear(b"".join(lines) + b"DATA\r\n")
    await hop.say(b"250 2.1.0 Ok\r\n" * len(lines) + b"354 go on\r\n")
    await client.hear(b"250 2.1.0 Ok\r\n" * len(lines) + b"354 go on\r\n")
    await client.say(b"x\r\n.\r\n")
    await (await hop.hear(b"x\r\n.\r\n")).say(b"250 2.0.0 Ok\r\n")
    await client.hear(b"250 2.0.0 Ok\r\n")


async def test_r26_many_recipients_are_screened_some_at_a_time(gateway, monkeypatch):
    counted = {0: 0}
    is_clear = KnownClear.is_clear

    def count(self, line):
        counted[max(counted)] += 1
        return is_clear(self, line)

    async def turn():
        while True:
            await asyncio.sleep(0)
            counted[max(counted) + 1] = 0

    monkeypatch.setattr(KnownClear, "is_clear", count)
    started = await gateway()
    turning = asyncio.create_task(turn())
    await send(*await started.meet(), [b"<a%d@d%d.example>" % (each, each) for each in range(MANY)])
    turning.cancel()
    assert sum(counted.values()) == MANY
    assert max(counted.values()) <= inspector.AT_ONCE
    assert started.kinds() == []


async def test_r26_many_matched_recipients_have_an_event_each(gateway):
    started = await gateway()
    odd = [b"<u%d%%mipt.ru@ours.example>" % each for each in range(MANY)]
    await send(*await started.meet(), [*odd, b"<u@mipt.ru>", b"<u@mipt.ru>"])
    found = started.rows("SELECT standing, rule, reply IS NOT NULL FROM finding")
    assert found.count(("review", "embedded", 1)) == MANY
    assert found.count(("listed", "exact-domain", 1)) == 2
    assert len(found) == MANY + 2


@pytest.mark.parametrize(
    "recipient",
    [
        b'<,"u@skoltech.ru">',
        b"a@gmail.com(<b@mipt.ru>)",
        b"<u%mipt.ru%skoltech.ru@mipt.ru.example>",
    ],
)
async def test_s16_one_recipient_makes_one_event(gateway, recipient):
    started = await gateway()
    await send(*await started.meet(), [recipient, b"<friend@example.org>"])
    assert started.rows("SELECT standing FROM finding") == [("review",)]
    assert started.kinds() == ["OBSERVED", "SETTLED"]


async def test_s15_what_cannot_be_read_is_observed_and_makes_no_notice(gateway):
    started = await gateway()
    await send(*await started.meet(), [b"<u@example..org>"])
    assert started.rows("SELECT standing, rule, entity, tier, action, notice FROM finding") == [
        ("review", "unreadable", None, None, "observe", "none")
    ]


async def test_s17_a_listed_original_recipient_is_for_review_beside_another(gateway):
    started = await gateway()
    await send(*await started.meet(), [b"<group@example.org> ORCPT=rfc822;u@mipt.ru"])
    found = started.rows("SELECT recipient, standing, rule, reply FROM finding")
    assert [row[:3] for row in found] == [("u@mipt.ru", "review", "embedded")]
    assert found[0][3] is not None
