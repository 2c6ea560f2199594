"""A snapshot for Datasette: findings by pseudonym, in an SQLite database of their own.

It is made of what a reading by pseudonyms shows, row by row, and of nothing else: no personal part,
no salt, no key, no free text can come into it. It is no ledger and proves nothing.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from gateway.errors import LedgerError
from gateway.ledger.query.logged_reading import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

# Of people, always null by pseudonym; what stands in them is not even named.
_LEFT_OUT = frozenset({"reply", "queue_id", "next_queue_id", "message_id", "client"})
KEPT = tuple(name for name in COLUMNS if name not in _LEFT_OUT)
"""The columns of a finding that a snapshot has."""

_BATCH = 10_000

# What Datasette counts on the page of findings, in config/datasette/metadata.json.
_FACETS = ("entity_name", "tier", "outcome", "disposition", "department")

_TABLES = (
    f"CREATE TABLE finding ({', '.join(KEPT)}, PRIMARY KEY (id))",
    "CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT)",
)
_INDEXES = tuple(
    f"CREATE INDEX finding_{name} ON finding ({name})"
    for name in ("at", "sender", "entity", *_FACETS)
)
# What an office asks most, ready to be opened as a page of its own.
VIEWS = {
    "entity": """\
SELECT entity, entity_name, list, tier, count(*) AS findings, count(DISTINCT sender) AS senders,
  sum(disposition = 'open') AS open, min(at) AS first_at, max(at) AS last_at
FROM finding GROUP BY entity, entity_name, list, tier ORDER BY findings DESC""",
    "person": """\
SELECT sender, department, count(*) AS findings, count(DISTINCT entity) AS institutions,
  sum(notice = 'sent') AS notices, min(at) AS first_at, max(at) AS last_at
FROM finding WHERE sender IS NOT NULL GROUP BY sender, department ORDER BY findings DESC""",
    "department": """\
SELECT coalesce(department, 'unknown') AS department, count(*) AS findings,
  count(DISTINCT sender) AS senders, sum(disposition = 'open') AS open
FROM finding GROUP BY 1 ORDER BY findings DESC""",
    "week": """\
SELECT date(at, 'weekday 0', '-6 days') AS monday, count(*) AS findings,
  count(DISTINCT sender) AS senders, sum(notice = 'sent') AS notices
FROM finding GROUP BY monday ORDER BY monday DESC""",
    "open_case": """\
SELECT id, at, sender, department, entity_name, tier, outcome, notice
FROM finding WHERE disposition = 'open' ORDER BY at""",
}


def write_snapshot(
    path: Path,
    rows: Iterable[Mapping[str, Any]],
    about: Mapping[str, str],
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Fill an empty file with findings that a reading by pseudonyms gave; returns how many.

    Each row has the keys of :data:`KEPT`; ``about`` goes into a table of that name; ``progress``
    hears how many rows were written. Raises ``LedgerError``, above all for a full disk.
    """
    try:
        return _filled(path, rows, about, progress)
    except sqlite3.Error as error:
        raise LedgerError(f"the snapshot cannot be written ({error}): is its disk full?") from error


def _filled(
    path: Path,
    rows: Iterable[Mapping[str, Any]],
    about: Mapping[str, str],
    progress: Callable[[int], None],
) -> int:
    insert = f"INSERT INTO finding VALUES ({', '.join('?' * len(KEPT))})"  # noqa: S608
    count = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        # One writer and a file that nobody knows yet: it is synced as a whole when it is done.
        for pragma in ("journal_mode = off", "synchronous = off", "page_size = 4096"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN")
        for statement in _TABLES:
            database.execute(statement)
        for count, row in enumerate(rows, 1):
            database.execute(insert, [_value(row[name]) for name in KEPT])
            if count % _BATCH == 0:
                progress(count)
        database.executemany("INSERT INTO about VALUES (?, ?)", about.items())
        for statement in _INDEXES:
            database.execute(statement)
        for name, select in VIEWS.items():
            database.execute(f"CREATE VIEW {name} AS {select}")
        database.execute("COMMIT")
        database.execute("ANALYZE")
    return count


def description(made_at: datetime, *, seq: int, version: str) -> dict[str, str]:
    """What a snapshot says of itself: the table ``about``, by name."""
    return {
        "made_at": made_at.isoformat(timespec="seconds"),
        "of_the_ledger_up_to_row": str(seq),
        "monition": version,
        "people": "pseudonyms: the same for the same person, also in later snapshots",
    }


def _value(value: object) -> object:
    """A licence may have been written with a name in it: whatever holds an address stays out."""
    return None if isinstance(value, str) and "@" in value and not _is_pseudonym(value) else value


def _is_pseudonym(value: str) -> bool:
    return value.startswith("person-") and value.count("@") == 1
