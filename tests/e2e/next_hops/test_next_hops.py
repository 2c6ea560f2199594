"""Each server as the next hop: what it says and passes on is the same through us as straight."""

from __future__ import annotations

import re
import zlib

import pytest

pytestmark = pytest.mark.e2e

HEADER = (
    b"From: prof@example.edu\r\nTo: all@example.edu\r\nMessage-ID: <m@example.edu>\r\n"
    b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\nSubject: x\r\n"
)
CONTENTS = {
    "leading dots": HEADER + b"\r\n..\r\n...\r\n..x\r\n",  # as they are on the wire
    "eight bits": HEADER + b"\r\n" + bytes(range(128, 256)) + b"\r\n",
    "long line": HEADER + b"\r\n" + b"y" * 900 + b"\r\n",
    "an empty body": HEADER + b"\r\n",
    "1 MB": HEADER + b"\r\n" + b"".join(b"%075d\r\n" % line for line in range(13_600)),
}
# What a server stamps above a message.
STAMPED = re.compile(rb"(?:(?:Received|Return-Path):.*\r\n(?:[ \t].*\r\n)*)+", re.IGNORECASE)


def _name(request) -> str:
    return f"{zlib.crc32(request.node.name.encode()):08x}"


LOCAL = "127.0.0.1"  # as the gateway is: Sendmail relays for no other of loopback

