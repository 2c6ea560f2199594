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
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.ledger.record.record import (
    SALT_BYTES,
    TAG,
    EventKind,
    Part,
    Record,
    canonical,
    commitments,
)
from gateway.model import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = bytes(32)
"""The ``previous`` of the first event."""

# Spelt out beforehand: a verification asks for seven of them a row, nearly all of them short.
_TABLED = 4096
_LENGTHS = tuple(length.to_bytes(8) for length in range(_TABLED))
_BEGINNING = len(TAG).to_bytes(8) + TAG

_ERASED = EventKind.ERASED.value.encode()
_MODULUS = 1 << 256


class StoredRow(NamedTuple):
    """One event as it is stored, text as its UTF-8 bytes, with its personal parts behind it.

    A part that is not there has no name either; an erased one has neither salt nor data. A plain
    tuple of the same columns serves as well: a verification makes no objects of what is sound.
    """

    seq: int
    id: bytes
    at: bytes
    kind: bytes
    facts: bytes
    commitments: bytes
    previous: bytes
    hash: bytes
    sender: bytes | None = None
    sender_salt: bytes | None = None
    sender_data: bytes | None = None
    recipient: bytes | None = None
    recipient_salt: bytes | None = None
    recipient_data: bytes | None = None
    notes: bytes | None = None
    notes_salt: bytes | None = None
    notes_data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A place in the chain, to be kept where the ledger's writer cannot reach it.

    ``hash`` is in hex; ``id`` and ``at`` are the event's own. Of an empty ledger ``seq`` is 0,
    ``hash`` the root's, and the other two are ``None``.
    """

    seq: int
    hash: str
    id: str | None
    at: str | None


@dataclass(slots=True)
class ChainWalk:
    """What a verification has seen so far; whole once it has ended.

    ``erased`` counts, for each part, the events that lost it; ``parts`` are all the personal parts
    that were met, the erased ones too. ``lost`` and ``told`` are the parts that are erased and
    those that an ERASED tells of, each set as one number (:func:`summed`): they are to be the same.
    """

    events: int = 0
    head: bytes = ROOT
    erased: dict[Part, int] = field(default_factory=dict)
    parts: int = 0
    lost: int = 0
    told: int = 0
    checkpoint_met: bool = False


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first thing wrong: ``what`` is a sentence without its subject, the row.

    ``seq`` is ``None`` where it is not one row (a missing trigger), and the sentence then whole.
    """

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

    ``previous`` is the hash of row ``seq - 1``, :data:`ROOT` for the first. Raises ``TypeError`` or
    ``ValueError`` for what cannot be written canonically.
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
    """SHA-256 over the tag and every other column, each behind its length in eight bytes.

    Text as its UTF-8 bytes, ``seq`` in decimal; the lengths big-endian. Gives the 32 bytes. Raises
    ``TypeError`` for a column that is no bytes.
    """
    number = b"%d" % seq
    length = _LENGTHS
    try:
        columns: tuple[bytes, ...] = (
            _BEGINNING,
            length[len(number)],
            number,
            length[len(id_)],
            id_,
            length[len(at)],
            at,
            length[len(kind)],
            kind,
            length[len(facts)],
            facts,
            length[len(sealed)],
            sealed,
            length[len(previous)],
            previous,
        )
    except IndexError:
        long = (number, id_, at, kind, facts, sealed, previous)
        columns = (_BEGINNING, *(each for one in long for each in (len(one).to_bytes(8), one)))
    return hashlib.sha256(b"".join(columns)).digest()


def verify(
    rows: Iterable[tuple[Any, ...]], walk: ChainWalk, checkpoint: Checkpoint | None = None
) -> Flaw | None:
    """Walk the rows, in the order of ``seq`` from the first; returns the first flaw.

    A row has the columns of :class:`StoredRow`, whatever tuple it is. They are streamed: nothing
    is kept of them. ``walk`` holds the figures, before a flaw too. A ``checkpoint`` must be met
    on the way, with its hash. ``None``: nothing is wrong.
    """
    for row in rows:
        # Nearly all rows are as they were written: one look settles it. Any other is looked at
        # again with care, to be named or to be found lawfully erased.
        parts = _parts_if_whole(row, walk.events + 1, walk.head)
        flaw = None
        if parts is None:
            flaw = _flaw_of(row, walk.events + 1, walk.head) or _flaw_beside(row, walk)
        else:
            walk.parts += parts
        if flaw is None and checkpoint is not None and row[0] == checkpoint.seq:
            walk.checkpoint_met = True
            if row[7].hex() != checkpoint.hash:
                flaw = (
                    f"its hash is {row[7].hex()}, but the checkpoint kept {checkpoint.hash}: "
                    "the ledger was rewritten up to here, or the checkpoint is another ledger's"
                )
        if flaw is not None:
            return Flaw(row[0], _text(row[1]), flaw)
        if row[3] == _ERASED:
            walk.told = _told(row[4], walk.told)
        walk.events += 1
        walk.head = row[7]
    if checkpoint is not None and checkpoint.seq > walk.events:
        return Flaw(
            None,
            None,
            f"the ledger ends at row {walk.events}, but the checkpoint was taken at row "
            f"{checkpoint.seq}: its tail was cut off, or it is another ledger",
        )
    return None


