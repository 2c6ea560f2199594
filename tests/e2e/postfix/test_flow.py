"""Mail through Postfix and the gateway, in both of the places that docs/postfix.md knows."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = pytest.mark.e2e

LISTED = "ivan@skoltech.ru"

SIGNED = b"""\
DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=example.edu; s=2026;\r
\th=from:to:subject; bh=frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=;\r
 b=ZIbfPBHdrKJvLUpBWBJkBRyLS3hSd/iqN1rPMKFn\r
From: "Prof. Ada" <prof@example.edu>\r
TO:   colleague@example.edu\r
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r
X-Trailing: spaces   \r
X-Eight-Bit: caf\xc3\xa9 \xe9\r
"""

CONTENTS = {
    "nothing at all": b"",
    "a header and no body": b"Subject: only this\r\n",
    "a signed message": SIGNED + b"\r\nHello,\r\n\r\nno trailing spaces are lost:   \r\n\t\r\n",
    "leading dots": SIGNED + b"\r\n.\r\n..\r\n...\r\n.x\r\n. \r\nend.\r\n.. .\r\n",
    "eight bits": SIGNED + b"\r\n" + bytes(set(range(1, 256)) - {10, 13}) + b"\r\n",
    "long lines": SIGNED + b"\r\n" + b"x" * 998 + b"\r\n" + b"y" * 70_000 + b"\r\n.z\r\n",
    "no date and no id": b"From: prof@example.edu\r\nTo: plain\r\n\r\nx\r\n",
    "1 KB": SIGNED + b"\r\n" + b"0123456789abcdef01234567890\r\n" * 36,
    "1 MB": SIGNED + b"\r\n" + b"".join(b"%075d\r\n" % line for line in range(13_600)),
}


@pytest.fixture
def arrives_in(maildir, eventually):
    """Wait for the mail that an instance delivers to a recipient; fails at a second copy."""

    def arrives_in(postfix, recipient: str):
        (mail,) = eventually(lambda: maildir(postfix.mail, recipient), f"mail to {recipient}")
        return mail

    return arrives_in


@pytest.fixture
def arrives(postfix, arrives_in):
    """The same in the mode that is being tested."""
    return lambda recipient: arrives_in(postfix, recipient)


@pytest.fixture
def settled(gateway, eventually):
    """Wait for the sender's events to be settled, and for what becomes of the notice."""

    def settled(sender: str, notice: str = "sent") -> list[dict]:
        def asked() -> list[dict]:
            events = gateway.events(sender=sender)
            done = events and all(event["notice"].startswith(notice) for event in events)
            return events if done else []

        return eventually(asked, f"the notice to {sender} to be {notice}")

    return settled


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_o01_mail_to_a_colleague_arrives_byte_for_byte(
    *, content, request, postfix, gateway, client, arrives, eventually
):
    name = re.sub(r"\W+", "-", request.node.name).strip("-")
    before = gateway.delivered
    for port, recipient in (
        (postfix.front, f"{name}@example.edu"),
        (postfix.bypass, f"{name}-past-us@example.edu"),
    ):
        said = client(port).send("prof@example.edu", recipient, content=content)
        assert said[-1].startswith(b"250"), said
        assert arrives(recipient).content == content
    # The first went through the gateway, the second past it.
    eventually(lambda: gateway.delivered == before + 1, "the message to be counted")


