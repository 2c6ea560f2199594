"""Exim with the gateway as its smarthost, and Exim as the gateway's next hop."""

from __future__ import annotations

import re
import subprocess

import pytest

pytestmark = pytest.mark.e2e

LISTED = "ivan@mipt.ru"
HEADER = (
    b"From: prof@example.edu\r\nTo: all\r\nMessage-ID: <m@example.edu>\r\n"
    b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\n"
)
CONTENTS = {
    "leading dots": HEADER + b"\r\n.\r\n..\r\n.x\r\n",
    "eight bits": HEADER + b"\r\n" + bytes(set(range(1, 256)) - {10, 13}) + b"\r\n",
    "long line": HEADER + b"\r\n" + b"y" * 900 + b"\r\n",
    "1 MB": HEADER + b"\r\n" + b"".join(b"%075d\r\n" % line for line in range(13_600)),
}


@pytest.fixture
def arrives(exims, maildir, eventually):
    """Wait for the mail that a recipient gets at the next hop; fails at a second copy."""
    hop = exims[2]

    def arrives(recipient: str):
        (mail,) = eventually(lambda: maildir(hop.mail, recipient), f"mail to {recipient}")
        return mail

    return arrives


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_r02_mail_from_exim_to_exim_arrives_byte_for_byte(
    *, content, request, exims, client, arrives, eventually
):
    exim, gateway, _ = exims
    recipient = re.sub(r"\W+", "-", request.node.name).strip("-") + "@example.edu"
    before = gateway.delivered
    said = client(exim.port).send("prof@example.edu", recipient, content=content)
    assert said[-1].startswith(b"250"), said
    assert arrives(recipient).content == content
    eventually(lambda: gateway.delivered == before + 1, "the message to be counted")


def test_r01_a_match_from_exim_to_exim_is_delivered_recorded_and_told(
    exims, client, arrives, eventually
):
    exim, gateway, hop = exims
    content = HEADER + b"\r\nDear Ivan\r\n"
    client(exim.port).send("told@example.edu", LISTED, content=content)
    assert arrives(LISTED).content == content
    notice = arrives("told@example.edu")
    assert notice.message["Auto-Submitted"] == "auto-replied"
    events = eventually(
        lambda: [e for e in gateway.events(sender="told@example.edu") if e["notice"] == "sent"],
        "the notice to be marked as sent",
    )
    (event,) = events
    assert (event["recipient"], event["outcome"]) == (LISTED, "delivered")
    assert event["next_queue_id"] in hop.log
    # Exim logs the last word that it was given.
    logged = rf'=> {LISTED} .* C=".*{event["next_queue_id"]}"'
    eventually(lambda: re.search(logged, exim.log), "Exim to log the delivery")


# What a client can say, odd things and all; the same to both, and the same answers from both.
DIALOGUES = {
    "recipients refused, deferred, taken": [
        b"EHLO x.example.edu",
        b"MAIL FROM:<prof@example.edu> BODY=8BITMIME",
        b"RCPT TO:<unwanted@example.edu>",
        b"RCPT TO:<later@example.edu>",
        b"RCPT TO:<taken@example.edu>",
        b"RSET",
        b"QUIT",
    ],
    "out of order and unknown": [
        b"HELO x.example.edu",
        b"RCPT TO:<a@example.edu>",
        b"DATA",
        b"MAIL FROM:<a@example.edu>",
        b"MAIL FROM:<b@example.edu>",
        b"RCPT TO:<no path",
        b"NOOP with words",
        b"VRFY root",
        b"HELP",
        b"WHAT",
        b"QUIT",
    ],
    "the null sender": [
        b"EHLO x.example.edu",
        b"MAIL FROM:<>",
        b"RCPT TO:<postmaster>",
        b"DATA",
        b"Subject: x\r\n\r\nREFUSE ME\r\n.",
        b"QUIT",
    ],
}


@pytest.mark.parametrize("lines", DIALOGUES.values(), ids=DIALOGUES)
def test_r03_exim_through_us_answers_as_exim_does(lines, exims, client):
    _, gateway, hop = exims
    talks = []
    for port in (hop.port, gateway.listen):
        connection = client(port)
        connection.say(b"RSET")
        talks.append([connection.say(line) for line in lines])
    straight, through_us = ([_comparable(reply) for reply in talk] for talk in talks)
    assert through_us == straight


