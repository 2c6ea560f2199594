from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import LedgerError
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.record import office_events
from gateway.ledger.record.chain import ROOT, seal
from gateway.ledger.record.events import (
    NoticeState,
    SettledRecipient,
    heartbeat,
    notified,
    settled,
    started,
)
from gateway.ledger.record.record import Part
from gateway.ledger.schema import schema_v1
from gateway.ledger.schema.current_schema import APPLICATION_ID, EXPECTED, VERSION
from gateway.ledger.store.open_database import open_for_reading, open_for_writing
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.ledger.store.write_job import Durability
from gateway.ledger.verify.verification import verify_ledger
from gateway.model import Disposition, Outcome

ROOT_OF_TREE = Path(__file__).parents[3]
V1_TRIGGERS = [entry.name for entry in schema_v1.OBJECTS if entry.type == "trigger"]


def begin_old(path):
    """A ledger as the first release began it: by its texts alone."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    for entry in schema_v1.OBJECTS:
        connection.execute(entry.sql)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    return connection


def write_old(connection, records):
    seq, head = connection.execute(
        "SELECT coalesce(max(seq), 0), (SELECT hash FROM event ORDER BY seq DESC LIMIT 1) "
        "FROM event"
    ).fetchone()
    for record in records:
        event, data = seal(record, seq + 1, head or ROOT)
        row = (event.seq, event.id, event.at, event.kind, event.facts, event.commitments)
        connection.execute(
            "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*row, event.previous, event.hash)
        )
        for part, text in data.items():
            connection.execute(
                "INSERT INTO personal VALUES (?, ?, ?, ?)",
                (event.id, part.value, record.salts[part], text),
            )
        seq, head = event.seq, event.hash


@pytest.fixture
def old(folder, mail):
    """A closed ledger of the first release: settled, told, erased and pending findings."""
    at, entropy = mail.now(), os.urandom
    connection = begin_old(folder / "ledger.db")
    write_old(connection, [started("process-1", "0.1", new_ledger=True, at=at, entropy=entropy)])
    for number in range(4):
        found = mail.records(f"m{number}", sender=b"Prof%d@Example.edu" % number)
        # The first release knew of no department.
        for record in found:
            record.facts.pop("department")
        write_old(connection, found)
        if number == 3:
            break
        state = NoticeState("queued", found[0].id) if number else NoticeState("none")
        end = SettledRecipient(found[0].id, Outcome.DELIVERED, "250 Ok")
        write_old(
            connection,
            [settled(end, state, message=f"m{number}", process="p", at=at, entropy=entropy)],
        )
    facts = {"notice": found_id(connection, 1), "result": "sent", "attempts": 1}
    write_old(connection, [notified(facts, process="p", at=at, entropy=entropy)])
    gone = found_id(connection, 2)
    waiting = (gone, "prof2@example.edu", '{"to":"prof2@example.edu"}', "2026", "2026")
    connection.execute(
        "INSERT INTO outbox (id, recipient, request, created_at, next_at) VALUES (?, ?, ?, ?, ?)",
        waiting,
    )
    connection.execute("UPDATE personal SET salt = NULL, data = NULL WHERE event = ?", (gone,))
    of = {Part.SENDER: [gone], Part.RECIPIENT: [gone]}
    actor = office_events.Actor("officer", at, entropy)
    write_old(connection, [office_events.erased("request", of, events=1, kept=0, actor=actor)])
    connection.close()
    return folder / "ledger.db"


def found_id(connection, number):
    return connection.execute(
        "SELECT id FROM event WHERE kind = 'OBSERVED' ORDER BY seq LIMIT 1 OFFSET ?", (number,)
    ).fetchone()[0]


def dump(path):
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return version, list(connection.iterdump())


def test_a_ledger_of_the_first_release_opens_in_this_one(old, rows):
    before = rows("SELECT * FROM event"), rows("SELECT * FROM personal")
    database, is_new = open_for_writing(old)
    database.conn.close()
    assert not is_new
    assert rows("PRAGMA user_version") == [{"user_version": VERSION}]
    assert (rows("SELECT * FROM event"), rows("SELECT * FROM personal")) == before
    facets = rows("SELECT * FROM facet")
    assert facets == rows("SELECT * FROM sealed_facet")
    assert [(f["sender"], f["outcome"], f["notice"], f["disposition"]) for f in facets] == [
        ("prof0@example.edu", "delivered", "none", "open"),
        ("prof1@example.edu", "delivered", "sent", "open"),
        (None, "delivered", "queued", "open"),
        ("prof3@example.edu", "pending", "none", "open"),
    ]
    names = {row["value"] for row in rows("SELECT value FROM name WHERE kind = 'sender'")}
    assert names == {"prof0@example.edu", "prof1@example.edu", "prof3@example.edu"}
    assert verify_ledger(old).flaws == ()
    with LedgerReader(old) as reader:
        assert [row["department"] for row in reader.findings(Filters())] == [None] * 4
        assert reader.count(Filters(text="prof1")) == 1
        assert reader.pseudonyms().person("a@b").startswith("person-")


def test_what_is_written_after_a_migration_goes_on_from_it(old, mail, start, rows):
    ledger = start("process-2")
    found = mail.records("new", sender=b"prof0@example.edu")
    assert ledger.observe(found).result() is Durability.LEDGER
    ledger.settle(mail.settlement("new", found)).result()
    actor = office_events.Actor("officer", mail.now(), os.urandom)
    first = rows("SELECT id FROM facet ORDER BY seq")[0]["id"]
    office_writer.append(old, [office_events.disposed(first, Disposition.PERSONAL, actor)])
    ledger.close()
    facets = rows("SELECT * FROM facet")
    assert facets == rows("SELECT * FROM sealed_facet")
    assert [f["outcome"] for f in facets] == ["delivered"] * 3 + ["unknown", "delivered"]
    assert facets[0]["disposition"] == "personal"
    assert verify_ledger(old).flaws == ()


@pytest.mark.parametrize("trigger", V1_TRIGGERS)
def test_a01_a_ledger_that_lost_a_trigger_is_not_migrated_and_mail_flows(old, mail, start, trigger):
    with closing(sqlite3.connect(old)) as connection:
        connection.execute(f"DROP TRIGGER {trigger}")
    before = dump(old)
    ledger = start("process-2")
    assert f"cannot be brought up to date: the trigger {trigger} is missing" in ledger.fault
    assert ledger.observe(mail.records("new")).result() is Durability.JOURNAL
    ledger.close()
    assert dump(old) == before


def test_a01_a_trigger_that_somebody_added_keeps_it_from_being_migrated(old):
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TRIGGER spy AFTER INSERT ON event BEGIN SELECT 1; END")
    before = dump(old)
    with pytest.raises(LedgerError, match="spy is none of the ledger's"):
        open_for_writing(old)
    assert dump(old) == before


def test_each_object_of_today_is_there_after_a_migration_as_in_a_new_ledger(old, tmp_path):
    for path in (old, tmp_path / "new.db"):
        database, _ = open_for_writing(path)
        database.conn.close()
    texts = [
        {line for line in dump(path)[1] if line.startswith(("CREATE", "INSERT INTO sqlite_master"))}
        for path in (old, tmp_path / "new.db")
    ]
    assert texts[0] == texts[1]
    assert all(any(entry.name in line for line in texts[0]) for entry in EXPECTED)


def test_a_ledger_of_a_newer_version_is_left_alone_and_mail_flows(old, mail, start):
    database, _ = open_for_writing(old)
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.conn.close()
    before = dump(old)
    ledger = start("process-2")
    assert "was made by a newer Monition" in ledger.fault
    assert "run that version" in ledger.fault
    assert ledger.observe(mail.records("new")).result() is Durability.JOURNAL
    ledger.close()
    assert dump(old) == before


DYING = """
import os, signal, sys
from pathlib import Path
from gateway.ledger.store import open_database
class Dying:
    def __init__(self, statements): self.statements = statements
    def __iter__(self):
        for number, statement in enumerate(self.statements):
            if number == int(sys.argv[2]): os.kill(os.getpid(), signal.SIGKILL)
            yield statement
        if sys.argv[2] == "-1": os.kill(os.getpid(), signal.SIGKILL)
