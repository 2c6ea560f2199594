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


async def test_s18_ten_spellings_of_one_sender_make_one_notice(gateway):
    started = await gateway()
    spelt = [
        b"Prof+x@example.edu",
        b"prof@example.edu",
        b"prof+a@example.edu",
        b"PROF+b+c@example.edu",
        b"prvs=0123456789=prof@example.edu",
        b"prvs=4472ab3d1=prof+d@example.edu",
        b"prvs=prof/0123456789@example.edu",
        b"btv1==2637b5c1d1e==prof@example.edu",
        b"msprvs1=18204ZPz=prof@example.edu",
        b"Prof <prof@example.edu>",
    ]
    for sender in spelt:
        await deliver(started, sender=sender)
    assert [notice for _, _, notice in started.findings()] == [
        "queued",
        *["suppressed:rhythm"] * 9,
    ]
    assert started.rows("SELECT DISTINCT sender FROM finding") == [("prof@example.edu",)]
    # The envelope's own address is written to: its tag is what its owner sorts mail by.
    assert started.rows("SELECT recipient FROM outbox") == [("Prof+x@example.edu",)]
    assert started.rows("SELECT DISTINCT sender FROM notice_window") == [("prof@example.edu",)]


@pytest.mark.parametrize(
    ("sender", "recorded"),
    [
        (b"jane%other.org@example.edu", "jane%other.org@example.edu"),
        (b"other.org!jane@example.edu", "other.org!jane@example.edu"),
        (b'"jane@other.org"@example.edu', '"jane@other.org"@example.edu'),
        (b"jos\xe9@example.edu", "jos\\xe9@example.edu"),
        (b"a@other.org a@example.edu", "a@other.org a@example.edu"),
        (b"SRS0=HHH=TT=other.org=ivan@example.edu", "srs0@example.edu"),
        (b"jane+SRS=hash=TT=other.org=ivan@example.edu", "jane@example.edu"),
        (b"bounces+SRS=hash=TT@example.edu", "bounces@example.edu"),
        (b"jane+caf_=other=example.org@example.edu", "jane@example.edu"),
        (b"jane+caf_=other=example.org@gmail.com", "jane@gmail.com"),
    ],
)
async def test_s18_who_forwards_or_routes_elsewhere_is_recorded_and_never_written_to(
    gateway, sender, recorded
):
    started = await gateway()
    await deliver(started, sender=sender)
    assert started.findings() == [("friend@mipt.ru", "delivered", "suppressed:not-ours")]
    assert started.rows("SELECT sender FROM finding") == [(recorded,)]
    assert started.rows("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize(
    "sender", [b"Scanner <scan@example.edu>", b"scan@example.edu,", b"scan@example.edu (Scanner)"]
)
async def test_s18_a_name_or_punctuation_about_an_address_of_ours_is_that_mailbox(gateway, sender):
    started = await gateway()
    await deliver(started, sender=sender)
    assert started.rows("SELECT sender FROM finding") == [("scan@example.edu",)]
    assert started.rows("SELECT recipient FROM outbox") == [("scan@example.edu",)]


async def test_s18_a_clerk_with_a_tag_is_a_clerk(gateway):
    started = await gateway()
    await deliver(started, sender=b"prvs=0123456789=list-request+x@example.edu")
    assert started.findings() == [("friend@mipt.ru", "delivered", "suppressed:list-mail")]
