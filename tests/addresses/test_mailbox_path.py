"""A MAIL or RCPT line, parted into its path and its parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.mailbox_path import original_recipient, path


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"MAIL FROM:<>\r\n", b"<>"),
        (b"RCPT TO:<a@b>\r\n", b"<a@b>"),
        (b"rcpt to: <a@b> NOTIFY=NEVER ORCPT=rfc822;x@y\r\n", b"<a@b>"),
        (b"RCPT TO:<a@b>\tnotify=never\r\n", b"<a@b>"),
        (b"MAIL FROM:<a@b> SIZE=1 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=x\r\n", b"<a@b>"),
        (b'RCPT TO:<"a>b"@c>\r\n', b'<"a>b"@c>'),
        (b"RCPT TO:<@x,@y:a@b>\r\n", b"<@x,@y:a@b>"),
        (b"RCPT TO:a@b NOTIFY=NEVER\r\n", b"a@b"),
        (b"RCPT TO:<a@b\r\n", b"<a@b"),
        (b'RCPT TO:"a b"@c\r\n', b'"a b"@c'),
        (b'RCPT TO:"Ivan P"<a@b> SIZE=1\r\n', b'"Ivan P"<a@b>'),
        (b"RCPT\r\n", b""),
        (b"RCPT TO:\r\n", b""),
    ],
)
def test_a_line_is_parted_into_its_path_and_its_parameters(line, expected):
    assert path(line) == expected


@pytest.mark.parametrize(
    "behind",
    [b"u@mipt.ru", b"NOTIFY=<u@mipt.ru>", b"X-OTHER=u@mipt.ru", b"(c)u@mipt.ru NOTIFY=NEVER"],
)
def test_s15_what_is_no_known_parameter_may_be_more_of_the_path(behind):
    assert b"u@mipt.ru" in path(b"RCPT TO:<a@b> " + behind + b"\r\n")


@pytest.mark.parametrize(
    "argument",
    [
        b'"u SIZE=1"@mipt.ru',
        b'"u NOTIFY=NEVER"@mipt.ru',
        b'"u\tBODY=8BITMIME"@mipt.ru',
        b'"u SIZE=1%mipt.ru"@ours.edu',
        b'"u ORCPT=rfc822;x"@mipt.ru',
        b"u(x SIZE=1)@mipt.ru",
        b"(x SIZE=1)u@mipt.ru",
        b"u\\ SIZE=1@mipt.ru",
        b"@[127.0.0.1](a SIZE=1):u@mipt.ru",
        b"<u ENVID=x>@mipt.ru",
        b"a@ours.edu SIZE=1@mipt.ru",
    ],
)
def test_s15_what_looks_like_a_parameter_within_a_path_is_part_of_it(argument):
    assert path(b"RCPT TO:" + argument + b"\r\n") == argument


@given(st.binary(max_size=300))
def test_any_line_has_a_path(line):
    assert isinstance(path(b"RCPT TO:" + line), bytes)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (b"ORCPT=rfc822;u@mipt.ru", b"u@mipt.ru"),
        (b"NOTIFY=NEVER orcpt=RFC822;u+2Bx@mipt.ru", b"u+x@mipt.ru"),
        (b"ORCPT=rfc822;u+40mipt+2eru", b"u@mipt.ru"),
        (b"ORCPT=x400;u@mipt.ru", None),
        (b"NOTIFY=NEVER", None),
        (b"XORCPT=rfc822;u@mipt.ru", None),
    ],
)
def test_s17_an_original_recipient_is_read_as_xtext(parameters, expected):
    assert original_recipient(b"RCPT TO:<a@b> " + parameters + b"\r\n") == expected


def test_an_orcpt_in_the_path_is_none():
    assert original_recipient(b"RCPT TO:< ORCPT=rfc822;u@mipt.ru @b>\r\n") is None
