"""One object of the database: a table, an index, a trigger or a view, by its exact text."""

from __future__ import annotations

from typing import NamedTuple


class SchemaObject(NamedTuple):
    """Its type and name as ``sqlite_master`` has them, with the statement that makes it."""

    type: str
    name: str
    sql: str
