"""Playbooks of the session: a next hop that speaks LMTP, where a message has many replies."""

import pytest

from gateway.smtp import own_replies
from gateway.smtp.replies import is_lmtp_banner

NOT_SMTP = own_replies.NOT_SMTP
BANNERS = [
    b"220 mail.example LMTP Cyrus 3.6.1 server ready\r\n",
    b"220 mail.example Cyrus LMTP v3.6.1\r\n",
    b"220 mail.example Dovecot (Debian) LMTP ready\r\n",
    b"220 smtp.example lmtp\r\n",
    b"220-mail.example LMTP\r\n220 ready\r\n",
]


@pytest.mark.parametrize("banner", BANNERS)
def test_r06_an_lmtp_server_is_known_by_its_greeting_and_is_no_next_hop(play, banner):
    session = play()
    assert session.hop(banner) == (NOT_SMTP, b"")
    assert NOT_SMTP.startswith(b"421 4.")
    assert session.session.is_over
    assert session.session.speaks_lmtp


@pytest.mark.parametrize("banner", BANNERS)
def test_r06_another_next_hop_has_its_turn(play, banner):
    session = play()
    session.do("next_hop_connected", is_last=False)
    assert session.hop(banner) == (b"", b"")
    assert session.session.drop_next_hop
    assert session.session.needs_next_hop
    session.do("next_hop_connected", is_last=True)
    session.greeted()


@pytest.mark.parametrize(
    "banner",
    [
        b"220 lmtp.example ESMTP Postfix\r\n",
        b"220 lmtp ESMTP Postfix\r\n",
        b"220 lmtp\r\n",
        b"220 mail.example ESMTP and LMTP\r\n",
        b"220 mail.example xlmtpd ready\r\n",
        b"220\r\n",
    ],
)
def test_r06_a_name_is_no_such_greeting(banner):
    assert not is_lmtp_banner(banner)


@pytest.mark.parametrize("refusal", [b"500 5.5.1 what?\r\n", b"502 5.5.2 say LHLO\r\n"])
def test_r06_one_that_knows_no_ehlo_is_asked_whether_it_is_one(play, refusal):
    """A client that hears 500 may return the mail: it must not before that is known."""
    session = play().greeted()
    assert session.client(b"EHLO client.example\r\n")[1] == b"EHLO client.example\r\n"
    assert session.hop(refusal) == (b"", b"LHLO client.example\r\n")
    assert session.hop(b"250-mail\r\n250 PIPELINING\r\n") == (NOT_SMTP, b"")
    assert session.session.speaks_lmtp
    assert session.session.drop_next_hop


def test_r06_one_that_knows_neither_is_an_old_smtp_server(play):
    session = play().greeted()
    session.client(b"EHLO client.example\r\n")
    session.hop(b"500 5.5.1 what?\r\n")
    assert session.client(b"HELO client.example\r\n") == (b"", b"HELO client.example\r\n")
    assert session.hop(b"500 5.5.1 what again?\r\n") == (b"500 5.5.1 what?\r\n", b"")
    assert session.hop(b"250 mail\r\n") == (b"250 mail\r\n", b"")


@pytest.mark.parametrize("refusal", [b"501 5.5.4 no\r\n", b"550 5.7.1 no\r\n", b"450 no\r\n"])
def test_r06_other_refusals_pass_as_they_are(play, refusal):
    session = play().greeted()
    session.client(b"EHLO client.example\r\n")
    assert session.hop(refusal) == (refusal, b"")


def test_r06_a_clients_lhlo_passes_and_its_refusal_too(play):
    session = play().greeted()
    assert session.client(b"LHLO client.example\r\n") == (b"", b"LHLO client.example\r\n")
    assert session.hop(b"500 5.5.1 what?\r\n") == (b"500 5.5.1 what?\r\n", b"")


def test_r06_a_clients_lhlo_that_is_welcome_shows_what_the_next_hop_is(play):
    session = play().greeted()
    session.client(b"LHLO client.example\r\nMAIL FROM:<a@b>\r\n")
    assert session.hop(b"250-mail\r\n250 DSN\r\n250 sender\r\n") == (NOT_SMTP, b"")
