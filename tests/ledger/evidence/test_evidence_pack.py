from __future__ import annotations

import csv
import gc
import io
import json
import os
import sqlite3
import zipfile
from contextlib import closing

import pytest

from gateway.errors import LedgerError
from gateway.ledger.evidence import pack_contents
from gateway.ledger.evidence.atomic_file import atomic_writer
from gateway.ledger.evidence.evidence_pack import PackDescription, write_pack
from gateway.ledger.query.ledger_reader import COLUMNS, LedgerReader
from gateway.ledger.query.logged_reading import Access, LoggedReading
from gateway.ledger.questions.filters import Filters
from gateway.ledger.verify.checkpoint import KeptCheckpoint


@pytest.fixture
def reading(case, mail):
    access = Access("auditor", "audit export", "a test", mail.now, os.urandom)
    with LoggedReading(case.path, access) as reading:
        yield reading


@pytest.fixture
def pack(reading, mail):
    def pack(filters=Filters()):  # noqa: B008 - frozen
        stream = io.BytesIO()
        kept = KeptCheckpoint(
            reading.checkpoint(), reading.reader.identity(), "2026-11-22T08:00:00+00:00"
        )
        about = PackDescription(mail.now(), "auditor", "a test", {"sender": "x"}, "0.1.0", kept)
        write_pack(stream, reading, filters, about)
        return zipfile.ZipFile(stream)

    return pack


def test_a08_a_pack_has_the_rows_of_the_screen_in_their_order(case, pack):
    with LedgerReader(case.path) as reader:
        rows = list(reader.findings(Filters()))
    found = pack()
    assert [json.loads(line) for line in found.read("findings.jsonl").splitlines()] == rows
    text = io.StringIO(found.read("findings.csv").decode(), newline="")
    head, *cells = csv.reader(text)
    assert tuple(head) == COLUMNS
    assert [row[0] for row in cells] == [row["id"] for row in rows]
    assert cells[-1][COLUMNS.index("sender")] == "'=cmd@example.edu"


def test_a08_a_pack_has_all_that_is_needed_and_says_who_made_it(pack):
    found = pack()
    assert found.namelist() == [
        "HOW-TO-VERIFY.txt", "verify.py", "findings.csv", "findings.jsonl", "chain.jsonl",
        "personal.jsonl", "checkpoint.json", "manifest.json",
    ]  # fmt: skip
    manifest = json.loads(found.read("manifest.json"))
    assert (manifest["by"], manifest["reason"], manifest["findings"]) == ("auditor", "a test", 5)
    assert manifest["filters"] == {"sender": "x"}
    assert manifest["files"].keys() == {*found.namelist()} - {"manifest.json"}
    how_to = found.read("HOW-TO-VERIFY.txt").decode()
    assert [name for name in found.namelist()[1:] if name not in how_to] == []
    assert {info.external_attr >> 16 for info in found.infolist()} == {0o600}


def test_a09_a_pack_is_one_reading_that_is_recorded_before_it_is_made(case, pack):
    chain = pack().read("chain.jsonl").decode()
    assert "ACCESSED" not in chain
    with closing(sqlite3.connect(case.path)) as connection:
        rows = connection.execute("SELECT facts FROM event WHERE kind = 'ACCESSED'").fetchall()
    assert len(rows) == 1
    facts = json.loads(rows[0][0])
    assert (facts["by"], facts["verb"], facts["rows"]) == ("auditor", "audit export", 5)


def test_the_chain_of_chosen_findings_is_all_that_belongs_to_them(case):
    with LedgerReader(case.path) as reader:
        everything = list(pack_contents.sealed_events(reader, None))
        chosen = list(pack_contents.sealed_events(reader, Filters(sender="jane@example.edu")))
    assert [event.seq for event in everything] == list(range(1, 15))
    assert [event.kind for event in chosen] == ["OBSERVED", "SETTLED", "NOTIFIED", "DISPOSED"]
    assert {event.id for event in chosen} <= {event.id for event in everything}


def test_a02_no_pack_is_made_of_a_ledger_that_is_not_intact(case, pack):
    with closing(sqlite3.connect(case.path)) as connection:
        connection.execute("DROP TRIGGER event_is_never_changed")
        connection.execute("UPDATE event SET at = replace(at, '2026', '2025') WHERE seq = 3")
        connection.commit()
    with pytest.raises(LedgerError, match=r"row 3 \(\w{26}\) is not as it was sealed"):
        pack()


def test_a02_a_row_that_was_taken_out_is_noticed_by_a_pack(case, pack):
    with closing(sqlite3.connect(case.path)) as connection:
        connection.execute("DROP TRIGGER event_is_never_deleted")
        connection.execute("DELETE FROM event WHERE kind = 'NOTIFIED'")
        connection.commit()
    with pytest.raises(LedgerError, match="is not as it was sealed"):
        pack()


def test_a08_a_pack_on_a_full_disk_is_told_and_nothing_complains_later(
    case, mail, tmp_path, small_files
):
    path = tmp_path / "pack.zip"
    with LoggedReading(
        case.path, None
    ) as reading:  # by pseudonyms: nothing is written to the ledger
        kept = KeptCheckpoint(
            reading.checkpoint(), reading.reader.identity(), "2026-11-22T08:00:00+00:00"
        )
        about = PackDescription(mail.now(), "auditor", None, {}, "0.1.0", kept)
        with small_files(2048), pytest.raises(LedgerError, match="is its disk full"):
            fill(path, reading, about)
    gc.collect()
    assert not path.exists()


def fill(path, reading, about):
    with atomic_writer(path) as stream:
        write_pack(stream, reading, Filters(), about)
