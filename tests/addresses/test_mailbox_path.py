"""Lines in which servers read different recipients: every reading is looked at.

What Postfix 3.7 and Exim 4.96 made of them was tried on real ones (``tests/e2e``).
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses import mailbox_path
from gateway.addresses.mailbox_path import path, readings

ODD = {
    "Postfix ends a word at a vertical tab": b"u@skoltech.ru\x0bORCPT=rfc822;z@example.edu",
    "and at a form feed": b"u@skoltech.ru\x0cORCPT=rfc822;z@example.edu",
    "Postfix reads on behind empty brackets": b"<>u@skoltech.ru>",
    "Postfix stops at a comma": b"<u@skoltech.ru,>",
    "Postfix stops at a bracket": b"u@skoltech.ru>(X",
    "a comment with brackets": b"<(<z@example.edu>)u@skoltech.ru>",
    "a comment before brackets": b"(<z@example.edu>) <u@skoltech.ru>",
    "nested comments": b"(a(<z@example.edu>)b) u@skoltech.ru",
    "a name of two words": b"Ivan Ivanov <u@skoltech.ru>",
    "a quoted name": b'"z@example.edu" <u@skoltech.ru>',
    "a name in quotes with brackets": b'"Ivan <z@example.edu>" <u@skoltech.ru>',
    "a parameter that is a name": b"Ivan ORCPT=<u@skoltech.ru>",
    "a parameter behind it": b"Ivan Ivanov <u@skoltech.ru> ORCPT=rfc822;z@example.edu",
    "a comment as a word": b"(z@example.edu) u@skoltech.ru",
    "a blank before the @": b"u @skoltech.ru",
    "a blank behind the @": b"u@ skoltech.ru",
    "a comment behind the @": b"z <u@(z@example.edu)skoltech.ru>",
    "two addresses": b"<z@example.edu> <u@skoltech.ru>",
    "two without brackets": b"z@example.edu,u@skoltech.ru",
    "junk behind the brackets": b"<z@example.edu>u@skoltech.ru",
    "a group": b"friends:u@skoltech.ru;",
    "an open comment": b"u@skoltech.ru(z@example.edu",
}


@pytest.mark.parametrize("named", ODD.values(), ids=ODD)
def test_r03_whoever_a_server_might_read_in_a_line_is_read_by_us(named):
    found = readings(b"RCPT TO:" + named + b"\r\n")
    assert any(each.endswith(b"@skoltech.ru") for each in found)


@pytest.mark.parametrize("named", [b"(z@a.b)<skoltech.ru!u>", b"(z@a.b) u%skoltech.ru@x.edu"])
def test_r03_a_relayed_path_is_a_reading_too(named):
    found = readings(b"RCPT TO:" + named + b"\r\n")
    assert any((b"skoltech.ru" in each and b"%" in each) or b"!" in each for each in found)


@pytest.mark.parametrize(
    "line",
    [
        b"RCPT TO:<u@example.org>\r\n",
        b"RCPT TO:<u@example.org> NOTIFY=NEVER ORCPT=rfc822;U@Example.ORG\r\n",
        b"RCPT TO: <u@example.org>\tNOTIFY=NEVER\r\n",
        b"RCPT TO:u@example.org ORCPT=rfc822;z@example.edu\r\n",
        b'RCPT TO:<"u v"@example.org>\r\n',
        b'RCPT TO:<"u%skoltech.ru"@example.org>\r\n',
        b"RCPT TO:<@a.example,@b.example:u@example.org>\r\n",
        b"RCPT TO:Ivan<u@example.org>\r\n",
        b"RCPT TO:<>\r\n",
        b"RCPT TO:<Postmaster>\r\n",
    ],
)
def test_r03_an_honest_line_has_one_reading(line):
    assert readings(line) == (path(line),)


text = st.lists(
    st.sampled_from(
        [b"a", b"@b", b"@", b'"', b"\\", *(bytes([each]) for each in b"<>(),;:%! \t\x0b")]
    )
).map(b"".join)


@given(text, st.sampled_from([b"RCPT TO:<", b"RCPT TO:", b"RCPT", b"<"]))
def test_r03_the_path_is_always_among_the_readings(said, start):
    line = start + said + b"\r\n"
    assert path(line) in readings(line)


@given(text, text)
def test_r03_no_address_can_be_hidden_behind_anything_but_marks(before, behind):
    plain = before.translate(None, b"(),;")
    line = b"RCPT TO:" + plain + b" <u@skoltech.ru> " + behind.translate(None, b"()") + b"\r\n"
    assert any(each.endswith(b"@skoltech.ru") for each in readings(line))


@pytest.mark.parametrize(
    ("line", "expected"),
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
def test_a_path_is_read_as_a_lenient_server_reads_it(line, expected):
    assert path(line) == expected


mailboxes = st.lists(
    st.sampled_from([b"a", b"@b", b'"', b"\\", b"<", b">", b":", b" ", b"\t", b"\xc3", b"\0"])
).map(b"".join)


@given(mailboxes, st.sampled_from([b"RCPT TO:<", b"RCPT TO:", b"RCPT<", b"<", b"RCPT : <"]))
def test_a_path_known_at_a_glance_is_the_one_that_is_read_closely(mailbox, verb):
    line = verb + mailbox + b"\r\n"
    assert path(line) == mailbox_path._path(line)


@given(st.binary(max_size=300))
def test_any_line_has_a_path(line):
    assert isinstance(path(b"RCPT TO:" + line), bytes)
