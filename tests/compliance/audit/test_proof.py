"""Whether the ledger is intact, what is kept elsewhere to show it, and what leaves it as a file."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
import zipfile
from contextlib import closing

import pytest

from gateway.compliance.actor import open_as
from gateway.compliance.audit import evidence_files, export_findings, keep_checkpoint, verify_ledger
from gateway.errors import LedgerError, MonitionError
from gateway.ledger.questions.filters import Filters


def checkpoint(office, **more):
    with open_as(office, None) as reading:
        return keep_checkpoint.checkpoint(office, reading, **more)


def test_a02_a_ledger_meets_the_checkpoints_that_were_kept_of_it(office, tmp_path):
    key = tmp_path / "key.pem"
    made = keep_checkpoint.make_key(key)
    history = tmp_path / "elsewhere" / "history.jsonl"
    history.parent.mkdir()
    done = checkpoint(office, key_file=key, history=history)
    assert (done.kept, done.failures, done.lies_beside) == ((str(history),), (), False)
    assert json.loads(done.line)["seq"] == done.row == 4
    found = verify_ledger.verify(office, verify_ledger.read_history(history))
    assert found.is_intact
    assert (found.events, found.checkpoints, found.last_row) == (4, 1, 4)
    assert found.signers == (made.fingerprint,)


def test_a02_another_signer_of_a_history_is_told(office, tmp_path):
    history = tmp_path / "history.jsonl"
    keys = [tmp_path / name for name in ("one.pem", "two.pem")]
    one, two = map(keep_checkpoint.make_key, keys)
    assert checkpoint(office, key_file=keys[0], history=history).lies_beside
    done = checkpoint(office, key_file=keys[1], history=history)
    assert done.other_signer.before == one.fingerprint
    assert done.other_signer.now == two.fingerprint
    assert checkpoint(office, history=history).other_signer.now is None


def test_one_way_that_fails_leaves_the_others(office, tmp_path):
    taken = []

    def refused(message):
        taken.append(message)
        raise MonitionError("the MTA is not there")

    history = tmp_path / "history.jsonl"
    done = checkpoint(office, history=history, mail=refused)
    assert (done.kept, done.failures) == ((str(history),), ("the MTA is not there",))
    (message,) = taken
    assert message["To"] == "compliance@example.edu"
    (attached,) = message.iter_attachments()
    assert attached.get_content().decode() == done.line + "\n"


def test_a02_what_is_wrong_is_told_of_the_ledger_and_of_the_checkpoint(office, tmp_path):
    kept = json.loads(checkpoint(office).line)
    file = tmp_path / "checkpoint.json"
    file.write_text(json.dumps({**kept, "seq": 9}))
    found = verify_ledger.verify(office, verify_ledger.read_history(file))
    assert not found.is_intact
    assert ["its tail was cut off" in flaw.what for flaw in found.flaws] == [True]


def test_a_file_that_cannot_be_looked_through_is_told_as_damaged(office, ledger_path):
    ledger_path.write_bytes(b"no database" * 1000)
    with pytest.raises(verify_ledger.DamagedError):
        verify_ledger.verify(office)


@pytest.mark.parametrize("form", export_findings.FORMATS)
def test_a08_a_stream_and_a_file_get_the_same_findings(office, who, tmp_path, form):
    stream, file, heard = io.BytesIO(), tmp_path / "out", []
    with open_as(office, who) as reading:
        done = export_findings.export(
            stream, office, reading, Filters(), form, progress=lambda length: heard.append
        )
        again = export_findings.export_to(file, office, reading, Filters(), form)
    assert (done.findings, done.sheets, again) == (3, int(form == "xlsx"), done)
    assert heard == [1, 2, 3]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    if form != "xlsx":
        assert file.read_bytes() == stream.getvalue()
    with open_as(office, who) as reading, pytest.raises(LedgerError, match="is there already"):
        export_findings.export_to(file, office, reading, Filters(), form)


@pytest.mark.parametrize("is_veiled", [False, True])
def test_a08_a_pack_says_who_made_it_and_by_which_filters(office, who, tmp_path, is_veiled):
    file = tmp_path / "case.zip"
    with open_as(office, None if is_veiled else who) as reading:
        made = evidence_files.write_evidence_pack(
            office, reading, file, Filters(tier="blocking"), "j.lindqvist"
        )
    assert (made.findings, made.is_signed) == (3, False)
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["by"], manifest["filters"]) == ("j.lindqvist", {"tier": "blocking"})
    assert manifest["pseudonyms"] is is_veiled
    assert manifest["reason"] == (None if is_veiled else "a page was opened")


def test_a08_a_snapshot_names_nobody_and_is_not_recorded(office, tmp_path, facts_of):
    file = tmp_path / "snapshot.db"
    assert evidence_files.write_datasette_snapshot(office, file, Filters()) == 3
    assert b"jane" not in file.read_bytes()
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT count(*) FROM finding").fetchone() == (3,)
    assert facts_of("ACCESSED") == []
