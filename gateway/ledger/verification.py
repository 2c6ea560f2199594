"""Is the ledger intact? The chain walked, the schema compared, the file's own structure checked.

Three questions, because each covers what the others cannot see: the chain finds a changed,
deleted or inserted row; the schema's texts find a trigger that was taken out; SQLite's own check
finds an index that no longer leads to its rows, which would make lists leave them out.
"""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.errors import LedgerError
from gateway.ledger.chain import ROOT, Checkpoint, Flaw, StoredPart, StoredRow, Walk, verify
from gateway.ledger.opening import open_for_reading
from gateway.ledger.record import TAG, Part
from gateway.ledger.schema import differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sqlite_utils import Database

_ROWS = """\
SELECT e.seq, e.id, e.at, e.kind, e.facts, e.commitments, e.previous, e.hash,
  s.event, s.salt, s.data, r.event, r.salt, r.data, n.event, n.salt, n.data
FROM event e NOT INDEXED
LEFT JOIN personal s ON s.event = e.id AND s.part = 'sender'
LEFT JOIN personal r ON r.event = e.id AND r.part = 'recipient'
LEFT JOIN personal n ON n.event = e.id AND n.part = 'notes'
ORDER BY e.seq"""

_STRAYS = """\
SELECT p.event, p.part FROM personal p LEFT JOIN event e ON e.id = p.event
WHERE e.id IS NULL OR p.part NOT IN ('sender', 'recipient', 'notes') LIMIT 1"""

_SOUGHT_BY = (
    "id, at, sender, recipient, department, standing, kind, tier, entity, entity_name, list, "
    "programme, matched, rule, action, policy_rule, outcome, notice, notice_id, disposition, "
    "licence, held"
)

# What chooses the rows of a list against what the sealed events say of them.
_FACETS = f"""\
SELECT s.seq, s.id FROM sealed_facet s LEFT JOIN facet f ON f.seq = s.seq
WHERE ({", ".join(f"f.{name}" for name in _SOUGHT_BY.split(", "))})
  IS NOT ({", ".join(f"s.{name}" for name in _SOUGHT_BY.split(", "))})
LIMIT 1"""  # noqa: S608 - column names only

_STRAY_FACETS = """\
SELECT f.seq, f.id FROM facet f LEFT JOIN event e ON e.seq = f.seq AND e.kind = 'OBSERVED'
WHERE e.seq IS NULL LIMIT 1"""

# The module cannot tell an error in whose words SQLite quotes a damaged schema.
_UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)

# Told of now and then: a person who waits wants to see it move.
_STEP = 20_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. ``flaws`` is empty for a ledger that is intact.

    ``events`` and ``head`` go as far as the chain was found sound.
    """

    flaws: tuple[Flaw, ...]
    events: int
    head: str
    erased: Mapping[Part, int]

    @property
    def is_intact(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.flaws


def examine(
    path: Path,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Verdict:
    """Check all of the ledger at ``path``; writers are not held up.

    ``progress`` hears the number of rows walked so far. Raises ``LedgerError`` where there is no
    ledger to check.
    """
    walk = Walk()
    with ThreadPoolExecutor(1) as other, closing(_open(path)) as connection:
        # SQLite's own check takes half the time of all; it needs no interpreter meanwhile.
        structure = other.submit(_structure_flaws, path)
        flaws = _chain_flaws(connection, walk, checkpoint, progress)
        flaws += structure.result()
    return Verdict(tuple(flaws), walk.events, walk.head.hex(), dict(walk.erased))


def take_checkpoint(database: Database) -> Checkpoint:
    """The head of the chain, to be kept elsewhere."""
    row = database.execute(
        "SELECT seq, hash, id, at FROM event ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return Checkpoint(0, ROOT.hex(), None, None)
    return Checkpoint(row[0], row[1].hex(), row[2], row[3])


def checkpoint_as_json(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint as it is printed and kept."""
    return {
        "format": TAG.decode(),
        "seq": checkpoint.seq,
        "hash": checkpoint.hash,
        "id": checkpoint.id,
        "at": checkpoint.at,
    }


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint that was kept. Raises ``LedgerError``."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        checkpoint = Checkpoint(data["seq"], data["hash"], data["id"], data["at"])
        is_sound = (
            data["format"] == TAG.decode()
            and type(checkpoint.seq) is int
            and checkpoint.seq >= 0
            and len(bytes.fromhex(checkpoint.hash)) == len(ROOT)
        )
    except OSError as error:
        raise LedgerError(f"the checkpoint {path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError):
        is_sound = False
    if not is_sound:
        raise LedgerError(
            f"{path} is no checkpoint: it should hold what `monition audit checkpoint` printed"
        )
    return checkpoint


def _open(path: Path) -> sqlite3.Connection:
    connection = open_for_reading(path).conn
    # A byte that was flipped may leave no UTF-8: it is to be found, not stumbled over.
    connection.text_factory = bytes
    return connection


def _chain_flaws(
    connection: sqlite3.Connection,
    walk: Walk,
    checkpoint: Checkpoint | None,
    progress: Callable[[int], None],
) -> list[Flaw]:
    flaws: list[Flaw] = []
    try:
        # One snapshot: the schema and the rows of one moment.
        connection.execute("BEGIN")
        flaws += [Flaw(None, None, one.what) for one in differences(connection)]
        if flaw := verify(_rows(connection, progress), walk, checkpoint):
            flaws.append(flaw)
    except _UNREADABLE as error:
        where = f"after row {walk.events} the file cannot be read: {error}"
        flaws.append(Flaw(None, None, where))
    return flaws


def _structure_flaws(path: Path) -> list[Flaw]:
    flaws: list[Flaw] = []
    try:
        with closing(_open(path)) as connection:
            for event, part in connection.execute(_STRAYS):
                what = f"personal data ({_text(part)}) is there of an event that is not"
                flaws.append(Flaw(None, None, f"{what}: {_text(event)}"))
            for query in (_FACETS, _STRAY_FACETS):
                for seq, event in connection.execute(query):
                    what = (
                        "what it is sought by (its row of the table facet) is not what the event "
                        "says: lists may leave it out or show it in a wrong place"
                    )
                    flaws.append(Flaw(seq, _text(event), what))
            for (line,) in connection.execute("PRAGMA integrity_check(1)"):
                if _text(line) != "ok":
                    flaws.append(Flaw(None, None, f"the file is damaged: {_text(line)}"))
    except _UNREADABLE as error:
        flaws.append(Flaw(None, None, f"the file cannot be read: {error}"))
    return flaws


def _rows(connection: sqlite3.Connection, progress: Callable[[int], None]) -> Iterator[StoredRow]:
    sender, recipient, notes = Part.SENDER, Part.RECIPIENT, Part.NOTES
    for row in connection.execute(_ROWS):
        beside: tuple[StoredPart, ...] = ()
        if row[8] is not None:
            beside = (StoredPart(sender, row[9], row[10]),)
        if row[11] is not None:
            beside += (StoredPart(recipient, row[12], row[13]),)
        if row[14] is not None:
            beside += (StoredPart(notes, row[15], row[16]),)
        if row[0] % _STEP == 0:
            progress(row[0])
        yield StoredRow._make((*row[:8], beside))


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