open_database.MIGRATIONS = (open_database.MIGRATIONS[0], Dying(open_database.MIGRATIONS[1]))
open_database.open_for_writing(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("place", [1, 20, -1])
def test_a01_a_migration_that_is_killed_leaves_the_ledger_as_it_was(old, place):
    before = dump(old)
    killed = subprocess.run(
        [sys.executable, "-c", DYING, old, str(place)],
        env={**os.environ, "PYTHONPATH": str(ROOT_OF_TREE)},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert dump(old) == before
    database, _ = open_for_writing(old)
    database.conn.close()
    assert verify_ledger(old).flaws == ()


def test_a10_two_that_migrate_at_once_migrate_once(old, rows):
    gate, errors = threading.Barrier(4), []

    def migrate():
        gate.wait()
        try:
            SqliteStore(old).close()
        except LedgerError as error:
            errors.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert rows("SELECT * FROM facet") == rows("SELECT * FROM sealed_facet")
    assert len(rows("SELECT * FROM setting")) == 1
    assert verify_ledger(old).flaws == ()


def test_a10_while_a_ledger_is_migrated_the_journal_keeps_what_is_found(
    old, mail, start, rows, monkeypatch
):
    """By this process in its own thread: mail waits for neither."""
    under_way, done = threading.Event(), threading.Event()

    def slow(path):
        if threading.current_thread().name == "monition-migration":
            under_way.set()
            assert done.wait(20)
        return open_for_writing(path)

    monkeypatch.setattr("gateway.ledger.store.migration.open_for_writing", slow)
    monkeypatch.setattr("gateway.ledger.store.migration.PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("gateway.ledger.store.group_commit.RETRY_SECONDS", 0.05)
    ledger = start("process-2")
    assert under_way.wait(5)
    assert "is being brought up to date" in ledger.fault
    found = mail.records("meanwhile", sender=b"meanwhile@example.edu")
    assert ledger.observe(found).result() is Durability.JOURNAL
    assert ledger.settle(mail.settlement("meanwhile", found)).result() == "journalled"
    done.set()
    last = mail.records("last", sender=b"last@example.edu")
    while ledger.fault is not None:
        ledger.waiting().exception()
    assert ledger.observe(last).result() is Durability.LEDGER
    ledger.close()
    assert any("was brought up to date" in text for text in ledger.told)
    facets = rows("SELECT sender, outcome FROM facet ORDER BY seq")[-2:]
    assert [tuple(facet.values()) for facet in facets] == [
        ("meanwhile@example.edu", "delivered"),
        ("last@example.edu", "pending"),
    ]
    assert rows("SELECT * FROM facet") == rows("SELECT * FROM sealed_facet")
    assert verify_ledger(old).flaws == ()


def test_a10_while_another_migrates_it_the_journal_keeps_what_is_found(old, mail, start, rows):
    with closing(sqlite3.connect(old, isolation_level=None)) as another:
        another.execute("BEGIN IMMEDIATE")
        ledger = start("process-2")
        assert ledger.fault is not None
        assert ledger.observe(mail.records("meanwhile")).result() is Durability.JOURNAL
        another.execute("ROLLBACK")
    ledger.close()
    again = start("process-3")
    again.close()
    assert rows("SELECT count(*) AS n FROM facet") == [{"n": 5}]
    assert rows("SELECT * FROM facet") == rows("SELECT * FROM sealed_facet")
    assert verify_ledger(old).flaws == ()


def test_a_beat_of_the_first_release_is_sealed_alike(old, mail):
    """What the first release wrote stays sound beside what this one writes."""
    store = SqliteStore(old)
    with store.transaction():
        store.append(heartbeat("process-2", at=mail.now(), entropy=os.urandom))
    store.close()
    assert verify_ledger(old).flaws == ()


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("door", [open_for_writing, open_for_reading])
def test_a02_a_version_that_was_set_back_is_told_and_sends_nobody_round(folder, door, version):
    path = folder / "ledger.db"
    database, _ = open_for_writing(path)
    database.execute(f"PRAGMA user_version = {version}")
    database.conn.close()
    before = dump(path)
    with pytest.raises(LedgerError, match=r"not what its version says .*restore a backup"):
        door(path)
    assert dump(path) == before


def test_a_ledger_of_an_older_monition_is_not_read_before_it_is_migrated(old):
    with pytest.raises(LedgerError, match=r"older Monition .* start `monition serve` once"):
        open_for_reading(old)
