"""Words that a person remembers into the names that the ledger holds (behaviour A7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.filters import Names

if TYPE_CHECKING:
    import sqlite3

_FIELDS = {"sender": "senders", "recipient": "recipients", "entity": "entities"}


def search(connection: sqlite3.Connection, text: str) -> Names:
    """The names in which all words of the text stand, each as the beginning of a word."""
    words = [word for word in "".join(s if s.isalnum() else " " for s in text).split() if word]
    if not words:
        return Names()
    query = " AND ".join(f'"{word}"*' for word in words)
    found: dict[str, list[str]] = {field: [] for field in _FIELDS.values()}
    for kind, value in connection.execute(
        "SELECT kind, value FROM name WHERE id IN "
        "(SELECT rowid FROM name_text WHERE name_text MATCH ?)",
        (query,),
    ):
        found[_FIELDS[kind]].append(value)
    return Names(**{field: tuple(values) for field, values in found.items()})
