"""Command lines, looked at and left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Client
from gateway.smtp import commands


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"MAIL FROM:<>\r\n", b""),
        (b"RCPT TO:<a@b>\r\n", b"a@b"),
        (b"rcpt to: <a@b> NOTIFY=NEVER ORCPT=rfc822;<x@y>\r\n", b"a@b"),
        (b'RCPT TO:<"a>b"@c>\r\n', b'"a>b"@c'),
        (b'RCPT TO:<"a\\">b"@c>\r\n', b'"a\\">b"@c'),
        (b"RCPT TO:<@x,@y:a@b>\r\n", b"@x,@y:a@b"),
        (b"RCPT TO:a@b NOTIFY=NEVER\r\n", b"a@b"),
        (b"RCPT TO:<a@b\r\n", b"a@b"),
        (b'RCPT TO:"a b"@c\r\n', b'"a b"@c'),
        (b'RCPT TO:"Ivan P"<a@b>\r\n', b"a@b"),
        (b"RCPT TO:Ivan<a@b>\r\n", b"a@b"),
        (b'RCPT TO:<"a@b>\r\n', b'"a@b'),
        (b"RCPT\r\n", b""),
        (b"RCPT TO:\r\n", b""),
    ],
)
def test_a_path_is_read_as_a_lenient_server_reads_it(line, path):
    assert commands.path(line) == path


mailboxes = st.lists(
    st.sampled_from([b"a", b"@b", b'"', b"\\", b"<", b">", b":", b" ", b"\t", b"\xc3", b"\0"])
).map(b"".join)


@given(mailboxes, st.sampled_from([b"RCPT TO:<", b"RCPT TO:", b"RCPT<", b"<", b"RCPT : <"]))
def test_a_path_known_at_a_glance_is_the_one_that_is_read_closely(mailbox, verb):
    line = verb + mailbox + b"\r\n"
    assert commands.path(line) == commands._path(line)


@given(st.binary(max_size=300))
def test_any_line_has_a_verb_and_a_path(line):
    assert isinstance(commands.path(b"RCPT TO:" + line), bytes)
    assert b" " not in commands.verb(line)


def test_r13_xforward_is_read_in_xtext_and_any_case():
    client = commands.xforward(b"XFORWARD addr=IPv6:2001:db8::1 helo=a+20b+2Bc\r\n", Client())
    assert client == Client("2001:db8::1", "a b+c", None)
    client = commands.xforward(b"XFORWARD IDENT=4A HELO=[UNAVAILABLE]\r\n", client)
    assert client == Client("2001:db8::1", None, "4A")


@given(st.binary(max_size=200))
def test_r13_nothing_in_xforward_can_break_a_line_later(line):
    client = commands.xforward(b"XFORWARD HELO=" + line, Client())
    assert client.helo is None or client.helo.isprintable()
