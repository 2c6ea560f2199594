"""Erasing the names that findings are sought by, once no finding bears them any more (A3).

They go in the transaction that erases the last finding of theirs: whoever looks in between must
not meet a name without a finding, which ``verify`` takes for a forged one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.office import office_writer
from gateway.ledger.store.open_database import reading, translated_errors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlite_utils import Database

Known = tuple[str, str]
"""``sender`` or ``recipient``, and the name as the table ``facet`` holds it."""

TOGETHER = 2000
"""Names taken out in one transaction."""

_UNBORNE = """\
SELECT kind, value FROM name WHERE kind = 'sender'
  AND NOT EXISTS (SELECT 1 FROM facet WHERE sender = name.value)
UNION ALL SELECT kind, value FROM name WHERE kind = 'recipient'
  AND NOT EXISTS (SELECT 1 FROM facet WHERE recipient = name.value)"""

_IS_BORNE = """\
SELECT 1 FROM facet WHERE (:kind = 'sender' AND sender = :value)
  OR (:kind = 'recipient' AND recipient = :value) LIMIT 1"""


def of_finding(database: Database, finding: str) -> set[Known]:
    """The names that a finding is sought by; none for an event that is no finding."""
    row = database.execute(
        "SELECT sender, recipient FROM facet WHERE id = ?", (finding,)
    ).fetchone()
    kinds = ("sender", "recipient")
    return {(kind, value) for kind, value in zip(kinds, row or (), strict=False) if value}


def erase_unused(database: Database, known: Iterable[Known]) -> int:
    """Take out those that no finding bears any more, of the index as well; how many."""
    gone = 0
    for kind, value in sorted(known):
        if database.execute(_IS_BORNE, {"kind": kind, "value": value}).fetchone():
            continue
        row = database.execute(
            "SELECT id FROM name WHERE kind = ? AND value = ?", (kind, value)
        ).fetchone()
        if row is None:
            continue
        database.execute(
            "INSERT INTO name_text (name_text, rowid, value) VALUES ('delete', ?, ?)",
            (row[0], value),
        )
        database.execute("DELETE FROM name WHERE id = ?", row)
        gone += 1
    return gone


def rebuild(path: Path) -> None:
    """Make the index anew, and take out first whatever an erasure by hand left among the names.

    What was only struck out of the index would stay in its pages until some later merge (SQLite's
    documentation, "FTS5", the 'rebuild' command). Raises ``LedgerError``.
    """
    with reading(path) as database:
        unborne = database.execute(_UNBORNE).fetchall()
    with office_writer.open_ledger(path) as store:
        for start in range(0, len(unborne), TOGETHER):
            with store.transaction(), translated_errors(path):
                erase_unused(store.database, unborne[start : start + TOGETHER])
        with store.transaction(), translated_errors(path):
            store.database.execute("INSERT INTO name_text (name_text) VALUES ('rebuild')")
