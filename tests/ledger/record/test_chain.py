from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.record.chain import (
    ROOT,
    ChainWalk,
    Checkpoint,
    StoredRow,
    row_hash,
    seal,
    verify,
)
from gateway.ledger.record.events import heartbeat
from gateway.ledger.record.office_events import Actor, disposed
from gateway.ledger.record.record import Part
from gateway.model import Disposition


def stored(event, data, record):
    columns = (event.id, event.at, event.kind, event.facts, event.commitments)
    row = StoredRow(event.seq, *(column.encode() for column in columns), event.previous, event.hash)
    for part, text in data.items():
        row = beside(row, part, record.salts[part], text.encode())
    return row


def beside(row, part, salt, data):
    """The row with a part as it would be stored beside it; ``None`` for both: erased."""
    return row._replace(**{part: part.encode(), f"{part}_salt": salt, f"{part}_data": data})


def without(row, part):
    return row._replace(**{part: None, f"{part}_salt": None, f"{part}_data": None})


@pytest.fixture(scope="module")
def chain(mail):
    rows, head = [], ROOT
    for seq in range(1, 6):
        (record,) = mail.records(f"m{seq}")
        event, data = seal(record, seq, head)
        rows.append(stored(event, data, record))
        head = event.hash
    return rows


def flaw_of(rows, checkpoint=None):
    return verify(rows, ChainWalk(), checkpoint)


def test_a_chain_as_it_was_sealed_is_sound(chain):
    walk = ChainWalk()
    assert verify(chain, walk) is None
    assert (walk.events, walk.head, walk.erased) == (5, chain[-1].hash, {})


def test_an_empty_chain_is_sound():
    assert flaw_of([]) is None
    assert flaw_of([], Checkpoint(0, ROOT.hex(), None, None)) is None


@pytest.mark.parametrize("column", ["id", "at", "kind", "facts", "commitments", "previous", "hash"])
@given(data=st.data())
def test_a02_one_flipped_bit_in_any_column_is_found_in_its_row(chain, column, data):
    row = chain[2]
    raw = bytearray(getattr(row, column))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    flaw = flaw_of([*chain[:2], row._replace(**{column: bytes(raw)}), *chain[3:]])
    assert flaw is not None
    assert flaw.seq == 3


@given(data=st.data())
def test_a02_one_flipped_bit_in_personal_data_is_found_in_its_row(chain, data):
    row = chain[2]
    part = data.draw(st.sampled_from(["sender", "recipient"]))
    field = f"{part}_{data.draw(st.sampled_from(['salt', 'data']))}"
    raw = bytearray(getattr(row, field))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    flaw = flaw_of([*chain[:2], row._replace(**{field: bytes(raw)}), *chain[3:]])
    assert flaw.seq == 3
    assert f"its {part} part was changed" in flaw.what


def test_a02_a_deleted_row_is_named_by_what_follows_it(chain):
    flaw = flaw_of([*chain[:2], *chain[3:]])
    assert (flaw.seq, flaw.what) == (4, "row 3 is missing before it")
    flaw = flaw_of([chain[0], chain[4]])
    assert (flaw.seq, flaw.what) == (5, "rows 2 to 4 are missing before it")


@pytest.mark.parametrize("seq", [0, -1])
def test_a02_a_row_before_the_first_is_found(chain, seq):
    flaw = flaw_of([chain[0]._replace(seq=seq), *chain])
    assert (flaw.seq, flaw.what) == (seq, "stands where row 1 is due")


def test_a02_a_first_row_deleted_is_found(chain):
    assert flaw_of(chain[1:]).what == "row 1 is missing before it"


def test_a02_an_inserted_row_is_found(chain):
    again = chain[2]._replace(seq=4)
    later = [row._replace(seq=row.seq + 1) for row in chain[3:]]
    assert flaw_of([*chain[:3], again, *later]).seq == 4
    # Sealed anew where it stands, it is the next row that no longer follows.
    forged = again._replace(previous=chain[2].hash)
    forged = forged._replace(hash=row_hash(*forged[:7]))
    assert flaw_of([*chain[:3], forged, *later]).seq == 5


def test_a02_a_row_changed_and_sealed_anew_is_found_by_the_next(chain):
    forged = chain[2]._replace(facts=b"{}")
    forged = forged._replace(hash=row_hash(*forged[:7]))
    flaw = flaw_of([*chain[:2], forged, *chain[3:]])
    assert (flaw.seq, "does not follow the row before it" in flaw.what) == (4, True)


def test_a02_two_rows_exchanged_are_found(chain):
    assert flaw_of([chain[1], chain[0], *chain[2:]]).seq == 2


