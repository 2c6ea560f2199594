"""Playbooks of the session: STARTTLS from the client."""

import pytest

from gateway.smtp import own_replies
from gateway.smtp.dialogue_states import Moment


def test_starttls_is_ours_and_forgets_what_was_said_before_it(play):
    session = play()
    session.session.offers_starttls = True
    session.greeted().ehlo(b"250-mx\r\n250 STARTTLS\r\n")
    to_client, to_hop = session.client(b"STARTTLS\r\nMAIL FROM:<injected@b>\r\n")
    assert to_client.startswith(b"220 ")
    assert to_hop == b""
    assert session.session.moment is Moment.STARTTLS
    assert session.do("tls_started") == (b"", b"")
    assert session.client(b"STARTTLS\r\n")[0].startswith(b"502 ")
    assert session.client(b"EHLO again\r\n") == (b"", b"EHLO again\r\n")
    assert b"STARTTLS" not in session.hop(b"250-mx\r\n250 STARTTLS\r\n")[0]


def test_starttls_waits_its_turn(play):
    session = play()
    session.session.offers_starttls = True
    session.greeted()
    assert session.client(b"EHLO x\r\nSTARTTLS\r\n") == (b"", b"EHLO x\r\n")
    assert session.session.moment is None
    to_client, _ = session.hop(b"250 mx\r\n")
    assert to_client.endswith(b"220 2.0.0 Ready to start TLS\r\n")
    assert session.session.moment is Moment.STARTTLS


@pytest.mark.parametrize("split", [True, False])
def test_r17_starttls_in_the_middle_of_a_message_is_not_begun(ready, split):
    """The next hop would keep what was said in the clear, and we would not know of it."""
    ready.session.offers_starttls = True
    said = [b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"STARTTLS\r\n"]
    if split:
        for line in said[:2]:
            ready.client(line)
            ready.hop(b"250 Ok\r\n")
        to_client, _ = ready.client(said[2])
    else:
        ready.client(b"".join(said))
        to_client, _ = ready.hop(b"250 Ok\r\n250 Ok\r\n")
    assert to_client.endswith(own_replies.TLS_NOT_NOW)
    assert ready.session.moment is None
    assert ready.client(b"RSET\r\n") == (b"", b"RSET\r\n")
    ready.hop(b"250 Ok\r\n")
    assert ready.client(b"STARTTLS\r\n")[0] == own_replies.TLS_READY
    assert ready.session.moment is Moment.STARTTLS