def _comparable(reply: bytes) -> bytes:
    """A reply without what may differ: the peer's address, an id, the keywords EHLO offers."""
    if reply.startswith(b"250-"):
        reply = reply.splitlines()[0]
    return re.sub(rb"id=\S+|\[127\.0\.0\.\d\]", b"X", reply)


def test_r12_exim_is_offered_what_works_from_end_to_end(exims, client):
    _, gateway, hop = exims

    def keywords(port: int) -> set[bytes]:
        reply = client(port).say(b"EHLO x.example.edu")
        return {line[4:].split(None, 1)[0].upper() for line in reply.splitlines()[1:]}

    straight, through_us = keywords(hop.port), keywords(gateway.listen)
    assert through_us - {b"XFORWARD"} <= straight
    assert b"LIMITS" in straight or b"HELP" in straight  # something to be left out
    assert not through_us & {b"STARTTLS", b"AUTH", b"PRDR", b"PIPECONNECT", b"HELP", b"LIMITS"}
    assert {b"SIZE", b"8BITMIME", b"PIPELINING"} <= through_us


def test_r02_exim_hands_over_in_chunks_where_they_are_offered(exims, client, arrives, eventually):
    exim = exims[0]
    content = HEADER + b"\r\n" + b"".join(b"%075d\r\n" % line for line in range(1000))
    client(exim.port).send("prof@example.edu", "chunks@example.edu", content=content)
    assert arrives("chunks@example.edu").content == content
    logged = r"=> chunks@example\.edu .* K C="  # K: Exim's sign for BDAT
    eventually(lambda: re.search(logged, exim.log), "Exim to log a BDAT delivery")


@pytest.mark.parametrize(
    ("recipient", "body", "cause"),
    [
        ("unwanted@mipt.ru", b"x", "550-The tests do not want you"),
        ("taken@mipt.ru", b"REFUSE ME", "550 The tests do not want this"),
    ],
)
def test_r01_what_the_next_hop_refuses_exim_bounces_with_its_words(
    *, recipient, body, cause, exims, client, arrives, eventually
):
    exim, gateway, _ = exims
    sender = f"bounced-{recipient.partition('@')[0]}@example.edu"
    client(exim.port).send(sender, recipient, content=HEADER + b"\r\n" + body + b"\r\n")
    bounce = arrives(sender)
    assert cause in bounce.raw.decode()
    events = gateway.events(sender=sender)
    if body == b"x":
        assert events == []  # R5: a recipient that the next hop refused is no finding
    else:
        assert [(e["outcome"], e["notice"]) for e in events] == [("refused", "none")]


@pytest.mark.parametrize("pipelining", [True, False])
def test_r04_swaks_gets_one_reply_for_each_recipient(pipelining, needs, exims):
    _, gateway, _ = exims
    command = [
        needs("swaks"),
        f"--server=127.0.0.1:{gateway.listen}",
        "--from=prof@example.edu",
        "--to=a@example.edu,unwanted@example.edu,b@example.edu,later@example.edu",
        "--helo=x.example.edu",
        *(["--pipeline"] if pipelining else []),
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = [line[4:] for line in ended.stdout.splitlines() if line.startswith(("<-  ", "<** "))]
    codes = [line[:4] for line in said if "-" not in line[3:4]]
    assert "550 and say so on two lines" in said
    assert any(line.startswith("451 The tests want you later") for line in said), said
    # Greeting, EHLO, MAIL, four RCPT, DATA, the dot, QUIT.
    assert codes == ["220 ", "250 ", "250 ", "250 ", "550 ", "250 ", "451 ", "354 ", "250 ", "221 "]


def test_r19_a_message_that_exim_splits_has_each_match_once(exims, client, eventually):
    """By default it hands over a hundred recipients at most in a transaction."""
    exim, gateway, hop = exims
    sender = "split@elsewhere.example"  # not ours: no notice
    listed = {20: "split@mipt.ru", 150: "split@skoltech.ru", 240: "split@hit.edu.cn"}
    recipients = [listed.get(n, f"split.{n}@example.edu") for n in range(250)]
    said = client(exim.port).send(sender, *recipients, content=HEADER + b"\r\nx\r\n")
    assert said[-1].startswith(b"250"), said
    eventually(lambda: len(re.findall(r"=> split", hop.log)) == 250, "the next hop to deliver")
    assert len(re.findall(rf"<= {sender}", hop.log)) >= 3
    events = gateway.events(sender=sender, limit="0")
    assert sorted(event["recipient"] for event in events) == sorted(listed.values())
    assert {event["outcome"] for event in events} == {"delivered"}
