"""Playbooks of the session: recipients that are asked about before the next hop hears of them."""

import pytest

from gateway.smtp.dialogue_states import Moment


@pytest.fixture
def asking(ready):
    """A session with an accepted sender, which asks about recipients."""
    ready.session.asks_recipients = True
    ready.client(b"MAIL FROM:<prof@example.edu>\r\n")
    ready.hop(b"250 ok\r\n")
    return ready


def test_r22_a_recipient_is_asked_about_before_the_next_hop_hears_of_it(asking):
    assert asking.client(b"RCPT TO:<a@mipt.ru>\r\nRCPT TO:<b@c>\r\n") == (b"", b"")
    assert asking.session.moment is Moment.RECIPIENT
    assert asking.session.recipient_line == b"RCPT TO:<a@mipt.ru>\r\n"
    assert asking.session.transaction.sender == b"prof@example.edu"
    assert asking.do("reject_recipient", reply=b"550 5.7.1 no\r\n") == (b"550 5.7.1 no\r\n", b"")
    assert asking.session.recipient_line == b"RCPT TO:<b@c>\r\n"
    assert asking.do("accept_recipient") == (b"", b"RCPT TO:<b@c>\r\n")
    assert asking.hop(b"250 ok\r\n") == (b"250 ok\r\n", b"")
    assert asking.session.transaction.recipient_lines == [b"RCPT TO:<b@c>\r\n"]


def test_r22_replies_stay_in_order_and_the_sender_is_known_when_it_asks(ready):
    ready.session.asks_recipients = True
    ready.client(b"MAIL FROM:<prof@example.edu>\r\nRCPT TO:<a@mipt.ru>\r\nDATA\r\n")
    assert ready.session.moment is None
    assert ready.hop(b"250 mail\r\n") == (b"250 mail\r\n", b"")
    assert ready.session.moment is Moment.RECIPIENT
    assert ready.do("reject_recipient", reply=b"550 no\r\n") == (b"550 no\r\n", b"DATA\r\n")


def test_r22_a_hop_that_leaves_while_a_recipient_is_decided(asking):
    asking.client(b"RCPT TO:<a@b>\r\n")
    asking.do("next_hop_closed")
    to_client, _ = asking.do("accept_recipient")
    assert to_client.startswith(b"421 ")
    assert asking.session.is_over


def test_r22_a_client_that_leaves_while_a_recipient_is_decided(asking):
    asking.client(b"RCPT TO:<a@b>\r\n")
    asking.do("client_closed")
    assert not asking.session.is_over
    asking.do("reject_recipient", reply=b"550 no\r\n")
    assert asking.session.is_over


def test_s15_a_second_sender_within_a_transaction_forgets_no_recipient(ready):
    """Servers that take it keep the recipients (go-smtp), or forget them: nobody can tell."""
    for line in (b"MAIL FROM:<a@b>", b"RCPT TO:<u@mipt.ru>", b"MAIL FROM:<c@d>", b"RCPT TO:<e@f>"):
        ready.client(line + b"\r\n")
        ready.hop(b"250 ok\r\n")
    transaction = ready.session.transaction
    assert transaction.sender == b"c@d"
    assert transaction.recipient_lines == [b"RCPT TO:<u@mipt.ru>\r\n", b"RCPT TO:<e@f>\r\n"]
