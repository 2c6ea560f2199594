from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing

import pytest

from gateway.errors import LedgerError
from gateway.ledger.store.open_database import open_for_reading, open_for_writing, reading
from gateway.ledger.store.store_contract import StoreError


def pragma(database, name):
    return database.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.fixture
def opened(folder):
    database, is_new = open_for_writing(folder / "ledger.db")
    with closing(database.conn):
        assert is_new
        yield database


def test_a01_durable_is_synchronous_full_in_a_write_ahead_log(opened):
    assert pragma(opened, "synchronous") == 2
    assert pragma(opened, "journal_mode") == "wal"


def test_the_connection_guards_what_each_connection_must(opened):
    assert pragma(opened, "recursive_triggers") == 1
    assert pragma(opened, "foreign_keys") == 1
    assert pragma(opened, "secure_delete") == 1
    assert pragma(opened, "temp_store") == 2


def test_the_files_are_for_their_owner_alone_whatever_the_umask(folder):
    before = os.umask(0)
    try:
        database, _ = open_for_writing(folder / "ledger.db")
    finally:
        os.umask(before)
    with closing(database.conn):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}


def test_a_ledger_that_is_there_is_opened_not_begun(folder):
    for expected in (True, False):
        database, is_new = open_for_writing(folder / "ledger.db")
        database.conn.close()
        assert is_new is expected


def test_a_missing_folder_is_named_with_the_remedy_and_not_made(tmp_path):
    with pytest.raises(
        LedgerError, match=r"folder .*/nowhere for the ledger is missing.*install -d"
    ):
        open_for_writing(tmp_path / "nowhere" / "ledger.db")
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(LedgerError, match="is a file, not a folder"):
        open_for_writing(tmp_path / "file" / "ledger.db")


@pytest.mark.parametrize("door", [open_for_writing, open_for_reading])
def test_a_path_that_is_a_folder_is_named(folder, door):
    with pytest.raises(LedgerError, match=r"is a folder, not a ledger: set \[ledger\] path"):
        door(folder)


@pytest.mark.parametrize("door", [open_for_writing, open_for_reading])
@pytest.mark.parametrize("junk", [b"junk", os.urandom(100_000), b"\n" * 4096])
def test_junk_is_damage_with_the_remedy(folder, door, junk):
    path = folder / "ledger.db"
    path.write_bytes(junk)
    with pytest.raises(
        StoreError, match="damaged or no ledger: put it aside and restore"
    ) as caught:
        door(path)
    assert caught.value.is_damage
    assert path.read_bytes() == junk


def test_no_ledger_is_begun_by_reading(folder):
    with pytest.raises(LedgerError, match="there is no ledger at"):
        open_for_reading(folder / "ledger.db")
    assert list(folder.iterdir()) == []


def test_a_reader_can_write_nothing(opened, folder):
    with closing(open_for_reading(folder / "ledger.db").conn) as connection:
        for statement in ("DELETE FROM event", "CREATE TABLE t (x)", "PRAGMA user_version = 7"):
            with pytest.raises(Exception, match="readonly"):
                connection.execute(statement)


def test_a_name_with_signs_of_a_uri_is_a_name(folder):
    path = folder / "led ger?mode=rwc#%20.db"
    database, _ = open_for_writing(path)
    database.conn.close()
    open_for_reading(path).conn.close()
    assert path.exists()


def test_a_reading_tells_what_sqlite_says_and_lets_go(folder):
    database, _ = open_for_writing(folder / "ledger.db")
    database.conn.close()
    with (
        pytest.raises(StoreError, match="audit verify"),
        reading(folder / "ledger.db") as opened,
    ):
        opened.execute("SELECT 1 FROM nothing")
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened.execute("SELECT 1")
