from __future__ import annotations

import os
import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gateway.errors import LedgerError
from gateway.ledger.erasure import erase_parts
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.record import office_events
from gateway.ledger.record.record import Part
from gateway.ledger.schema.current_schema import EXPECTED
from gateway.ledger.store.store_contract import StoreError
from gateway.ledger.verify.verification import verify_ledger


@pytest.fixture
def written(mail, folder, start):
    """Four messages, settled; the closed ledger."""
    ledger = start()
    for number in range(4):
        found = mail.records(f"m{number}")
        ledger.observe(found).result()
        ledger.settle(mail.settlement(f"m{number}", found)).result()
    ledger.close()
    return folder / "ledger.db"


@pytest.fixture
def edit(written):
    def edit(*statements):
        with closing(sqlite3.connect(written)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return edit


def only_flaw(path, checkpoint=None):
    (flaw,) = verify_ledger(path, checkpoint).flaws
    return flaw


def test_a_ledger_as_it_was_written_is_intact(written):
    verdict = verify_ledger(written)
    assert verdict.is_intact
    assert verdict.events == 10
    with LedgerReader(written) as reader:
        assert verdict.head == reader.checkpoint().hash


@pytest.mark.parametrize("column", ["facts", "at", "kind", "id"])
def test_a02_a_changed_row_is_named(written, tamper, column):
    tamper(
        f"UPDATE event SET {column} = replace({column}, substr({column}, 3, 1), '0') WHERE seq = 4"
    )
    flaw = verify_ledger(written).flaws[0]
    assert (flaw.seq, "was changed" in flaw.what) == (4, True)


def test_a02_a_deleted_row_is_named(written, tamper):
    tamper("DELETE FROM event WHERE seq = 5")
    flaw = verify_ledger(written).flaws[0]
    assert (flaw.seq, flaw.what) == (6, "row 5 is missing before it")


def test_a02_an_inserted_row_is_named(written, tamper):
    tamper(
        "UPDATE event SET seq = -seq - 1 WHERE seq > 4",
        "UPDATE event SET seq = -seq WHERE seq < 0",
        "INSERT INTO event SELECT 5, 'FORGED', at, kind, facts, '{}', hash, hash FROM event "
        "WHERE seq = 4",
    )
    assert verify_ledger(written).flaws[0].seq == 5


def test_a02_changed_and_deleted_personal_data_is_named(written, tamper):
    with closing(sqlite3.connect(written)) as connection:
        (id_,) = connection.execute("SELECT id FROM event WHERE seq = 4").fetchone()
    tamper(("UPDATE personal SET data = '{}' WHERE event = ? AND part = 'sender'", (id_,)))
    assert str(verify_ledger(written).flaws[0]) == (
        f"row 4 ({id_}): its sender part was changed: it does not fit its commitment"
    )
    tamper(("DELETE FROM personal WHERE event = ? AND part = 'sender'", (id_,)))
    assert "deleted, not erased" in verify_ledger(written).flaws[0].what


def test_a02_personal_data_that_was_slipped_in_is_found(written, tamper):
    tamper(
        "INSERT INTO personal SELECT id, 'notes', zeroblob(32), '{}' FROM event WHERE seq = 4",
    )
    assert (only_flaw(written).seq, "never sealed" in only_flaw(written).what) == (4, True)
    tamper(
        "DELETE FROM personal WHERE part = 'notes'",
        "INSERT INTO personal VALUES ('NOBODY', 'notes', zeroblob(32), '{}')",
    )
    assert "NOBODY" in only_flaw(written).what


@pytest.mark.parametrize(
    "entry", [e for e in EXPECTED if e.type == "trigger"], ids=lambda e: e.name
)
def test_a02_each_missing_trigger_is_named(written, edit, entry):
    edit(f"DROP TRIGGER {entry.name}")
    assert str(only_flaw(written)) == f"the trigger {entry.name} is missing"


def test_a02_a_trigger_without_teeth_is_named(written, edit):
    edit(
        "DROP TRIGGER event_is_never_deleted",
        "CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event WHEN 0 BEGIN SELECT 1; END",
    )
    assert str(only_flaw(written)) == "the trigger event_is_never_deleted was changed"


def test_strange_triggers_tables_and_views_are_named_and_sqlites_own_are_not(written, edit):
    edit(
        "CREATE TRIGGER spy AFTER INSERT ON event BEGIN DELETE FROM outbox; END",
        "CREATE TABLE notes (x)",
        "ANALYZE",
    )
    assert [str(flaw) for flaw in verify_ledger(written).flaws] == [
        "the trigger spy is none of the ledger's",
        "the table notes is none of the ledger's",
    ]


def test_a_view_that_lies_is_named(written, edit):
    edit("DROP VIEW finding", "CREATE VIEW finding AS SELECT 1")
    assert str(only_flaw(written)) == "the view finding was changed"


def test_a_missing_trigger_hides_no_bad_row(written, tamper, edit):
    tamper("UPDATE event SET facts = '{}' WHERE seq = 4")
    edit("DROP TRIGGER event_is_appended")
    flaws = [str(flaw) for flaw in verify_ledger(written).flaws]
    assert flaws[0] == "the trigger event_is_appended is missing"
    assert flaws[1].startswith("row 4")


def test_a02_a_truncated_tail_is_found_against_a_checkpoint(written, tamper):
    with LedgerReader(written) as reader:
        kept = reader.checkpoint()
    assert verify_ledger(written, kept).is_intact
    tamper(
        "DELETE FROM personal WHERE event IN (SELECT id FROM event WHERE seq > 8)",
        "DELETE FROM event WHERE seq > 8",
        "DELETE FROM facet",
        "INSERT INTO facet SELECT * FROM sealed_facet",
        "INSERT INTO awaiting SELECT id, 'm3', 'process-1' FROM facet WHERE outcome = 'pending'",
    )
    assert verify_ledger(written).is_intact
    assert "ends at row 8" in only_flaw(written, kept).what


@pytest.fixture
def erase(written):
    """Erase parts of all findings, or of that many, as a request does."""

    def erase(*parts, limit=9):
        with LedgerReader(written) as reader:
            ids = [row["id"] for row in reader.findings(Filters(), limit=limit)]
        dues, _ = erase_parts.due_of_findings(written, ids, parts)
        actor = office_events.Actor("officer", datetime.now(UTC), os.urandom)
        return erase_parts.erase(written, dues, cause=erase_parts.REQUEST, actor=actor)

    return erase


def test_a03_erasure_keeps_it_intact_and_is_counted(written, erase):
    erase(Part.SENDER)
    verdict = verify_ledger(written)
    assert verdict.flaws == ()
    assert verdict.erased == {"sender": 8}
    erase(Part.SENDER, Part.RECIPIENT)
    assert verify_ledger(written).erased == {"sender": 8, "recipient": 8}
    assert verify_ledger(written).is_intact


def test_a02_what_was_erased_by_other_means_is_named(written, erase, edit):
    erase(Part.SENDER, limit=2)
    edit("UPDATE personal SET salt = NULL, data = NULL WHERE part = 'recipient'")
    flaw = verify_ledger(written).flaws[0]
    assert flaw.seq == 2
    assert flaw.what == (
        "its recipient part was erased by other means than Monition's: no ERASED of the ledger "
        "tells of it (the first of 8 parts)"
    )


def test_a02_as_many_others_are_not_taken_for_those_that_were_erased(written, tamper):
    """One is put back and another erased in its place: the number stays the same."""
    parts = ask(written, "SELECT salt, data, event FROM personal WHERE part = 'sender' LIMIT 2")
    (back, gone), kept = [row[2] for row in parts], parts[0]
    dues = {back: {Part.SENDER}}
    actor = office_events.Actor("officer", datetime.now(UTC), os.urandom)
    erase_parts.erase(written, dues, cause=erase_parts.REQUEST, actor=actor)
    tamper(
        ("UPDATE personal SET salt = ?, data = ? WHERE event = ? AND part = 'sender'", kept),
        (
            "UPDATE personal SET salt = NULL, data = NULL WHERE event = ? AND part = 'sender'",
            (gone,),
        ),
    )
    flaws = [(flaw.id, flaw.what) for flaw in verify_ledger(written).flaws]
    assert flaws[:2] == [
        (
            gone,
            (
                "its sender part was erased by other means than Monition's: no ERASED of the "
                "ledger tells of it"
            ),
        ),
        (
            back,
            "its sender part was put back: an ERASED of the ledger tells that it was erased",
        ),
    ]


def test_a02_an_erasure_that_tells_of_what_is_not_there_is_named(written):
    actor = office_events.Actor("officer", datetime.now(UTC), os.urandom)
    of = {Part.NOTES: ["01ARZ3NDEKTSV4RRFFQ69G5FAV"]}
    office_writer.append(
        written, [office_events.erased("request", of, events=1, kept=0, actor=actor)]
    )
    assert str(only_flaw(written)) == (
        "ERASED tells of its notes part, which is not there, or tells of it twice"
    )


def test_a02_what_a_held_finding_lost_is_named_though_its_guard_is_back(written, tamper):
    (held,) = ask(written, "SELECT id FROM facet LIMIT 1")
    actor = office_events.Actor("officer", datetime.now(UTC), os.urandom)
    office_writer.hold(written, list(held), actor, matter="INQ-1")
    tamper(("UPDATE personal SET salt = NULL, data = NULL WHERE event = ?", held))
    assert "erased by other means" in verify_ledger(written).flaws[0].what


def ask(path, sql):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_a02_a_flipped_byte_anywhere_in_the_tables_is_found(written, tmp_path):
    """Random flips in the raw file: found, or in bytes that hold nothing, or in the outbox."""
    raw = written.read_bytes()
    dice = random.Random(1)
    with closing(sqlite3.connect(written)) as connection:
        before = [
            connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("event", "personal")
        ]
    copy = tmp_path / "copy.db"
    missed = 0
    for _ in range(300):
        place = dice.randrange(100, len(raw))
        changed = bytearray(raw)
        changed[place] ^= 1 << dice.randrange(8)
        copy.write_bytes(changed)
        try:
            if not verify_ledger(copy).is_intact:
                continue
        except LedgerError:
            continue
        missed += 1
        with closing(sqlite3.connect(copy)) as connection:
            after = [
                connection.execute(f"SELECT * FROM {table}").fetchall()
                for table in ("event", "personal")
            ]
        assert after == before, f"the flip at byte {place} went unseen"
    assert missed < 300


def test_a02_an_index_that_no_longer_leads_to_its_rows_is_found(written, edit):
    edit(
        "PRAGMA writable_schema = on",
        "UPDATE sqlite_master SET sql = replace(sql, '$.observed', '$.process') "
        "WHERE name = 'settled_observed'",
    )
    # As a forger would, back again: the index now holds the wrong keys under the right text.
    with closing(sqlite3.connect(written)) as connection:
        connection.execute("REINDEX settled_observed")
        connection.commit()
    edit(
        "PRAGMA writable_schema = on",
        "UPDATE sqlite_master SET sql = replace(sql, '$.process', '$.observed') "
        "WHERE name = 'settled_observed'",
    )
    assert any("the file is damaged" in flaw.what for flaw in verify_ledger(written).flaws)


def test_a_file_cut_short_is_found(written, tmp_path):
    raw = written.read_bytes()
    (tmp_path / "cut.db").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(StoreError, match="damaged") as caught:
        verify_ledger(tmp_path / "cut.db")
    assert caught.value.is_damage


def test_verification_holds_up_no_writer(mail, folder, start, written):
    ledger = start("process-2")
    walked = []

    def progress(rows):
        walked.append(rows)

    assert ledger.observe(mail.records("m9")).result() == "ledger"
    assert verify_ledger(folder / "ledger.db", progress=progress).events == 12
    assert walked == []
