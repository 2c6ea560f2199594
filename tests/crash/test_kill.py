"""The gateway is killed in the middle of matched mail: what was accepted stays, on record."""

import signal
from collections import Counter

import pytest

MESSAGES = 200
CLIENTS = 8


def assert_sound(house, letters, *, kills: int):
    """All that must hold after so many sudden deaths and a last life that ended in peace."""
    copies = Counter(message.recipients[0] for message in house.hop.mail())
    findings = house.rows("SELECT recipient, outcome FROM finding")
    observed = Counter(recipient for recipient, _ in findings)
    delivered = {recipient for recipient, outcome in findings if outcome == "delivered"}
    for number in range(letters.count):
        recipient = f"friend{number}@mipt.ru"
        # Accepted, so it is there, and on record.
        assert copies[recipient] >= 1
        assert recipient in delivered
        # Nothing reached the next hop without an event before it.
        assert copies[recipient] <= observed[recipient]
    assert all(outcome != "pending" for _, outcome in findings)
    # A second copy only where the dot was out and our reply not: one a death and client at most.
    assert copies.total() - letters.count <= kills * CLIENTS
    assert kills or all(outcome == "delivered" for _, outcome in findings)
    assert {message.content for message in house.hop.mail()} == {
        letters.content(number) for number in range(letters.count)
    }
    verified = house.monition("audit", "verify", "-c", house.config)
    assert verified.returncode == 0, verified.stderr


def assert_one_notice_each(house, letters):
    """Each sender has one notice; where a crash sent it again, it is the same."""
    senders = {letters.sender(number) for number in range(letters.count)}
    assert dict(house.rows("SELECT recipient, count(*) FROM outbox GROUP BY recipient")) == (
        dict.fromkeys(senders, 1)
    )
    sent = {(notice.recipients, notice.header["Message-ID"]) for notice in house.hop.notices()}
    assert Counter(recipients for recipients, _ in sent) == {(sender,): 1 for sender in senders}


def all_sent(house):
    return house.rows("SELECT count(*) FROM outbox WHERE state <> 'sent'") == [(0,)]


@pytest.mark.parametrize("kills", [1, 3, 6])
def test_r19_killed_in_the_middle_of_matched_mail(house, letters, chance, kills):
    mail = letters(MESSAGES)
    house.start()
    with mail.under_way():
        for moment in sorted(chance.sample(range(3, MESSAGES - 20), kills)):
            house.until(lambda moment=moment: len(mail.accepted) >= moment)
            house.end(signal.SIGKILL)
            house.start()
    house.until(lambda: all_sent(house))
    assert house.end() == 0
    assert_sound(house, mail, kills=kills)
    assert_one_notice_each(house, mail)


def test_r19_killed_while_the_first_notices_are_on_their_way(house, letters):
    """The lease of a dead courier runs out, and another sends the notice, the same one."""
    mail = letters(24)
    house.start()
    with mail.under_way():
        house.until(house.hop.notices)
        house.end(signal.SIGKILL)
        house.start()
    house.until(lambda: all_sent(house))
    assert house.end() == 0
    assert_sound(house, mail, kills=1)
    assert_one_notice_each(house, mail)


def test_r19_killed_while_events_are_in_the_journal(house, letters):
    """No ledger to write to, then a crash: the journal is taken in by the next life."""
    house.ledger.mkdir()
    mail = letters(40)
    house.start()
    with mail.under_way():
        house.until(lambda: len(mail.accepted) >= 15)
        house.end(signal.SIGKILL)
        house.ledger.rmdir()
        house.start()
    house.until(lambda: all_sent(house))
    assert house.end() == 0
    assert_sound(house, mail, kills=1)
    assert_one_notice_each(house, mail)
    assert (house.folder / "ledger.journal").read_bytes() == b""


@pytest.mark.parametrize("stops", [1, 4])
def test_r18_stopped_under_load_nothing_is_lost_and_nothing_doubled(house, letters, chance, stops):
    mail = letters(MESSAGES)
    house.start()
    with mail.under_way():
        for moment in sorted(chance.sample(range(3, MESSAGES - 20), stops)):
            house.until(lambda moment=moment: len(mail.accepted) >= moment)
            assert house.end(signal.SIGTERM) == 0
            house.start()
    house.until(lambda: all_sent(house))
    assert house.end() == 0
    assert_sound(house, mail, kills=0)
    assert_one_notice_each(house, mail)
    kinds = Counter(kind for (kind,) in house.rows("SELECT kind FROM event"))
    assert kinds["STARTED"] == kinds["STOPPED"] == stops + 1
