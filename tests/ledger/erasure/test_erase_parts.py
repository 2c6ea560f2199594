from __future__ import annotations

import json
import os
import resource
import sqlite3
from contextlib import closing

import pytest

from gateway.errors import LedgerError
from gateway.ledger.erasure import erase_parts
from gateway.ledger.erasure.erase_parts import REQUEST, due_of_findings, erase
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.record import office_events
from gateway.ledger.record.record import Part
from gateway.model import Disposition


@pytest.fixture
def path(folder):
    return folder / "ledger.db"


@pytest.fixture
def hand(mail):
    return office_events.Actor("officer", mail.now(), os.urandom)


@pytest.fixture
def found(mail, ledger, path, hand):
    """Four settled findings, the first of them decided."""
    ids = []
    for number in range(4):
        records = mail.records(f"m{number}")
        ledger.observe(records).result()
        ledger.settle(mail.settlement(f"m{number}", records, request=None)).result()
        ids.append(records[0].id)
    ledger.close()
    office_writer.dispose(path, ids[:1], Disposition.PERSONAL, hand, reason="a friend")
    return ids


def tombstones(path):
    with closing(sqlite3.connect(path)) as connection:
        return [
            json.loads(facts)
            for (facts,) in connection.execute(
                "SELECT facts FROM event WHERE kind = 'ERASED' ORDER BY seq"
            )
        ]


def left(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT count(*) FROM personal WHERE data IS NOT NULL AND part <> 'notes'"
        ).fetchone()[0]


def test_a03_parts_of_a_finding_go_with_its_end_and_its_notes(found, path, hand):
    dues, kept = due_of_findings(path, found[:1], [Part.SENDER])
    assert ([sorted(parts) for parts in dues.values()], kept) == ([["sender"], ["sender"]], 0)
    dues, _ = due_of_findings(path, found[:1], list(Part))
    assert sum(map(len, dues.values())) == 5
    tally = erase(path, dues, cause=REQUEST, actor=hand)
    assert (dict(tally.parts), tally.events) == ({"sender": 2, "recipient": 2, "notes": 1}, 3)
    assert due_of_findings(path, found[:1], list(Part)) == ({}, 0)
    with LedgerReader(path) as reader:
        verdict = reader.verify()
        assert (verdict.is_intact, dict(verdict.erased)) == (True, dict(tally.parts))


def test_a03_each_transaction_tells_its_own_and_the_first_what_is_kept(
    found, path, hand, monkeypatch
):
    monkeypatch.setattr(erase_parts, "TOGETHER", 2)
    office_writer.hold(path, found[:1], hand, matter="m")
    dues, kept = due_of_findings(path, found, [Part.SENDER, Part.RECIPIENT])
    assert kept == 2
    tally = erase(path, dues, cause=REQUEST, actor=hand, kept=kept)
    assert (tally.events, tally.kept) == (6, 2)
    assert [(told["events"], told["kept"]) for told in tombstones(path)] == [(2, 2), (2, 0), (2, 0)]


def test_a03_what_comes_under_hold_after_it_was_looked_for_is_kept(found, path, hand):
    dues, _ = due_of_findings(path, found, [Part.SENDER])
    office_writer.hold(path, found[1:2], hand, matter="m")
    tally = erase(path, dues, cause=REQUEST, actor=hand)
    assert (tally.events, tally.kept) == (6, 2)


def test_a03_a_request_of_which_all_is_kept_is_told_and_retention_is_silent(found, path, hand):
    erase(path, {}, cause=erase_parts.RETENTION, actor=hand, kept=3)
    assert tombstones(path) == []
    assert erase(path, {}, cause=REQUEST, actor=hand, kept=3).kept == 3
    assert [told["kept"] for told in tombstones(path)] == [3]


def test_a03_cut_short_it_leaves_whole_batches_with_their_tombstones_and_goes_on_later(
    found, path, hand, monkeypatch
):
    monkeypatch.setattr(erase_parts, "TOGETHER", 2)
    dues, _ = due_of_findings(path, found, [Part.SENDER, Part.RECIPIENT])
    asked = []

    def fails(database, event):
        asked.append(event)
        if len(asked) == 6:
            raise LedgerError("somebody pulled the plug")
        return True

    with pytest.raises(LedgerError, match="pulled the plug"):
        erase(path, dues, cause=REQUEST, actor=hand, is_still_due=fails)
    # The third batch was half done: nothing of it stays.
    assert [told["events"] for told in tombstones(path)] == [2, 2]
    assert left(path) == 8
    assert erase(path, dues, cause=REQUEST, actor=hand).events == 4
    assert left(path) == 0


def test_a03_on_a_full_disk_nothing_is_half_erased(found, path, hand, monkeypatch):
    monkeypatch.setattr(erase_parts, "TOGETHER", 2)
    dues, _ = due_of_findings(path, found, [Part.SENDER, Part.RECIPIENT])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        with pytest.raises(LedgerError, match="cannot be used"):
            erase(path, dues, cause=REQUEST, actor=hand)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left(path) == 16 - 2 * sum(told["events"] for told in tombstones(path))
    erase(path, dues, cause=REQUEST, actor=hand)
    assert left(path) == 0
    with LedgerReader(path) as reader:
        assert reader.verify().is_intact
