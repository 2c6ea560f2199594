from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gateway.ledger.erasure import known_names
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.record import office_events
from gateway.ledger.record.record import Part


@pytest.fixture
def path(mail, ledger, folder):
    for number, sender in enumerate([b"jane@example.edu", b"jane@example.edu", b"joe@example.edu"]):
        ledger.observe(mail.records(f"m{number}", sender=sender)).result()
    ledger.close()
    return folder / "ledger.db"


def names(path):
    with closing(sqlite3.connect(path)) as connection:
        return {
            value
            for (value,) in connection.execute("SELECT value FROM name WHERE kind <> 'entity'")
        }


def erase(path, sender, limit):
    """Told as an erasure is, but the names are left."""
    with closing(sqlite3.connect(path)) as connection:
        gone = [
            event
            for (event,) in connection.execute(
                "SELECT id FROM facet WHERE sender = ? LIMIT ?", (sender, limit)
            )
        ]
        connection.executemany(
            "UPDATE personal SET salt = NULL, data = NULL WHERE part = 'sender' AND event = ?",
            [(event,) for event in gone],
        )
        connection.commit()
    actor = office_events.Actor("officer", datetime.now(UTC), os.urandom)
    of = {Part.SENDER: gone}
    office_writer.append(
        path, [office_events.erased("request", of, events=len(gone), kept=0, actor=actor)]
    )


def test_a03_a_name_goes_with_the_last_finding_that_bears_it(path):
    everyone = {"jane@example.edu", "joe@example.edu", "ivan@stud.mipt.ru"}
    known = {("sender", "jane@example.edu"), ("recipient", "nobody@example.edu")}
    erase(path, "jane@example.edu", 1)
    with office_writer.open_ledger(path) as store, store.transaction():
        assert known_names.erase_unused(store.database, known) == 0
    assert names(path) == everyone
    erase(path, "jane@example.edu", 1)
    with office_writer.open_ledger(path) as store, store.transaction():
        assert known_names.erase_unused(store.database, known) == 1
    assert names(path) == everyone - {"jane@example.edu"}
    with LedgerReader(path) as reader:
        assert reader.verify().is_intact


def test_a03_names_that_an_erasure_from_a_shell_left_are_tidied(path, monkeypatch):
    monkeypatch.setattr(known_names, "TOGETHER", 1)
    erase(path, "jane@example.edu", 9)
    erase(path, "joe@example.edu", 9)
    with LedgerReader(path) as reader:
        assert not reader.verify().is_intact
    known_names.rebuild(path)
    assert names(path) == {"ivan@stud.mipt.ru"}
    with LedgerReader(path) as reader:
        assert reader.verify().is_intact


def test_what_is_no_finding_bears_no_name(path):
    with office_writer.open_ledger(path) as store:
        assert known_names.of_finding(store.database, "none") == set()
