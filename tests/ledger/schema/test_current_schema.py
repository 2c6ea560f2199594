from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from gateway.errors import LedgerError
from gateway.ledger.record.events import NoticeState, SettledRecipient, settled
from gateway.ledger.schema.current_schema import EXPECTED, VERSION
from gateway.ledger.store.open_database import open_for_reading, open_for_writing
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.model import Outcome


@pytest.fixture
def kept(mail, folder, start):
    """A closed ledger with one message in it; the path."""
    ledger = start()
    ledger.observe(mail.records()).result()
    ledger.close()
    return folder / "ledger.db"


@pytest.fixture
def shell(kept):
    """A connection like the sqlite3 shell's: no recursive_triggers, no foreign keys."""
    with closing(sqlite3.connect(kept)) as connection:
        yield connection


FORGED = (
    "INSERT {how} INTO event SELECT {columns}, at, kind, facts, commitments, {previous}, hash "
    "FROM event WHERE seq = {seq}"
)
EVERY_COLUMN = (
    "INSERT OR {how} INTO event SELECT seq, id, at, kind, '{{}}', commitments, previous, hash "
    "FROM event WHERE seq = 1"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET facts = '{}' WHERE seq = 1",
        "UPDATE OR IGNORE event SET facts = '{}' WHERE seq = 1",
        "UPDATE OR REPLACE event SET seq = 2 WHERE seq = 1",
        "DELETE FROM event WHERE seq = 1",
        "DELETE FROM event",
        EVERY_COLUMN.format(how="REPLACE"),
        EVERY_COLUMN.format(how="IGNORE"),
        EVERY_COLUMN.format(how="FAIL"),
        FORGED.format(how="OR REPLACE", columns="9, id", previous="previous", seq=1),
        "REPLACE INTO event SELECT * FROM event WHERE seq = 2",
        FORGED.format(how="", columns="3, 'X'", previous="previous", seq=1),
        FORGED.format(how="", columns="NULL, 'X'", previous="hash", seq=2),
        FORGED.format(how="", columns="4, 'X'", previous="hash", seq=2),
        # All of it right but the id, which is another's.
        FORGED.format(
            how="OR REPLACE",
            columns="4, (SELECT id FROM event WHERE seq = 1)",
            previous="hash",
            seq=3,
        ),
    ],
)
def test_a01_no_event_is_changed_deleted_replaced_or_put_in_between(shell, statement):
    before = shell.execute("SELECT * FROM event").fetchall()
    with pytest.raises(sqlite3.IntegrityError):
        shell.execute(statement)
    shell.rollback()
    assert shell.execute("SELECT * FROM event").fetchall() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE personal SET data = '{}' WHERE part = 'sender'",
        "UPDATE personal SET salt = NULL WHERE part = 'sender'",
        "UPDATE personal SET part = 'notes', salt = NULL, data = NULL WHERE part = 'sender'",
        "UPDATE personal SET event = 'X', salt = NULL, data = NULL WHERE part = 'sender'",
        "DELETE FROM personal WHERE part = 'sender'",
        "INSERT OR REPLACE INTO personal SELECT event, part, salt, '{}' FROM personal",
        "INSERT INTO personal SELECT event, 'notes', salt, data FROM personal LIMIT 1",
        "INSERT INTO personal SELECT 'X', part, salt, data FROM personal WHERE part = 'sender'",
    ],
)
def test_a01_personal_data_is_never_changed_moved_or_deleted(shell, statement):
    before = shell.execute("SELECT * FROM personal").fetchall()
    with pytest.raises(sqlite3.IntegrityError):
        shell.execute(statement)
    shell.rollback()
    assert shell.execute("SELECT * FROM personal").fetchall() == before


def test_a03_personal_data_can_be_erased_in_place(shell):
    shell.execute("UPDATE personal SET salt = NULL, data = NULL WHERE part = 'sender'")
    assert shell.execute("SELECT count(*) FROM personal").fetchone() == (2,)


def test_an_event_is_settled_once_and_only_if_it_was_observed(mail, folder, kept):
    (record,) = mail.records("m2")
    with closing(SqliteStore(kept)) as store:

        def settle(event):
            with store.transaction():
                store.append(
                    settled(
                        SettledRecipient(event, Outcome.DELIVERED),
                        NoticeState("none"),
                        message="m2",
                        process="p",
                        at=mail.now(),
                        entropy=mail.os.urandom,
                    )
                )

        with store.transaction():
            store.append(record)
            assert store.awaiting([record.id, "X"]) == [record.id]
        settle(record.id)
        with store.transaction():
            assert store.awaiting([record.id]) == []
        for event in (record.id, "01KAMZT3G00000000000000000"):
            with pytest.raises(LedgerError, match="only once"):
                settle(event)


def test_a_new_file_holds_exactly_what_is_written_out(shell):
    found = shell.execute(
        # The full-text index keeps tables of its own beside the one that is named.
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL "
        "AND name NOT GLOB 'name_text_*'"
    ).fetchall()
    assert sorted(found) == sorted(tuple(entry) for entry in EXPECTED)
    assert shell.execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_ledger_of_a_newer_monition_is_left_alone(kept, shell):
    shell.execute(f"PRAGMA user_version = {VERSION + 1}")
    for door in (open_for_writing, open_for_reading):
        with pytest.raises(LedgerError, match="made by a newer Monition"):
            door(kept)


def test_a02_a_ledger_whose_version_was_set_back_is_not_read(kept, shell):
    shell.execute("PRAGMA user_version = 0")
    with pytest.raises(LedgerError, match="not what its version says"):
        open_for_reading(kept)


def test_another_programs_database_is_left_alone(folder):
    path = folder / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")
    for door in (open_for_writing, open_for_reading):
        with pytest.raises(LedgerError, match="not a ledger of Monition's"):
            door(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]


def plan(connection, condition):
    rows = connection.execute(
        f"EXPLAIN QUERY PLAN SELECT * FROM finding WHERE {condition} ORDER BY seq DESC LIMIT 50"
    )
    return "\n".join(row[3] for row in rows)


def test_the_view_joins_by_indexes_alone(shell):
    text = plan(shell, "1")
    assert "settled_observed" in text
    assert "notified_notice" in text
    assert "AUTOMATIC" not in text
    assert text.count("SCAN") == 1
    assert "sqlite_autoindex_event_1" in plan(shell, "id = 'x'")
