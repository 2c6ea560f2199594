"""Command lines, looked at and left alone."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Client
from gateway.smtp import commands


@given(st.binary(max_size=300))
def test_any_line_has_a_verb(line):
    assert b" " not in commands.verb(line)


def test_r13_xforward_is_read_in_xtext_and_any_case():
    client = commands.read_xforward(b"XFORWARD addr=IPv6:2001:db8::1 helo=a+20b+2Bc\r\n", Client())
    assert client == Client("2001:db8::1", "a b+c", None)
    client = commands.read_xforward(b"XFORWARD IDENT=4A HELO=[UNAVAILABLE]\r\n", client)
    assert client == Client("2001:db8::1", None, "4A")


@given(st.binary(max_size=200))
def test_r13_nothing_in_xforward_can_break_a_line_later(line):
    client = commands.read_xforward(b"XFORWARD HELO=" + line, Client())
    assert client.helo is None or client.helo.isprintable()
