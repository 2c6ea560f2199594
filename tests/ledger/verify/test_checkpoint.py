from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.record.chain import ROOT, Checkpoint
from gateway.ledger.verify.checkpoint import (
    KeptCheckpoint,
    Signature,
    as_line,
    checkpoint_as_json,
    out_of_order,
    read_checkpoints,
)

HEAD = Checkpoint(7, "ab" * 32, "01KAMZT3G00000000000000000", "2026-11-22T07:08:09.123Z")
KEPT = KeptCheckpoint(HEAD, "cd" * 32, "2026-11-22T08:00:00+00:00", Signature(b"k" * 32, b"s" * 64))


def test_a02_a_checkpoint_is_read_back_as_it_was_kept(case, tmp_path):
    with LedgerReader(case.path) as reader:
        kept = KeptCheckpoint(reader.checkpoint(), reader.identity(), "2026-11-22T08:00:00+00:00")
    file = tmp_path / "checkpoint.json"
    file.write_text(as_line(kept))
    assert read_checkpoints(file) == (kept,)
    file.write_text(json.dumps(checkpoint_as_json(KEPT), indent=2))
    assert read_checkpoints(file) == (KEPT,)


def test_a02_a_checkpoint_of_the_first_release_is_still_one(tmp_path):
    file = tmp_path / "checkpoint.json"
    old = {"format": "monition-1", "seq": 7, "hash": HEAD.hash, "id": HEAD.id, "at": HEAD.at}
    file.write_text(json.dumps({**old, "taken_at": "2026-11-22T08:00:00+00:00"}))
    assert read_checkpoints(file) == (KeptCheckpoint(HEAD, None, "2026-11-22T08:00:00+00:00"),)


def test_what_is_signed_is_a_line_for_each_field():
    assert KEPT.signed_text() == (
        b"monition-checkpoint-1\n"
        b"ledger " + b"cd" * 32 + b"\n"
        b"seq 7\n"
        b"hash " + b"ab" * 32 + b"\n"
        b"id 01KAMZT3G00000000000000000\n"
        b"at 2026-11-22T07:08:09.123Z\n"
        b"taken_at 2026-11-22T08:00:00+00:00\n"
    )
    empty = KeptCheckpoint(Checkpoint(0, ROOT.hex(), None, None), None, "2026-11-22T08:00:00+00:00")
    assert b"ledger -\nseq 0\n" in empty.signed_text()
    assert b"id -\nat -\n" in empty.signed_text()


def test_the_decision_shows_the_lines_that_are_signed():
    page = (Path(__file__).parents[3] / "docs" / "decisions" / "0015-evidence.md").read_text()
    shown = page.partition("```\n")[2].partition("```")[0].splitlines()
    signed = KEPT.signed_text().decode().splitlines()
    assert shown[0] == signed[0]
    assert [line.split()[0] for line in shown] == [line.split()[0] for line in signed]


def test_a_history_is_read_line_by_line_and_the_bad_line_is_named(tmp_path):
    later = replace(KEPT, checkpoint=replace(HEAD, seq=9))
    file = tmp_path / "history.jsonl"
    file.write_text(f"{as_line(KEPT)}\n\n{as_line(later)}\n")
    assert read_checkpoints(file) == (KEPT, later)
    file.write_text(f"{as_line(KEPT)}\n{as_line(later)[:-9]}")
    with pytest.raises(LedgerError, match="line 2, is no checkpoint"):
        read_checkpoints(file)


@pytest.mark.parametrize(
    ("later", "says"),
    [
        (replace(KEPT, checkpoint=replace(HEAD, seq=6)), "was shorter than it had been"),
        (replace(KEPT, checkpoint=replace(HEAD, hash="00" * 32)), "two checkpoints of row 7"),
        (replace(KEPT, ledger="ee" * 32), "are of two ledgers"),
    ],
)
def test_a02_a_history_that_contradicts_itself_says_so(later, says):
    assert says in out_of_order((KEPT, later))
    assert out_of_order((KEPT, KEPT)) is None


GOOD = checkpoint_as_json(KEPT)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "monition-2"},
        {"seq": True},
        {"seq": -1},
        {"seq": "7"},
        {"hash": "00"},
        {"hash": "AB" * 32},
        {"id": "01\nseq 9"},
        {"at": "2026-11-22T07:08:09.123Z\nx"},
        {"taken_at": "x"},
        {"taken_at": None},
        {"ledger": "x"},
        {"signature": "x"},
        {"signature": base64.b64encode(b"short").decode()},
        {"public_key": None},
    ],
)
def test_what_is_no_checkpoint_is_refused(tmp_path, changes):
    file = tmp_path / "checkpoint.json"
    file.write_text(json.dumps({**GOOD, **changes}))
    with pytest.raises(LedgerError, match="is no checkpoint"):
        read_checkpoints(file)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "x", "[" * 5000, "\n\n"])
def test_what_is_not_even_json_is_refused(tmp_path, text):
    file = tmp_path / "checkpoint.json"
    file.write_text(text)
    with pytest.raises(LedgerError, match="is no checkpoint"):
        read_checkpoints(file)
    with pytest.raises(LedgerError, match="cannot be read"):
        read_checkpoints(tmp_path / "none.json")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_checkpoint_or_refused(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_bytes(content)
    with pytest.raises(LedgerError):
        read_checkpoints(file)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.text() | st.integers() | st.none()))
def test_whatever_is_accepted_has_one_signed_text_with_seven_lines(tmp_path_factory, changes):
    file = tmp_path_factory.getbasetemp() / "any.json"
    file.write_text(json.dumps({**GOOD, **changes}))
    try:
        (kept,) = read_checkpoints(file)
    except LedgerError:
        return
    assert kept.signed_text().count(b"\n") == 7