def _parts_if_whole(row: tuple[Any, ...], expected_seq: int, head: bytes) -> int | None:
    """How many parts a row has that is in its place and unchanged, with nothing erased.

    ``None`` says nothing but that it needs a closer look. Commitments are compared as text, in
    the one spelling that this version writes; one of another spelling is looked at closer too.
    """
    seq, id_, at, kind, facts, sealed, previous, digest, *beside = row
    sender, s_salt, s_data, recipient, r_salt, r_data, notes, n_salt, n_data = beside
    try:
        if (
            seq != expected_seq
            or previous != head
            or row_hash(seq, id_, at, kind, facts, sealed, previous) != digest
        ):
            return None
        if notes is None:
            if sender is None:
                return 0 if recipient is None and sealed == b"{}" else None
            r_hash = hashlib.sha256(b"".join((TAG, r_salt, r_data))).hexdigest()
            s_hash = hashlib.sha256(b"".join((TAG, s_salt, s_data))).hexdigest()
            pair = f'{{"recipient":"{r_hash}","sender":"{s_hash}"}}'
            is_whole = sealed == pair.encode() and len(r_salt) == len(s_salt) == SALT_BYTES
            return 2 if is_whole else None
        if sender is None and recipient is None:
            n_hash = hashlib.sha256(b"".join((TAG, n_salt, n_data))).hexdigest()
            is_whole = sealed == f'{{"notes":"{n_hash}"}}'.encode() and len(n_salt) == SALT_BYTES
            return 1 if is_whole else None
    except TypeError:
        # A part that is erased, or a number where text belongs.
        return None
    return None


def _flaw_of(columns: tuple[Any, ...], expected_seq: int, head: bytes) -> str | None:
    row = StoredRow._make(columns)
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


def _flaw_beside(columns: tuple[Any, ...], walk: ChainWalk) -> str | None:
    row = StoredRow._make(columns)
    found: dict[str, str] = {}
    lost: list[Part] = []
    for part, name, salt, data in (
        (Part.SENDER, row.sender, row.sender_salt, row.sender_data),
        (Part.RECIPIENT, row.recipient, row.recipient_salt, row.recipient_data),
        (Part.NOTES, row.notes, row.notes_salt, row.notes_data),
    ):
        if name is None:
            continue
        if salt is None and data is None:
            lost.append(part)
        elif not isinstance(salt, bytes) or not isinstance(data, bytes) or len(salt) != SALT_BYTES:
            return f"its {part} part is half erased"
        else:
            found[part] = hashlib.sha256(TAG + salt + data).hexdigest()
    flaw = _flaw_of_parts(row.commitments, found, lost)
    if flaw is None:
        walk.parts += len(found) + len(lost)
        for part in lost:
            walk.erased[part] = walk.erased.get(part, 0) + 1
            walk.lost = summed(walk.lost, row.id, part.encode())
    return flaw


def summed(sum_: int, event: bytes, part: bytes) -> int:
    """A set of erased parts as one number, whatever their order; this one added to it.

    So millions of them are compared without one of them being kept.
    """
    digest = hashlib.sha256(b"%b %b" % (event, part)).digest()
    return (sum_ + int.from_bytes(digest)) % _MODULUS


def _told(facts: bytes, sum_: int) -> int:
    # Whose seal holds was written by a Monition; of one that told no ids there is nothing to add.
    for part, events in (json.loads(facts).get("of") or {}).items():
        for event in events:
            sum_ = summed(sum_, event.encode(), part.encode())
    return sum_


def _flaw_of_parts(sealed: bytes, found: dict[str, str], lost: list[Part]) -> str | None:
    try:
        promised: dict[str, str] = dict(json.loads(sealed))
    except (ValueError, TypeError):
        return "its commitments cannot be read"
    if promised and not found and not lost:
        return "its personal data is gone: the row beside it was deleted, not erased"
    for name, seal_ in promised.items():
        if name in found and found[name] != seal_:
            return f"its {name} part was changed: it does not fit its commitment"
        if name not in found and name not in lost:
            return f"its {name} part is gone: the row beside it was deleted, not erased"
    for name in (*found, *lost):
        if name not in promised:
            return f"has a {name} part that was never sealed: it was put there afterwards"
    return None


def _text(value: object) -> str:
    return value.decode("ascii", "backslashreplace") if isinstance(value, bytes) else str(value)