def test_o01_a_match_is_delivered_recorded_and_its_sender_told(
    postfix, gateway, client, arrives, settled
):
    sender = f"ada.{postfix.mode}@example.edu"
    content = (
        f"From: Ada <{sender}>\r\nTo: {LISTED}\r\nMessage-ID: <{postfix.mode}.1@example.edu>\r\n"
        "References: <0@example.edu>\r\nSubject: a secret of ours\r\n\r\nDear Ivan,\r\n"
    ).encode()
    said = client(postfix.front).send(sender, LISTED, content=content)
    assert said[-1].startswith(b"250"), said

    notice = arrives(sender)  # within a few seconds: it would time out otherwise
    (event,) = settled(sender)
    assert event["recipient"] == LISTED
    assert event["outcome"] == "delivered"
    assert event["entity"] == "us-ofac-38222"
    assert event["action"] == "warn"
    assert event["message_id"] == f"<{postfix.mode}.1@example.edu>"
    assert event["client"] == "127.0.0.9"  # the sender's computer, by XFORWARD's word
    # Both queue ids, as far as there are two: the log of the mail server knows them.
    assert re.search(rf" {event['next_queue_id']}: client=", postfix.log)
    if postfix.mode == "before":
        assert event["queue_id"] is None
        assert f"queued as {event['next_queue_id']}".encode() in said[-1]
    else:
        assert f"queued as {event['queue_id']}".encode() in said[-1]
        assert event["queue_id"] != event["next_queue_id"]

    message = notice.message
    assert "Return-Path: <>" in notice.raw.decode()
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["In-Reply-To"] == f"<{postfix.mode}.1@example.edu>"
    assert message["References"].split() == ["<0@example.edu>", f"<{postfix.mode}.1@example.edu>"]
    assert "research-compliance@example.edu" in message["Reply-To"]
    assert event["id"].lower() in message["Message-ID"].lower()
    assert b"a secret of ours" not in notice.raw


def test_o01_behind_the_queue_a_member_of_a_group_alias_is_seen(
    postfix_after_queue, gateway_behind, client, eventually
):
    gateway = gateway_behind(postfix_after_queue)
    sender = "alias.after@example.edu"
    said = client(postfix_after_queue.front).send(
        sender, "team@example.edu", content=b"Subject: x\r\n\r\nx\r\n"
    )
    assert said[-1].startswith(b"250"), said
    eventually(lambda: gateway.events(sender=sender), "the member's event")
    (event,) = gateway.events(sender=sender)
    assert event["recipient"] == "pavel@skoltech.ru"
    # Once, and not once more behind us.
    delivered = r"virtual\[\d+\]: \w+: to=<pavel@skoltech.ru>.*orig_to=<team@example.edu>"
    eventually(lambda: re.search(r"to=<pavel@skoltech\.ru>", postfix_after_queue.log), "the mail")
    assert len(re.findall(delivered, postfix_after_queue.log)) <= 1


def test_o01_the_delivered_match_is_the_message_as_it_was_sent(
    postfix, gateway, client, maildir, eventually
):
    sender = f"bytes.{postfix.mode}@example.edu"
    content = SIGNED + b"\r\n..\r\n.\r\n\xff\xfe\r\n" + sender.encode() + b"\r\n"
    said = client(postfix.front).send(sender, LISTED, content=content)
    assert said[-1].startswith(b"250"), said

    def delivered():
        return [mail for mail in maildir(postfix.mail, LISTED) if sender.encode() in mail.content]

    (mail,) = eventually(delivered, "the match to be delivered")
    assert mail.content == content


def test_o01_a_personal_address_leaves_no_trace(postfix, gateway, client, arrives):
    sender = f"kind.{postfix.mode}@example.edu"
    recipient = f"ivan.petrov.{postfix.mode}@gmail.com"
    content = f'From: {sender}\r\nTo: "Ivan Petrov (Skoltech)" <{recipient}>\r\n\r\nHello\r\n'
    said = client(postfix.front).send(sender, recipient, content=content.encode())
    assert said[-1].startswith(b"250"), said
    assert arrives(recipient).content == content.encode()
    assert gateway.events(sender=sender) == []
    assert sender not in gateway.log
    assert recipient not in gateway.log


def _without_queue_ids(reply: bytes) -> bytes:
    return re.sub(rb"queued as \w+", b"queued as ID", reply)


def test_r04_in_front_of_the_queue_every_reply_is_the_one_without_us(
    postfix_before_queue, client, gateway_behind
):
    postfix = postfix_before_queue
    gateway_behind(postfix)
    transactions = [
        # Refused at RCPT, in between others and alone.
        (("a@example.edu", "unwanted@example.edu", "b@example.edu"), b"Subject: 1\r\n\r\n1\r\n"),
        (("unwanted@example.edu",), b""),
        # Refused after the final dot: too much for the listener behind, not for the one in front.
        (("a@example.edu",), b"Subject: 2\r\n\r\n" + b"0123456789abcde\r\n" * 160_000),
        (("c@example.edu",), b"Subject: 3\r\n\r\n3\r\n"),
    ]
    for recipients, content in transactions:
        said = [
            client(port).send("prof@example.edu", *recipients, content=content)
            for port in (postfix.front, postfix.bypass)
        ]
        with_us, without_us = ([_without_queue_ids(reply) for reply in each] for each in said)
        assert with_us == without_us
        if "unwanted@example.edu" in recipients:
            refusal = with_us[1 + recipients.index("unwanted@example.edu")]
            assert refusal.startswith(b"550 5.7.1 ")
            assert b"We do not want you" in refusal


