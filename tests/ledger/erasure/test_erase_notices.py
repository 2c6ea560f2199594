from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from gateway.ledger.erasure import erase_notices
from gateway.ledger.erasure.mentions import read_mailbox
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.record import office_events
from gateway.ledger.record.events import notified

JANE = read_mailbox("jane@example.edu")


@pytest.fixture
def path(folder):
    return folder / "ledger.db"


@pytest.fixture
def hand(mail):
    return office_events.Actor("officer", mail.now(), os.urandom)


@pytest.fixture
def told(mail, ledger, path):
    """Notices to three senders, the first two of them to Jane; their ids."""
    ids = []
    for number, sender in enumerate(["jane@example.edu", "Jane@example.edu", "joe@example.edu"]):
        found = mail.records(f"m{number}", sender=sender.encode())
        ledger.observe(found).result()
        windows = (f"entity-{number} tier listed blocking",)
        settlement = mail.settlement(f"m{number}", found, to=sender)
        request = replace(settlement.request, windows=windows)
        ledger.settle(replace(settlement, request=request)).result()
        ids.append(found[0].id)
    ledger.close()
    return ids


def outbox(path):
    with closing(sqlite3.connect(path)) as connection:
        notices = connection.execute("SELECT id, state FROM outbox ORDER BY id").fetchall()
        windows = connection.execute("SELECT DISTINCT sender FROM notice_window").fetchall()
    return notices, windows


def change(path, sql, *values):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql, values)
        connection.commit()


def test_a03_notices_to_the_person_go_whatever_became_of_them(told, path, hand, monkeypatch):
    monkeypatch.setattr(erase_notices, "TOGETHER", 1)
    change(path, "UPDATE outbox SET state = 'failed' WHERE id = ?", told[0])
    facts = {"notice": told[0], "result": "failed", "attempts": 1}
    office_writer.append(path, [notified(facts, process="p", at=hand.at, entropy=os.urandom)])
    assert [notice.state for notice in erase_notices.notices_naming(path, JANE, hand)] == [
        "failed",
        "queued",
    ]
    assert erase_notices.erase_from_notices(path, JANE, hand) == (2, 1)
    assert outbox(path) == ([(told[2], "queued")], [("joe@example.edu",)])
    with LedgerReader(path) as reader:
        assert reader.verify().is_intact


def test_a03_a_notice_that_a_courier_took_in_hand_meanwhile_stays(
    mail, told, path, hand, monkeypatch
):
    real = erase_notices.notices_naming

    def and_it_is_claimed(*values):
        found = real(*values)
        until = (mail.now() + mail.timedelta(minutes=5)).isoformat()
        change(
            path,
            "UPDATE outbox SET lease_owner = 'o', lease_until = ? WHERE id = ?",
            until,
            told[0],
        )
        change(path, "DELETE FROM notice_window WHERE notice = ?", told[1])
        change(path, "DELETE FROM outbox WHERE id = ?", told[1])
        return found

    monkeypatch.setattr(erase_notices, "notices_naming", and_it_is_claimed)
    assert erase_notices.erase_from_notices(path, JANE, hand) == (0, 0)
    assert [id_ for id_, _ in outbox(path)[0]] == [told[0], told[2]]


def test_a_role_chooses_which_notices_are_the_persons(told, path, hand):
    as_recipient = frozenset({erase_notices.Part.RECIPIENT})
    assert erase_notices.notices_naming(path, JANE, hand, as_recipient) == ()
    ivan = read_mailbox("ivan@stud.mipt.ru")
    assert len(erase_notices.notices_naming(path, ivan, hand, as_recipient)) == 3
    assert (
        erase_notices.notices_naming(path, ivan, hand, frozenset({erase_notices.Part.SENDER})) == ()
    )
