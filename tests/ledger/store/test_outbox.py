from __future__ import annotations

import json
import os
import sqlite3
import threading

import pytest

from gateway.errors import LedgerError
from gateway.ledger.store.retry_notice import retry

LEASE = 15


@pytest.fixture
def lease(mail):
    return mail.timedelta(seconds=LEASE)


@pytest.fixture
def queue(mail, ledger):
    """Queue a notice to each sender; their ids."""

    def queue(*senders):
        ids = []
        for sender in senders:
            found = mail.records(sender)
            ledger.observe(found).result()
            assert ledger.settle(mail.settlement(sender, found, to=sender)).result() == "queued"
            ids.append(found[0].id)
        return ids

    return queue


@pytest.fixture
def claim(mail, ledger, lease):
    def claim(owner="one", after=0.0, limit=10, per_hour=200):
        now = mail.now() + mail.timedelta(seconds=after)
        return ledger.claim(
            owner=owner, now=now, lease=lease, limit=limit, per_hour=per_hour
        ).result()

    return claim


def send(ledger, mail, notice, owner="one", after=0.0):
    at = mail.now() + mail.timedelta(seconds=after)
    return ledger.sent(notice, owner=owner, at=at, message_id="<n@x>", digest="sha256:0").result()


def test_n10_what_one_has_leased_nobody_else_gets(queue, claim):
    ids = queue("a@x", "b@x", "c@x")
    assert [notice.id for notice in claim(limit=2)] == ids[:2]
    assert [notice.id for notice in claim("two")] == ids[2:]
    assert claim("three") == ()


def test_n10_a_lease_that_ran_out_is_anothers_and_the_first_is_told(mail, ledger, queue, claim):
    queue("a@x")
    (notice,) = claim("one")
    (again,) = claim("two", after=LEASE + 1)
    assert (notice.attempts, again.attempts) == (0, 1)
    until = mail.now() + mail.timedelta(minutes=1)
    assert ledger.renew(notice.id, owner="one", lease_until=until).result() is False
    assert send(ledger, mail, notice, "one") is False
    assert ledger.postpone(notice, owner="one", not_before=until, error="x").result() is False
    assert ledger.give_up(notice, owner="one", at=until, error="x").result() is False
    assert ledger.renew(notice.id, owner="two", lease_until=until).result() is True
    assert send(ledger, mail, notice, "two") is True


def test_n10_a_renewed_lease_holds(mail, ledger, queue, claim):
    queue("a@x")
    (notice,) = claim()
    until = mail.now() + mail.timedelta(seconds=60)
    assert ledger.renew(notice.id, owner="one", lease_until=until).result()
    assert claim("two", after=LEASE + 1) == ()


def test_n10_a_postponed_notice_waits_and_comes_back_with_its_past(mail, ledger, queue, claim):
    queue("a@x")
    (notice,) = claim()
    until = mail.now() + mail.timedelta(minutes=1)
    assert ledger.postpone(notice, owner="one", not_before=until, error="451 later").result()
    assert claim(after=30) == ()
    (again,) = claim(after=61)
    assert (again.attempts, again.last_error) == (1, "451 later")
    assert again.not_before == until.replace(microsecond=until.microsecond // 1000 * 1000)


def test_n10_above_per_hour_the_rest_waits(mail, ledger, queue, claim):
    queue("a@x", "b@x", "c@x")
    (one,) = claim(per_hour=1)
    assert claim(per_hour=1) == ()
    assert send(ledger, mail, one)
    assert claim(per_hour=1) == ()
    assert len(claim(per_hour=2)) == 1
    assert len(claim(per_hour=1, after=3601)) == 1


def test_n10_a_sent_notice_never_comes_again(mail, ledger, queue, claim, rows):
    (id_,) = queue("a@x")
    (notice,) = claim()
    assert send(ledger, mail, notice)
    assert not send(ledger, mail, notice)
    assert claim(after=10**6) == ()
    (event,) = rows("SELECT facts FROM event WHERE kind = 'NOTIFIED'")
    assert json.loads(event["facts"]) == {
        "notice": id_,
        "result": "sent",
        "attempts": 1,
        "message_id": "<n@x>",
        "digest": "sha256:0",
        "texts": None,
        "process": "process-1",
    }
    assert (
        rows("SELECT * FROM personal WHERE event IN (SELECT id FROM event WHERE kind='NOTIFIED')")
        == []
    )


def test_n10_given_up_is_an_event_without_the_peers_words(mail, ledger, queue, claim, rows):
    queue("a@x")
    (notice,) = claim()
    error = "550 5.1.1 <a@x>: unknown"
    assert ledger.give_up(notice, owner="one", at=mail.now(), error=error).result()
    assert claim(after=10**6) == ()
    (event,) = rows("SELECT facts FROM event WHERE kind = 'NOTIFIED'")
    assert json.loads(event["facts"])["result"] == "failed"
    assert "@x" not in event["facts"]
    assert rows("SELECT state, last_error FROM outbox") == [
        {"state": "failed", "last_error": error}
    ]


def test_a_clock_that_was_set_back_holds_no_notice_for_good(mail, ledger, queue, claim):
    queue("a@x", "b@x")
    first, second = claim(after=10**7)
    later = mail.now() + mail.timedelta(days=100)
    assert ledger.postpone(second, owner="one", not_before=later, error="x").result()
    assert {notice.id for notice in claim("two")} == {first.id, second.id}


def test_notices_sent_by_a_clock_since_set_back_do_not_use_up_the_hour(mail, ledger, queue, claim):
    queue("a@x", "b@x")
    (notice,) = claim(limit=1)
    assert send(ledger, mail, notice, after=10**7)
    assert len(claim(per_hour=1)) == 1


def test_a_person_can_have_a_notice_tried_again(  # noqa: PLR0917
    mail, folder, ledger, queue, claim, rows
):
    first, second = queue("a@x", "b@x")
    notices = claim()
    ledger.give_up(notices[0], owner="one", at=mail.now(), error="x").result()
    later = mail.now() + mail.timedelta(hours=4)
    ledger.postpone(notices[1], owner="one", not_before=later, error="x").result()
    path = folder / "ledger.db"
    assert retry(path, first, at=mail.now(), entropy=os.urandom) == (first,)
    assert retry(path, None, at=mail.now(), entropy=os.urandom) == (second,)
    assert {notice.id for notice in claim(after=1)} == {first, second}
    assert rows("SELECT notice FROM finding ORDER BY seq") == [{"notice": "queued"}] * 2
    with pytest.raises(LedgerError, match="no notice X"):
        retry(path, "X", at=mail.now(), entropy=os.urandom)


def test_trying_again_begins_no_ledger(mail, tmp_path):
    with pytest.raises(LedgerError, match="there is no ledger"):
        retry(tmp_path / "none.db", None, at=mail.now(), entropy=os.urandom)
    assert list(tmp_path.iterdir()) == []


def test_n10_many_couriers_get_each_notice_once(queue, claim):
    ids = queue(*(f"s{number}@x" for number in range(20)))
    got = []
    threads = [
        threading.Thread(target=lambda n=n: got.extend(claim(f"c{n}", limit=1))) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(notice.id for notice in got) == ids


def test_the_outbox_cannot_be_in_two_minds(folder, queue):
    queue("a@x")
    connection = sqlite3.connect(folder / "ledger.db")
    for statement in (
        "UPDATE outbox SET lease_owner = 'x'",
        "UPDATE outbox SET state = 'sent'",
        "UPDATE outbox SET state = 'lost'",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
    connection.close()