# What each of them, as Debian ships it, offers of what we pass on.
WORKING = {"8BITMIME", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES", "PIPELINING", "SIZE", "SMTPUTF8"}
OFFERED = {
    "postfix": WORKING,
    "exim": WORKING - {"DSN", "ENHANCEDSTATUSCODES"},
    "sendmail": WORKING - {"CHUNKING", "SMTPUTF8"},
    "opensmtpd": {"8BITMIME", "DSN", "ENHANCEDSTATUSCODES", "SIZE"},
}


def offering(keyword: str):
    """Those servers alone that offer a keyword."""
    servers = [name for name, offered in OFFERED.items() if keyword in offered]
    return pytest.mark.parametrize("hop", servers, indirect=True)


@pytest.fixture
def arrives(hop, eventually):
    """Wait for so much mail of a sender; without what was stamped above it."""

    def arrives(sender: str, count: int = 1):
        kept = eventually(
            lambda: len(each := hop.sink.kept(sender)) >= count and each, f"mail of {sender}"
        )
        assert len(kept) == count
        return [each._replace(content=STAMPED.sub(b"", each.content, count=1)) for each in kept]

    return arrives


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_r02_content_arrives_through_us_as_it_does_straight(
    *, content, request, hop, client, arrives
):
    arrived = []
    for way, port in zip(("straight", "through"), hop.ports, strict=True):
        sender = f"{way}.{_name(request)}@example.edu"
        said = client(port, LOCAL)
        assert said.say(f"MAIL FROM:<{sender}> BODY=8BITMIME".encode()).startswith(b"250")
        assert said.say(b"RCPT TO:<taken@example.edu>").startswith(b"250")
        assert said.say(b"DATA").startswith(b"354")
        assert said.say(content + b".").startswith(b"250")
        (mail,) = arrives(sender)
        arrived.append(mail.content)
    assert arrived[0] == arrived[1]
    assert arrived[0].partition(b"\r\n\r\n")[2] == content.partition(b"\r\n\r\n")[2]


DIALOGUES = {
    "a message, and what is refused": [
        b"EHLO x.example.edu",
        b"MAIL FROM:<prof@example.edu> BODY=8BITMIME SIZE=100",
        b"RCPT TO:<taken@example.edu>",
        b"RCPT TO:<no at all",
        b"RCPT TO:<@>",
        b"RCPT TO:<other@example.edu>",
        b"DATA",
        HEADER + b"\r\nx\r\n.",
        b"QUIT",
    ],
    "out of order and unknown": [
        b"HELO x.example.edu",
        b"RCPT TO:<a@example.edu>",
        b"DATA",
        b"MAIL FROM:<a@example.edu>",
        b"MAIL FROM:<b@example.edu>",
        b"RSET",
        b"NOOP with words",
        b"WHAT",
        b"QUIT",
    ],
    "a message too large": [
        b"EHLO x.example.edu",
        b"MAIL FROM:<prof@example.edu> SIZE=99999999999",
        b"RSET",
        b"MAIL FROM:<prof@example.edu> BODY=9BITMIME",
        b"MAIL FROM:<prof@example.edu> XYZ=1",
        b"QUIT",
    ],
    "the null sender": [
        b"EHLO x.example.edu",
        b"MAIL FROM:<>",
        b"RCPT TO:<taken@example.edu>",
        b"DATA",
        HEADER + b"\r\nx\r\n.",
        b"QUIT",
    ],
}


@pytest.mark.parametrize("lines", DIALOGUES.values(), ids=DIALOGUES)
def test_r03_a_server_through_us_answers_as_it_does(lines, hop, client):
    straight, through_us = (_talk(client(port, LOCAL), lines) for port in hop.ports)
    assert through_us == straight


def _talk(connection, lines) -> list[bytes]:
    return [_comparable(connection.say(line)) for line in lines]


def _comparable(reply: bytes) -> bytes:
    """A reply without what may differ: an id, and the keywords of EHLO."""
    if reply.startswith(b"250-"):
        reply = reply.splitlines()[0]
    unlike = rb"id=\S+|queued as \w+|(?<=^250 2\.0\.0 )[0-9a-zA-Z]+(?= Mess)"
    return re.sub(unlike, b"X", reply)


def _keywords(said: bytes) -> set[str]:
    return {line[4:].split(None, 1)[0].upper().decode() for line in said.splitlines()[1:]}


def test_r12_what_a_server_offers_is_offered_where_it_works(hop, client):
    straight, through_us = (_keywords(client(port, LOCAL).offer) for port in hop.ports)
    assert through_us - {"XFORWARD"} == OFFERED[hop.server.name]
    assert through_us - {"XFORWARD"} == WORKING & straight


@offering("PIPELINING")
def test_r04_a_whole_message_in_one_packet_is_answered_as_straight(hop, client, arrives):
    talks = []
    for way, port in zip(("straight", "through"), hop.ports, strict=True):
        connection = client(port, LOCAL)
        sender = f"packet.{way}.{hop.server.name}@example.edu"
        lines = [
            f"MAIL FROM:<{sender}>".encode(),
            b"RCPT TO:<a@example.edu>",
            b"RCPT TO:<@>",
            b"RCPT TO:<b@example.edu>",
            b"DATA",
        ]
        said = [connection.say(b"\r\n".join(lines)), *(connection.reply() for _ in lines[1:])]
        said.append(connection.say(HEADER + b"\r\nx\r\n."))
        talks.append([_comparable(each).replace(way.encode(), b"X") for each in said])
        arrives(sender)
    assert talks[0] == talks[1]
    assert [said[:3] for said in talks[1]] == [
        *(b"250", b"250", talks[0][2][:3], b"250", b"354", b"250"),
    ]
    assert talks[0][2].startswith(b"5")


@offering("DSN")
def test_r03_dsn_parameters_reach_a_server_that_offers_them(hop, client, arrives):
    connection = client(hop.gateway.listen)
    sender = f"dsn.{hop.server.name}@example.edu"
    mail = f"MAIL FROM:<{sender}> RET=HDRS ENVID=Q+2BQ314"
    assert connection.say(mail.encode()).startswith(b"250")
    rcpt = b"RCPT TO:<taken@example.edu> NOTIFY=FAILURE,DELAY ORCPT=rfc822;Other+2Bx@Example.EDU"
    assert connection.say(rcpt).startswith(b"250")
    assert connection.say(b"DATA").startswith(b"354")
    assert connection.say(HEADER + b"\r\nx\r\n.").startswith(b"250")
    (mail,) = arrives(sender)
    assert b"RET=HDRS" in mail.mail
    assert b"ENVID=Q+2BQ314" in mail.mail
    assert {b"NOTIFY=FAILURE,DELAY", b"ORCPT=rfc822;Other+2Bx@Example.EDU"} <= set(
        mail.rcpts[0].split()
    )


@offering("CHUNKING")
def test_r02_chunks_reach_a_server_that_takes_them(hop, client, arrives):
    connection = client(hop.gateway.listen)
    sender = f"chunks.{hop.server.name}@example.edu"
    assert connection.say(f"MAIL FROM:<{sender}>".encode()).startswith(b"250")
    assert connection.say(b"RCPT TO:<taken@example.edu>").startswith(b"250")
    content = HEADER + b"\r\n.\r\nQUIT\r\n" + b"z" * 990 + b"\r\n"
    for chunk, last in ((content[:40], b""), (content[40:700], b""), (content[700:], b" LAST")):
        command = b"BDAT %d%s\r\n%s" % (len(chunk), last, chunk)
        # What ends the chunk is no line end: `say` adds one only to commands.
        connection._socket.sendall(command)
        assert connection.reply().startswith(b"250")
    (mail,) = arrives(sender)
    assert mail.content.endswith(b"\r\n..\r\nQUIT\r\n" + b"z" * 990 + b"\r\n")
    assert connection.say(b"NOOP").startswith(b"250")


def test_r01_a_match_on_its_way_to_a_server_is_recorded_with_its_reply(
    hop, client, arrives, eventually
):
    sender = f"match.{hop.server.name}@ours.example"  # the server's, not ours: no notice
    said = client(hop.gateway.listen).send(
        sender, "taken@example.edu", "ivan@mipt.ru", content=HEADER + b"\r\nx\r\n"
    )
    assert [each[:3] for each in said] == [b"250", b"250", b"250", b"354", b"250"]
    (event,) = eventually(lambda: hop.gateway.events(sender=sender), "the event")
    assert (event["recipient"], event["outcome"]) == ("ivan@mipt.ru", "delivered")
    assert event["next_queue_id"].encode() in said[-1]
    (mail,) = arrives(sender)
    paths = {rcpt.split(b"<")[1].split(b">")[0] for rcpt in mail.rcpts}
    assert paths == {b"taken@example.edu", b"ivan@mipt.ru"}
