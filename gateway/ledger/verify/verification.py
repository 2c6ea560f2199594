"""Is the ledger intact? The chain walked, the schema compared, the file's own structure checked.

Three questions, because each covers what the others cannot see: the chain finds a changed,
deleted or inserted row, and a part that is erased without an ERASED that tells of it; the schema's
texts find a trigger that was taken out; what the rows are found by
(:mod:`gateway.ledger.verify.derived_tables_check`) must lead to all of them, or lists would leave
some out.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.ledger.record.chain import ChainWalk, Checkpoint, Flaw, verify
from gateway.ledger.schema.current_schema import schema_differences
from gateway.ledger.verify import derived_tables_check
from gateway.ledger.verify.erasure_check import untold_erasures

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gateway.ledger.record.record import Part

# The columns of StoredRow.
_ROWS = """\
SELECT e.seq, e.id, e.at, e.kind, e.facts, e.commitments, e.previous, e.hash,
  s.part, s.salt, s.data, r.part, r.salt, r.data, n.part, n.salt, n.data
FROM event e NOT INDEXED
LEFT JOIN personal s ON s.event = e.id AND s.part = 'sender'
LEFT JOIN personal r ON r.event = e.id AND r.part = 'recipient'
LEFT JOIN personal n ON n.event = e.id AND n.part = 'notes'
ORDER BY e.seq"""

_STRAYS = """\
SELECT p.event, p.part FROM personal p LEFT JOIN event e ON e.id = p.event
WHERE e.id IS NULL OR p.part NOT IN ('sender', 'recipient', 'notes') LIMIT 1"""

# Rows taken at a time: few enough to be no memory, many enough to be no work.
_TOGETHER = 500

# Told of now and then: a person who waits wants to see it move.
_STEP = 20_000


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a verification found. ``flaws`` is empty for a ledger that is intact.

    ``events`` and ``head``, a hash in hex, go as far as the chain was found sound. ``erased``
    counts, for each part, the events that lost it.
    """

    flaws: tuple[Flaw, ...]
    events: int
    head: str
    erased: Mapping[Part, int]

    @property
    def is_intact(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.flaws


def verify_ledger(
    path: Path,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> VerificationResult:
    """Check all of the ledger at ``path``; writers are not held up. What is wrong is a flaw.

    With a ``checkpoint`` the chain must hold it. ``progress`` hears the number of rows walked so
    far. Raises ``LedgerError`` where there is no ledger to check.
    """
    walk = ChainWalk()
    with (
        ThreadPoolExecutor(2) as others,
        closing(derived_tables_check.open_for_verification(path)) as connection,
    ):
        # Both are SQLite's own work, and need no interpreter meanwhile.
        beside = [others.submit(check, path) for check in derived_tables_check.CHECKS]
        flaws = _chain_flaws(connection, walk, checkpoint, progress)
        for check in beside:
            flaws += check.result()
    return VerificationResult(tuple(flaws), walk.events, walk.head.hex(), dict(walk.erased))


def _chain_flaws(
    connection: sqlite3.Connection,
    walk: ChainWalk,
    checkpoint: Checkpoint | None,
    progress: Callable[[int], None],
) -> list[Flaw]:
    flaws: list[Flaw] = []
    try:
        # One snapshot: the schema and the rows of one moment.
        connection.execute("BEGIN")
        flaws += [Flaw(None, None, one.what) for one in schema_differences(connection)]
        if flaw := verify(_rows(connection, progress), walk, checkpoint):
            flaws.append(flaw)
        elif walk.lost != walk.told:
            flaws += untold_erasures(connection)
        flaws += _stray_parts(connection, walk)
    except derived_tables_check.UNREADABLE as error:
        where = f"after row {walk.events} the file cannot be read: {error}"
        flaws.append(Flaw(None, None, where))
    return flaws


def _stray_parts(connection: sqlite3.Connection, walk: ChainWalk) -> Iterator[Flaw]:
    # The walk met all parts but those that belong to no event; only a difference needs a search.
    (parts,) = connection.execute("SELECT count(*) FROM personal").fetchone()
    if parts == walk.parts:
        return
    for event, part in connection.execute(_STRAYS):
        shown = derived_tables_check.shown_text(part)
        what = f"personal data ({shown}) is there of an event that is not"
        yield Flaw(None, None, f"{what}: {derived_tables_check.shown_text(event)}")


def _rows(
    connection: sqlite3.Connection, progress: Callable[[int], None]
) -> Iterator[tuple[Any, ...]]:
    cursor = connection.execute(_ROWS)
    walked = 0
    while rows := cursor.fetchmany(_TOGETHER):
        yield from rows
        walked += len(rows)
        if walked % _STEP == 0:
            progress(walked)
