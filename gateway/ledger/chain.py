"""The chain: each event seals its own columns and the hash of the one before it.

``seal`` gives a record its place, ``verify`` walks the stored rows and names the first that is
wrong. Both work on columns as they are stored, never on values read and written anew. The format
is in ``docs/decisions/0003-hash-format.md``. Pure.

The chain holds no secret: whoever may write the file could forge all of it. What stands against
that is a checkpoint kept where they cannot write.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gateway.ledger.record import SALT_BYTES, TAG, Part, Record, canonical, commitments
from gateway.model import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = bytes(32)
"""The ``previous`` of the first event."""

# Spelt out beforehand: a verification asks for seven of them a row.
_TABLED = 4096
_LENGTHS = tuple(length.to_bytes(8) for length in range(_TABLED))
_BEGINNING = len(TAG).to_bytes(8) + TAG


class StoredPart(NamedTuple):
    """One personal part as it is stored; an erased one has neither salt nor data."""

    part: Part
    salt: bytes | None
    data: bytes | None


class StoredRow(NamedTuple):
    """One event as it is stored, text as its UTF-8 bytes, with the personal parts beside it."""

    seq: int
    id: bytes
    at: bytes
    kind: bytes
    facts: bytes
    commitments: bytes
    previous: bytes
    hash: bytes
    personal: tuple[StoredPart, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place in the chain, to be kept where the ledger's writer cannot reach it.

    ``at`` is the event's own time. An empty ledger has ``seq`` 0 and the root as its hash.
    """

    seq: int
    hash: str
    id: str | None
    at: str | None


@dataclass(slots=True)
class Walk:
    """What a verification has seen so far; whole once it has ended.

    ``erased`` counts, for each part, the events that lost it lawfully.
    """

    events: int = 0
    head: bytes = ROOT
    erased: dict[Part, int] = field(default_factory=dict)
    checkpoint_met: bool = False


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first thing wrong. ``seq`` is ``None`` where it is not one row (a missing trigger)."""

    seq: int | None
    id: str | None
    what: str

    def __str__(self) -> str:
        if self.seq is None:
            return self.what
        name = f" ({self.id})" if self.id else ""
        return f"row {self.seq}{name}: {self.what}"


def seal(record: Record, seq: int, previous: bytes) -> tuple[Event, dict[Part, str]]:
    """Give a record its place; returns the row, and the ``data`` column of each personal part.

    Raises ``TypeError`` or ``ValueError`` for what cannot be written canonically.
    """
    facts = canonical(record.facts)
    sealed, data = commitments(record)
    digest = row_hash(
        seq,
        record.id.encode(),
        record.at.encode(),
        record.kind.encode(),
        facts.encode(),
        sealed.encode(),
        previous,
    )
    event = Event(seq, record.id, record.at, record.kind, facts, sealed, previous, digest)
    return event, data


def row_hash(  # noqa: PLR0913, PLR0917 - the columns of the table, in its order
    seq: int,
    id_: bytes,
    at: bytes,
    kind: bytes,
    facts: bytes,
    sealed: bytes,
    previous: bytes,
) -> bytes:
    """SHA-256 over the tag and every other column, each behind its length in eight bytes."""
    number = b"%d" % seq
    columns = (
        _BEGINNING,
        _length(number),
        number,
        _length(id_),
        id_,
        _length(at),
        at,
        _length(kind),
        kind,
        _length(facts),
        facts,
        _length(sealed),
        sealed,
        _length(previous),
        previous,
    )
    return hashlib.sha256(b"".join(columns)).digest()


def verify(
    rows: Iterable[StoredRow], walk: Walk, checkpoint: Checkpoint | None = None
) -> Flaw | None:
    """Walk the rows, in the order of ``seq`` from the first; returns the first flaw.

    The rows are streamed: nothing is kept of them. ``walk`` holds the figures, before a flaw too.
    """
    erased = walk.erased
    for row in rows:
        flaw = _flaw_of(row, walk.events + 1, walk.head)
        if flaw is None and row.personal:
            flaw = _flaw_beside(row, erased)
        elif flaw is None and row.commitments != b"{}":
            flaw = "its personal data is gone: the row beside it was deleted, not erased"
        if flaw is None and checkpoint is not None and row.seq == checkpoint.seq:
            walk.checkpoint_met = True
            if row.hash.hex() != checkpoint.hash:
                flaw = (
                    f"its hash is {row.hash.hex()}, but the checkpoint kept {checkpoint.hash}: "
                    "the ledger was rewritten up to here, or the checkpoint is another ledger's"
                )
        if flaw is not None:
            return Flaw(row.seq, row.id.decode("ascii", "backslashreplace"), flaw)
        walk.events += 1
        walk.head = row.hash
    if checkpoint is not None and checkpoint.seq > walk.events:
        return Flaw(
            None,
            None,
            f"the ledger ends at row {walk.events}, but the checkpoint was taken at row "
            f"{checkpoint.seq}: its tail was cut off, or it is another ledger",
        )
    return None


def _length(column: bytes) -> bytes:
    length = len(column)
    return _LENGTHS[length] if length < _TABLED else length.to_bytes(8)


def _flaw_of(row: StoredRow, expected_seq: int, head: bytes) -> str | None:
    if row.seq != expected_seq:
        if row.seq < expected_seq:
            return f"stands where row {expected_seq} is due"
        missing = (
            f"row {expected_seq} is"
            if row.seq == expected_seq + 1
            else f"rows {expected_seq} to {row.seq - 1} are"
        )
        return f"{missing} missing before it"
    if row.previous != head:
        return "does not follow the row before it: one of the two was inserted or changed"
    try:
        is_sealed = row_hash(*row[:7]) == row.hash
    except TypeError:
        return "was changed: it holds a number where text belongs"
    return None if is_sealed else "was changed: its hash does not fit its columns"


def _flaw_beside(row: StoredRow, erased: dict[Part, int]) -> str | None:
    found: dict[str, str] = {}
    lost: list[Part] = []
    for part, salt, data in row.personal:
        if salt is None and data is None:
            lost.append(part)
        elif salt is None or data is None or len(salt) != SALT_BYTES:
            return f"its {part} part is half erased"
        else:
            found[part] = hashlib.sha256(TAG + salt + data).hexdigest()
    # Most rows are whole and written by us, in canonical order: compare without parsing.
    if not lost:
        pairs = ",".join([f'"{part}":"{found[part]}"' for part in sorted(found)])
        if row.commitments == f"{{{pairs}}}".encode():
            return None
    flaw = _flaw_of_parts(row.commitments, found, lost)
    if flaw is None:
        for part in lost:
            erased[part] = erased.get(part, 0) + 1
    return flaw


def _flaw_of_parts(sealed: bytes, found: dict[str, str], lost: list[Part]) -> str | None:
    try:
        promised: dict[str, str] = dict(json.loads(sealed))
    except (ValueError, TypeError):
        return "its commitments cannot be read"
    for name, seal_ in promised.items():
        if name in found and found[name] != seal_:
            return f"its {name} part was changed: it does not fit its commitment"
        if name not in found and name not in lost:
            return f"its {name} part is gone: the row beside it was deleted, not erased"
    for name in (*found, *lost):
        if name not in promised:
            return f"has a {name} part that was never sealed: it was put there afterwards"
    return None
