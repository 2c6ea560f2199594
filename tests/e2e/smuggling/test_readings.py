"""Lines that real servers read in their own way: whoever gets the mail, we have seen it.

Straight, each form is tried as well: one that a server no longer reads so fails here, and is no
silent gap.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from gateway.addresses.mailbox_path import path
from gateway.addresses.path_reading import UnreadablePath, parse
from gateway.smtp import own_replies

pytestmark = pytest.mark.e2e

E2E = Path(__file__).parents[1]
exims = runpy.run_path(str(E2E / "exim" / "conftest.py"))["exims"]

INSIDE = (
    b"MAIL FROM:<mallory@example.edu>\r\nRCPT TO:<%s@skoltech.ru>\r\n"
    b"BDAT 17 LAST\r\nSubject: forged\r\n"
)
# Behind `hello`: another count, or no chunk at all, and Exim takes the rest for commands.
CHUNKS = {
    "counted in 32 bits": b"BDAT %d LAST\r\nhello" % ((1 << 32) + 5),
    "no last one, in 32 bits": b"BDAT %d\r\nhelloRSET\r\n" % ((1 << 32) + 5),
    "tab": b"BDAT\t1000 LAST\r\nRSET\r\n",
    "vertical tab": b"BDAT\x0b1000 LAST\r\nRSET\r\n",
    "leading blank": b" BDAT 1000 LAST\r\nRSET\r\n",
}
# To Exim, to Postfix, or to both: u is somebody at a listed institution, z is not.
NAMED = {
    "vertical tab": b"u@skoltech.ru\x0bORCPT=rfc822;z@example.edu",
    "form feed": b"u@skoltech.ru\x0cORCPT=rfc822;z@example.edu",
    "behind empty brackets": b"<>u@skoltech.ru>",
    "comma": b"<u@skoltech.ru,>",
    "closing bracket": b"u@skoltech.ru>(X",
    "brackets in a comment": b"<(<z@example.edu>)u@skoltech.ru>",
    "comment": b"(z@example.edu) u@skoltech.ru",
    "comment and brackets": b"(<z@example.edu>) u@skoltech.ru",
    "comment before brackets": b"(c) <u@skoltech.ru>",
    "two words": b"Ivan Ivanov <u@skoltech.ru>",
    "quoted name": b'"z@example.edu" <u@skoltech.ru>',
    "name with brackets": b'"Ivan <z@example.edu>" <u@skoltech.ru>',
    "blank before @": b"u @skoltech.ru",
    "open comment": b"u@skoltech.ru(ORCPT=rfc822;z@example.edu",
}
CUT = 2048  # where Postfix ends a line


@pytest.fixture(params=["exim", "postfix"])
def server(request):
    """Its name, its port, where its mail arrives, and a gateway before it."""
    if request.param == "exim":
        _, gateway, hop = request.getfixturevalue("exims")
        return request.param, hop.port, hop.mail, gateway
    postfix = request.getfixturevalue("postfix")
    gateway = request.getfixturevalue("gateways")["to the gullible"]
    return request.param, postfix.ports["gullible"], postfix.mail, gateway


def named(way, number, line):
    return line.replace(b"u@", b"%s%d@" % (way, number)).replace(b"u ", b"%s%d " % (way, number))


def taken(client, sender, line):
    """Whether that recipient was taken, and then the message."""
    assert client.say(b"MAIL FROM:<%s>" % sender).startswith(b"250")
    if not client.say(line).startswith(b"25"):
        client.say(b"RSET")
        return False
    assert client.say(b"DATA").startswith(b"354")
    return client.say(b"Subject: x\r\n\r\nx\r\n.").startswith(b"250")


@pytest.mark.parametrize("server", ["postfix"], indirect=True)
def test_r03_whoever_a_server_reads_in_a_line_has_been_seen(server, client, maildir, eventually):
    _, port, mail, gateway = server
    numbers = {}
    for way, to in ((b"straight", port), (b"through", gateway.listen)):
        for number, line in enumerate(NAMED.values()):
            sender = b"%s-%d@elsewhere.example" % (way, number)
            talk = client(to)
            if taken(talk, sender, b"RCPT TO:" + named(way, number, line)):
                numbers.setdefault(way, []).append(number)
            talk.close()  # Exim serves no more than twenty at once
    assert numbers[b"through"] == numbers[b"straight"]
    assert len(numbers[b"through"]) >= 6
    for number in numbers[b"through"]:
        # Straight it went there; through the gateway too, with an event.
        for way in ("straight", "through"):
            to = f"{way}{number}@skoltech.ru"
            eventually(lambda to=to: maildir(mail, to), f"mail to {to}")
    senders = {event["sender"] for event in gateway.events(limit="0")}
    assert {f"through-{n}@elsewhere.example" for n in numbers[b"through"]} <= senders


@pytest.mark.parametrize("form", CHUNKS.values(), ids=CHUNKS)
def test_r03_no_command_is_hidden_in_a_chunk(server, form, connect_raw, maildir, eventually):
    name, _, mail, gateway = server
    number = list(CHUNKS.values()).index(form)
    who = b"through.chunk%d" % number
    told = connect_raw(gateway.listen, form + INSIDE % who)
    assert told.endswith(own_replies.NOT_OFFERED + own_replies.FOLLOWS_FAILURE)
    # What is sent afterwards arrives; nothing that came before could still be under way.
    later = b"later.chunk%d@example.org" % number if name == "exim" else b"l%d@example.edu" % number
    connect_raw(gateway.listen, b"RCPT TO:<%s>\r\nBDAT 2 LAST\r\nx\nQUIT\r\n" % later)
    eventually(lambda: maildir(mail, later.decode()), "the honest mail")
    assert not maildir(mail, f"{who.decode()}@skoltech.ru")


@pytest.fixture
def connect_raw(client):
    """Say EHLO, MAIL and RCPT in turns, the rest in one packet; all that is told."""

    def said(port, rest):
        talk = client(port)
        talk.say(b"MAIL FROM:<a@elsewhere.example>")
        talk.say(b"RCPT TO:<friend@example.edu>")
        talk._socket.sendall(rest)
        talk._socket.shutdown(1)
        return talk._replies.read()

    return said


@pytest.mark.parametrize(("opening", "closing"), [(b"", b".example.edu"), (b"<", b".example.edu>")])
def test_s15_a_line_that_postfix_would_cut_goes_on_and_is_not_read(
    postfix, gateways, client, opening, closing
):
    gateway = gateways["to the gullible"]
    start = b"RCPT TO:" + opening
    who = b"cut@skoltech.ru"
    line = start + b" " * (CUT - len(start) - len(who)) + who + closing
    straight = client(postfix.ports["gullible"])
    straight.say(b"MAIL FROM:<a@elsewhere.example>")
    # It takes what is cut for a mailbox.
    taken = straight.say(line)
    assert taken.startswith(b"250") is (opening == b"")
    through = client(gateway.listen)
    through.say(b"MAIL FROM:<a@elsewhere.example>")
    assert through.say(line) == taken
    assert isinstance(parse(path(line)), UnreadablePath)
    assert through.say(b"NOOP").startswith(b"250")
