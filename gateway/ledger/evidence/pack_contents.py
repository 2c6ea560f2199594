"""What an evidence pack is made of: the chain, and the personal data of the chosen findings.

The columns are as they are stored; nothing is written anew. Of the events that belong to no chosen
finding only the sealed columns are given, in which no person is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.errors import LedgerError
from gateway.ledger.record.chain import row_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.ledger.query.ledger_reader import LedgerReader
    from gateway.ledger.questions.filters import Filters

_EVENT = "e.seq, e.id, e.at, e.kind, e.facts, e.commitments, e.previous, e.hash"

# The events of the chosen findings, each by the index on the fact that ties it. CROSS JOIN keeps
# SQLite from walking all events instead; the plus takes the affinity away, as in the schema.
_OF_CHOSEN = """\
WITH chosen (seq, id, notice) AS MATERIALIZED (
  SELECT seq, id, notice_id FROM facet WHERE {condition}
), kept (seq) AS MATERIALIZED (
  SELECT seq FROM chosen
  UNION SELECT x.seq FROM chosen c CROSS JOIN event x
    WHERE x.kind = 'SETTLED' AND json_extract(x.facts, '$.observed') = +c.id
  UNION SELECT x.seq FROM chosen c CROSS JOIN event x
    WHERE x.kind = 'DISPOSED' AND json_extract(x.facts, '$.observed') = +c.id
  UNION SELECT x.seq FROM chosen c CROSS JOIN event x
    WHERE x.kind IN ('HELD', 'RELEASED') AND json_extract(x.facts, '$.observed') = +c.id
  UNION SELECT x.seq FROM chosen c CROSS JOIN event x
    WHERE x.kind = 'NOTIFIED' AND json_extract(x.facts, '$.notice') = +c.notice
)
"""
_ALL = f"SELECT {_EVENT} FROM event e ORDER BY e.seq"  # noqa: S608 - our words
_CHOSEN = f"SELECT {_EVENT} FROM kept k JOIN event e ON e.seq = k.seq ORDER BY e.seq"  # noqa: S608
_PARTS = """\
SELECT p.event, p.part, p.salt, p.data FROM kept k JOIN event e ON e.seq = k.seq
JOIN personal p ON p.event = e.id ORDER BY k.seq, p.part"""


class SealedEvent(NamedTuple):
    """One event as it is stored; ``previous`` and ``hash`` in hex."""

    seq: int
    id: str
    at: str
    kind: str
    facts: str
    commitments: str
    previous: str
    hash: str


class PersonalPart(NamedTuple):
    """One personal part as it is stored, the salt in hex; an erased one has neither."""

    event: str
    part: str
    salt: str | None
    data: str | None


def sealed_events(
    reader: LedgerReader, filters: Filters | None, progress: Callable[[int], None] = lambda _: None
) -> Iterator[SealedEvent]:
    """All events in their order; with ``filters`` only those of the findings that they choose.

    ``progress`` hears the ``seq`` of each. Each is checked on its way: a pack of a ledger that is
    not intact would prove the wrong thing. Raises ``LedgerError`` for the first that is not as it
    was sealed.
    """
    is_whole = filters is None
    rows = reader.stream(_ALL, {}) if filters is None else _of_chosen(reader, filters, _CHOSEN)
    head = bytes(32)
    for row in rows:
        seq, identity, at, kind, facts, commitments, previous, digest = row
        one, two, three = identity.encode(), at.encode(), kind.encode()
        sealed = row_hash(seq, one, two, three, facts.encode(), commitments.encode(), previous)
        is_sealed = sealed == digest
        if not is_sealed or (is_whole and previous != head):
            raise LedgerError(
                f"row {seq} ({identity}) is not as it was sealed, so there is nothing to prove "
                "with a pack: run `monition audit verify`"
            )
        head = digest
        progress(seq)
        yield SealedEvent._make((*row[:6], previous.hex(), digest.hex()))


def personal_parts(reader: LedgerReader, filters: Filters) -> Iterator[PersonalPart]:
    """The personal parts of the events of the findings that the filters choose, in their order."""
    for event, part, salt, data in _of_chosen(reader, filters, _PARTS):
        yield PersonalPart(event, part, None if salt is None else salt.hex(), data)


def _of_chosen(reader: LedgerReader, filters: Filters, select: str) -> Iterator[tuple[Any, ...]]:
    condition, values = reader.condition(filters)
    return reader.stream(_OF_CHOSEN.format(condition=condition) + select, values)