def test_a02_a_truncated_tail_is_found_against_a_checkpoint(chain):
    kept = Checkpoint(5, chain[4].hash.hex(), None, None)
    assert flaw_of(chain, kept) is None
    assert flaw_of(chain[:4]) is None
    flaw = flaw_of(chain[:4], kept)
    assert flaw.seq is None
    assert "ends at row 4" in flaw.what
    assert "row 5" in flaw.what


def test_a02_a_chain_forged_as_a_whole_is_found_against_a_checkpoint(chain, mail):
    kept = Checkpoint(2, chain[1].hash.hex(), None, None)
    (record,) = mail.records("other")
    event, data = seal(record, 2, chain[0].hash)
    flaw = flaw_of([chain[0], stored(event, data, record)], kept)
    assert flaw.seq == 2
    assert "checkpoint" in flaw.what


def erased(row, *parts):
    for part in parts:
        row = beside(row, part, None, None)
    return row


def test_a03_an_erased_part_is_sound_and_counted(chain):
    walk = ChainWalk()
    rows = [
        erased(chain[0], Part.SENDER),
        erased(chain[1], Part.SENDER, Part.RECIPIENT),
        *chain[2:],
    ]
    assert verify(rows, walk) is None
    assert walk.erased == {Part.SENDER: 2, Part.RECIPIENT: 1}


def test_a_part_that_was_deleted_or_half_erased_is_no_erasure(chain):
    row = chain[0]
    for changed, what in (
        (without(without(row, Part.SENDER), Part.RECIPIENT), "personal data is gone"),
        (without(row, Part.RECIPIENT), "recipient part is gone"),
        (without(row, Part.SENDER), "sender part is gone"),
        (row._replace(recipient_salt=None), "half erased"),
        (row._replace(recipient_data=None), "half erased"),
        (row._replace(recipient_salt=b"short"), "half erased"),
        (row._replace(recipient_salt=7), "half erased"),
        (beside(row, Part.NOTES, bytes(32), b"{}"), "never sealed"),
        (erased(row, Part.NOTES), "never sealed"),
    ):
        flaw = flaw_of([changed])
        assert (flaw.seq, what in flaw.what) == (1, True)


def test_a_row_without_personal_data_gets_none_afterwards(mail):
    beat = heartbeat("process-1", at=mail.now(), entropy=os.urandom)
    row = stored(*seal(beat, 1, ROOT), beat)
    assert flaw_of([row]) is None
    for changed in (beside(row, Part.NOTES, bytes(32), b"{}"), erased(row, Part.RECIPIENT)):
        assert "never sealed" in flaw_of([changed]).what


def test_notes_alone_are_sealed_like_the_other_parts(mail):
    actor = Actor("officer", mail.now(), os.urandom)
    record = disposed("01KB", Disposition.PERSONAL, actor, reason="An old friend.")
    row, walk = stored(*seal(record, 1, ROOT), record), ChainWalk()
    assert verify([row], walk) is None
    assert walk.parts == 1
    assert "notes part was changed" in flaw_of([row._replace(notes_data=b"{}")]).what
    assert "personal data is gone" in flaw_of([without(row, Part.NOTES)]).what
    assert flaw_of([erased(row, Part.NOTES)]) is None


@pytest.mark.parametrize("sealed", [b"no json", b"7", b"[1]", b'{"sender":1,"recipient":2}'])
def test_commitments_that_cannot_be_read_are_a_flaw_not_a_crash(chain, sealed):
    row = chain[0]._replace(commitments=sealed)
    row = row._replace(hash=row_hash(*row[:7]))
    assert flaw_of([row]).seq == 1


def test_a_number_where_text_belongs_is_a_flaw_not_a_crash(chain):
    assert flaw_of([chain[0]._replace(facts=7)]).seq == 1


def test_long_columns_are_sealed_like_short_ones(mail):
    (record,) = mail.records()
    record = replace(record, facts={"long": "x" * 10_000})
    event, data = seal(record, 1, ROOT)
    assert flaw_of([stored(event, data, record)]) is None


def test_columns_cannot_be_moved_across_their_borders():
    one = row_hash(1, b"ab", b"c", b"k", b"{}", b"{}", ROOT)
    other = row_hash(1, b"a", b"bc", b"k", b"{}", b"{}", ROOT)
    assert one != other


def test_salts_keep_the_same_data_apart(mail):
    one, other = (seal(mail.records()[0], 1, os.urandom(32))[0] for _ in range(2))
    assert one.commitments != other.commitments
