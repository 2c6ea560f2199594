"""EHLO's reply, filtered."""

import pytest

from gateway.smtp.ehlo_keywords import offered_reply

FULL = (
    b"250-mx.example greets you\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-VRFY\r\n250-ETRN\r\n"
    b"250-STARTTLS\r\n250-AUTH PLAIN\r\n250-AUTH=PLAIN\r\n250-ENHANCEDSTATUSCODES\r\n"
    b"250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n250-XFORWARD NAME ADDR\r\n250-XCLIENT NAME\r\n"
    b"250-BINARYMIME\r\n250-BURL\r\n250-X-UNKNOWN\r\n250 CHUNKING\r\n"
)


def test_r12_only_what_works_from_end_to_end_is_offered():
    assert offered_reply(FULL, xforward=False) == (
        b"250-mx.example greets you\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n"
        b"250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-SMTPUTF8\r\n"
        b"250 CHUNKING\r\n"
    )


def test_r12_a_trusted_peer_is_offered_xforward_in_the_hops_own_words():
    assert b"250-XFORWARD NAME ADDR\r\n" in offered_reply(FULL, xforward=True)
    assert offered_reply(b"250 mx\r\n", xforward=True) == (
        b"250-mx\r\n250 XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE\r\n"
    )


@pytest.mark.parametrize("reply", [b"250 mx\r\n", b"250\r\n", b"250-mx\r\n250 dsn\r\n"])
def test_r12_a_reply_with_nothing_to_take_out_stays_as_it_is(reply):
    assert offered_reply(reply, xforward=False) == reply


def test_r12_a_bare_code_can_be_followed():
    assert offered_reply(b"250\r\n", xforward=True).startswith(b"250-\r\n250 XFORWARD")


def test_r12_starttls_is_offered_only_as_ours():
    assert offered_reply(b"250-mx\r\n250 STARTTLS\r\n") == b"250 mx\r\n"
    assert offered_reply(b"250-mx\r\n250 DSN\r\n", starttls=True) == (
        b"250-mx\r\n250-DSN\r\n250 STARTTLS\r\n"
    )
