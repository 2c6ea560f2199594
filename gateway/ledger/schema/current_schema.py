"""The schema of today, and the way to it: every object of the database has its exact text.

``verify`` compares what a file holds with these texts, so a trigger that was dropped, or put back
without its teeth, is found. A change is a new migration; texts that were released never change.
Kept to what SQLite 3.34 understands (enterprise distributions ship it beside Python 3.11): no
STRICT, no ``->>``, no RETURNING. FTS5 must be built in, as it is wherever Python is packaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.ledger.schema import schema_v1, schema_v2

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

APPLICATION_ID = 0x4D6F6E69
"""``Moni``, in the file's header: tells a ledger from any other SQLite database."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    tuple(entry.sql for entry in schema_v1.OBJECTS),
    schema_v2.STATEMENTS,
)
"""The statements that lead from each version to the next; the first from an empty file."""

VERSION = len(MIGRATIONS)
"""``PRAGMA user_version`` of a ledger of today."""

EXPECTED = (
    *(entry for entry in schema_v1.OBJECTS if entry.name not in schema_v2.REPLACED),
    *schema_v2.OBJECTS,
)
"""Every object that a ledger of today holds."""


class SchemaDifference(NamedTuple):
    """One object that is not as it should be; ``what`` is a sentence without its full stop."""

    name: str
    what: str


def schema_differences(connection: sqlite3.Connection) -> Iterator[SchemaDifference]:
    """Where the objects of an open database are not those of :data:`EXPECTED`.

    A strange trigger or view can falsify what is written or shown; a strange table holds what no
    erasure looks for. The full-text index keeps tables of its own, and so does SQLite. Raises
    ``sqlite3.DatabaseError`` where the file is damaged.
    """
    found = {
        (_text(type_), _text(name)): _text(sql)
        for type_, name, sql in connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    }
    for type_, name, sql in EXPECTED:
        there = found.pop((type_, name), None)
        if there is None:
            yield SchemaDifference(name, f"the {type_} {name} is missing")
        elif there != sql:
            yield SchemaDifference(name, f"the {type_} {name} was changed")
    for type_, name in found:
        if type_ in ("trigger", "view") or (type_ == "table" and name not in schema_v2.SHADOWS):
            yield SchemaDifference(name, f"the {type_} {name} is none of the ledger's")


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
