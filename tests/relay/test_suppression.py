"""Whose message makes a notice, as the relay sees sender and header: N1 and N2 from end to end."""

import pytest

from gateway.notices.header_peek import LIST_FIELDS


async def deliver(gateway, header=b"Subject: x\r\n", sender=b"prof@example.edu"):
    """One matched message, delivered."""
    client, hop = await gateway.content(b"friend@mipt.ru", sender=sender)
    content = header + b"\r\nx\r\n.\r\n"
    await client.say(content)
    await (await hop.hear(content)).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        *((f"{name.title()}: <x>", "list-mail") for name in LIST_FIELDS),
        ("Auto-Submitted: auto-generated", "auto-submitted"),
        ("X-Auto-Response-Suppress: OOF", "auto-submitted"),
        ("Precedence: junk", "bulk"),
    ],
)
async def test_n01_automatic_mail_is_recorded_and_nobody_is_written_to(gateway, field, reason):
    started = await gateway()
    await deliver(started, b"From: a@example.edu\r\n" + field.encode() + b"\r\n")
    assert started.findings() == [("friend@mipt.ru", "delivered", f"suppressed:{reason}")]
    assert started.rows("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        (b"", "null-sender"),
        (b"mailer-daemon@example.edu", "null-sender"),
        (b"owner-list@example.edu", "list-mail"),
        (b"list-request@example.edu", "list-mail"),
        (b"guest@example.org", "not-ours"),
    ],
)
async def test_n01_some_senders_are_never_written_to(gateway, sender, reason):
    started = await gateway()
    await deliver(started, sender=sender)
    assert started.findings() == [("friend@mipt.ru", "delivered", f"suppressed:{reason}")]
    assert started.rows("SELECT count(*) FROM outbox") == [(0,)]


async def test_n02_one_person_has_one_window_whichever_spelling_came_first(gateway):
    started = await gateway()
    for sender in (b"Prof@Example.EDU", b"prof@example.edu", b"PROF@example.edu"):
        await deliver(started, sender=sender)
    assert [notice for _, _, notice in started.findings()] == [
        "queued",
        "suppressed:rhythm",
        "suppressed:rhythm",
    ]
