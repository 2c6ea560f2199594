from __future__ import annotations

import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import LedgerError
from gateway.ledger.evidence import signing
from gateway.ledger.evidence.checkpoint_store import append, disagreements, other_signer, to_syslog
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.record.events import heartbeat
from gateway.ledger.verify.checkpoint import KeptCheckpoint, as_line, read_checkpoints


@pytest.fixture
def reader(case):
    with LedgerReader(case.path) as reader:
        yield reader


def taken(reader):
    return KeptCheckpoint(reader.checkpoint(), reader.identity(), "2026-11-22T08:00:00+00:00")


def test_a02_a_history_grows_as_the_ledger_does(case, reader, mail, tmp_path):
    history = tmp_path / "history.jsonl"
    first = taken(reader)
    assert append(history, first, reader)
    assert not append(history, first, reader)
    office_writer.append(case.path, [heartbeat("p", at=mail.now(), entropy=os.urandom)])
    second = taken(reader)
    assert append(history, second, reader)
    assert read_checkpoints(history) == (first, second)
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert list(disagreements((first, second), reader)) == []


def test_a_checkpoint_is_kept_again_once_it_is_signed(reader, tmp_path):
    history = tmp_path / "history.jsonl"
    key = signing.make_key(tmp_path / "key.pem")
    kept = taken(reader)
    assert append(history, kept, reader)
    assert append(history, key.signed(kept), reader)
    assert not append(history, kept, reader)
    assert len(read_checkpoints(history)) == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda kept: replace(kept, ledger="00" * 32), "is another ledger's"),
        (
            lambda kept: replace(kept, checkpoint=replace(kept.checkpoint, seq=99)),
            "its tail was cut off, or it is another ledger",
        ),
        (
            lambda kept: replace(kept, checkpoint=replace(kept.checkpoint, seq=3)),
            "row 3 has the hash .* the ledger was rewritten up to here",
        ),
    ],
)
def test_a02_a_history_excuses_no_ledger_that_was_cut_or_rewritten(reader, tmp_path, change, says):
    history = tmp_path / "history.jsonl"
    history.write_text(as_line(change(taken(reader))) + "\n")
    before = history.read_bytes()
    with pytest.raises(LedgerError, match=says):
        append(history, taken(reader), reader)
    assert history.read_bytes() == before


def test_a_line_that_a_crash_tore_off_is_taken_away(reader, tmp_path):
    history = tmp_path / "history.jsonl"
    kept = taken(reader)
    history.write_text(as_line(kept)[:50])
    assert append(history, kept, reader)
    assert read_checkpoints(history) == (kept,)


def test_a_history_that_cannot_be_written_is_told(reader, tmp_path):
    with pytest.raises(LedgerError, match="cannot be written: Is a directory"):
        append(tmp_path, taken(reader), reader)
    with pytest.raises(LedgerError, match="cannot be written: No such file"):
        append(tmp_path / "no" / "history", taken(reader), reader)
    with pytest.raises(LedgerError, match="is no file"):
        append(Path("/dev/full"), taken(reader), reader)


def test_a_full_disk_leaves_a_history_as_it_was(reader, tmp_path, small_files):
    history = tmp_path / "history.jsonl"
    kept = taken(reader)
    append(history, kept, reader)
    before = history.read_bytes()
    signed = signing.make_key(tmp_path / "key.pem").signed(kept)
    with small_files(len(before) + 10), pytest.raises(LedgerError, match="cannot be written"):
        append(history, signed, reader)
    assert history.read_bytes() == before


def test_the_systems_log_gets_one_line(reader, tmp_path):
    address = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(address)
        to_syslog(taken(reader), address)
        line = log.recv(4096).decode()
    assert line == f"<85>monition-checkpoint: {as_line(taken(reader))}"


def test_a_log_that_nobody_reads_is_told(reader, tmp_path):
    with pytest.raises(LedgerError, match="does not take it"):
        to_syslog(taken(reader), str(tmp_path / "none"))


def test_a02_another_signer_than_before_is_told(reader, tmp_path):
    history = tmp_path / "history.jsonl"
    one, other = (signing.make_key(tmp_path / f"{name}.pem") for name in ("k1", "k2"))
    kept = taken(reader)
    assert other_signer(history, one.signed(kept)) is None
    append(history, one.signed(kept), reader)
    assert other_signer(history, one.signed(kept)) is None
    assert other_signer(history, other.signed(kept)) == one.public
    assert other_signer(history, kept) == one.public
    history.write_text("junk")
    assert other_signer(history, kept) is None