def test_r04_behind_the_queue_the_bounce_is_the_one_without_us(
    postfix_after_queue, client, gateway_behind, arrives_in
):
    postfix = postfix_after_queue
    gateway_behind(postfix)
    causes = []
    for port, sender in ((postfix.front, "us@example.edu"), (postfix.bypass, "not-us@example.edu")):
        content = b"Subject: to be refused\r\n\r\nx\r\n"
        said = client(port).send(sender, "unwanted@example.edu", content=content)
        assert said[-1].startswith(b"250"), said
        bounce = arrives_in(postfix, sender).message
        status = next(
            part for part in bounce.walk() if "delivery-status" in part.get_content_type()
        )
        causes.append([part.as_string() for part in status.get_payload()][1])
    assert "550 5.7.1" in causes[0]
    assert causes[0] == causes[1]


def test_o01_with_the_gateway_down_in_front_of_the_queue_the_client_keeps_its_message(
    postfix_before_queue, client, gateway_behind, eventually, arrives_in
):
    postfix = postfix_before_queue
    gateway = gateway_behind(postfix)
    content = b"Subject: later\r\n\r\nx\r\n"
    gateway.stop()
    try:
        said = client(postfix.front).send("prof@example.edu", "later@example.edu", content=content)
        assert said[0].startswith(b"250")
        assert said[1] == b"451 4.3.0 Error: queue file write error\r\n"  # as documented
    finally:
        gateway.start(eventually)
    said = client(postfix.front).send("prof@example.edu", "later@example.edu", content=content)
    assert said[-1].startswith(b"250")
    assert arrives_in(postfix, "later@example.edu").content == content


def test_o01_with_the_gateway_down_behind_the_queue_mail_waits_and_none_is_lost(
    postfix_after_queue, client, gateway_behind, eventually, arrives_in
):
    postfix = postfix_after_queue
    gateway = gateway_behind(postfix)
    waiting = [f"waits.{number}@example.edu" for number in range(5)]
    gateway.stop()
    try:
        for recipient in waiting:
            content = f"Subject: {recipient}\r\n\r\nx\r\n".encode()
            said = client(postfix.front).send("prof@example.edu", recipient, content=content)
            assert said[-1].startswith(b"250"), said
        queued = eventually(
            lambda: [
                entry
                for entry in map(json.loads, postfix.queue().splitlines())
                if entry["queue_name"] == "deferred"
            ],
            "mail to wait in the queue",
        )
        assert "Connection refused" in queued[0]["recipients"][0]["delay_reason"]
    finally:
        gateway.start(eventually)
    for recipient in waiting:
        arrived = arrives_in(postfix, recipient).content
        assert arrived == f"Subject: {recipient}\r\n\r\nx\r\n".encode()
    eventually(lambda: not postfix.queue(), "the queue to empty")


def test_n05_our_own_notice_through_the_gateway_is_no_finding(
    postfix, gateway, client, arrives, settled
):
    """Behind the queue it goes through by itself; in front of it we send it round once more."""
    sender = f"echo.{postfix.mode}@example.edu"
    content = f"From: {sender}\r\nMessage-ID: <e@example.edu>\r\n\r\nx\r\n".encode()
    client(postfix.front).send(sender, LISTED, content=content)
    notice = arrives(sender)
    (event,) = settled(sender)
    total = len(gateway.events())
    again = client(postfix.front).send("", f"round.{sender}", content=notice.content)
    assert again[-1].startswith(b"250"), again
    assert arrives(f"round.{sender}").content == notice.content
    assert [each["id"] for each in gateway.events(sender=sender)] == [event["id"]]
    assert len(gateway.events()) == total
