import smtplib

import pytest

from benchmarks.peers.slow_sink import Budget


def test_a_budget_spaces_what_is_taken():
    budget = Budget(1000)
    assert budget.spend(100, now=5.0) == pytest.approx(0.1)
    # Another client, at the same moment: behind the first.
    assert budget.spend(100, now=5.0) == pytest.approx(0.2)
    assert budget.spend(100, now=5.15) == pytest.approx(0.15)


def test_time_that_nobody_used_is_not_saved_up():
    budget = Budget(1000)
    budget.spend(100, now=0.0)
    assert budget.spend(100, now=60.0) == pytest.approx(0.1)


def test_it_takes_messages_from_a_common_client(next_hop):
    with smtplib.SMTP("127.0.0.1", next_hop, local_hostname="test") as client:
        for _ in range(2):
            assert client.sendmail("a@example.org", ["b@example.org"], "x\r\n.y\r\n" * 1000) == {}


def test_an_empty_message_ends_too(next_hop):
    with smtplib.SMTP("127.0.0.1", next_hop, local_hostname="test") as client:
        client.helo()
        client.docmd("MAIL FROM:<>")
        client.docmd("RCPT TO:<a@example.org>")
        assert client.docmd("DATA")[0] == 354
        assert client.docmd(".")[0] == 250
