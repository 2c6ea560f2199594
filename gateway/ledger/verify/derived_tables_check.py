"""What is derived from the events, compared with them: indexes, facets, names, the outbox.

None of it is sealed, and all of it leads to rows: a list would leave out what it misses.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import sender_in
from gateway.ledger.record.chain import Flaw
from gateway.ledger.schema.schema_v2 import NAME, NAME_TEXT, SHADOWS
from gateway.ledger.store import pseudonyms
from gateway.ledger.store.open_database import open_for_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What a damaged file raises; the module itself cannot tell an error that quotes its schema."""

# An index is looked up in the order of the rows, not its own: with the usual 2 MB most pages
# would be read again and again.
_CACHE_KIB = 16_000

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
ORDER BY s.seq LIMIT 1"""  # noqa: S608 - column names only

_STRAY_FACETS = """\
SELECT f.seq, f.id FROM facet f LEFT JOIN event e ON e.seq = f.seq AND e.kind = 'OBSERVED'
WHERE e.seq IS NULL ORDER BY f.seq LIMIT 1"""

# What recovery looks for, against the facets, which were compared with the events.
_AWAITING = """\
SELECT id FROM facet f NOT INDEXED WHERE outcome = 'pending'
  AND NOT EXISTS (SELECT 1 FROM awaiting WHERE event = f.id)
UNION ALL
SELECT event FROM awaiting
  WHERE NOT EXISTS (SELECT 1 FROM facet WHERE id = event AND outcome = 'pending')
LIMIT 1"""

_OF_NAMES = {"sender": "sender", "recipient": "recipient", "entity": "entity_name"}
_MISSING_NAMES = " UNION ALL ".join(
    f"SELECT '{kind}' FROM (SELECT {column} FROM facet WHERE {column} <> ''"  # noqa: S608
    f" EXCEPT SELECT value FROM name WHERE kind = '{kind}')"
    for kind, column in _OF_NAMES.items()
)
# A person whose data was erased is in no list of names either.
_STRAY_NAMES = """\
SELECT kind FROM name WHERE
  (kind = 'sender' AND NOT EXISTS (SELECT 1 FROM facet WHERE sender = value))
  OR (kind = 'recipient' AND NOT EXISTS (SELECT 1 FROM facet WHERE recipient = value))"""


# The kinds are those of the index watched_at.
_TOLD_KEYS = """\
SELECT seq, id, json_extract(facts, '$.pseudonym_key') FROM event
WHERE kind IN ('STARTED', 'STOPPED', 'HEARTBEAT') AND kind = 'STARTED' ORDER BY seq"""

# What the events say of notices, told by the facets, which were compared with them.
_UNKEPT = """\
SELECT notice_id FROM facet WHERE notice_id IS NOT NULL AND notice = 'queued'
  AND NOT EXISTS (SELECT 1 FROM outbox WHERE id = notice_id AND state = 'queued')
LIMIT 1"""
_UNTOLD = """\
SELECT id FROM outbox o WHERE state = 'queued'
  AND NOT EXISTS (SELECT 1 FROM facet WHERE notice_id = o.id AND notice = 'queued')
LIMIT 1"""
# Events know a sender by one mailbox, the outbox writes to the envelope's address (behaviour S18).
# Only plain addresses: a header may need another spelling of any other than the envelope has.
_MISLED = """\
SELECT o.id, o.recipient, f.sender, json_extract(o.request, '$.mailbox')
FROM outbox o JOIN facet f ON f.id = o.id
WHERE o.state = 'queued' AND f.sender IS NOT NULL
  AND rtrim(lower(o.recipient), '.') <> rtrim(f.sender, '.')
  AND NOT f.sender || o.recipient GLOB '*[^-a-zA-Z0-9@._+=]*'"""
_REQUESTED = """\
SELECT id FROM outbox
WHERE state = 'queued' AND json_extract(request, '$.to') IS NOT recipient LIMIT 1"""
_OUTBOX = (
    (_UNKEPT, "is to be sent, by the events, and does not wait in the outbox: it would never go"),
    (_UNTOLD, "waits in the outbox, and no event says that it is to be sent"),
    (_MISLED, "waits in the outbox for another than the sender of its message"),
    (_REQUESTED, "waits in the outbox for another than its request names"),
)


def open_for_verification(path: Path) -> sqlite3.Connection:
    """Open a ledger for verification, text as bytes. Raises ``LedgerError`` where there is none."""
    connection = open_for_reading(path).conn
    # A byte that was flipped may leave no UTF-8: it is to be found, not stumbled over.
    connection.text_factory = bytes
    return connection


def shown_text(value: object) -> str:
    """A column as it can be told."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def page_flaws(path: Path) -> list[Flaw]:
    """The file's own structure, as SQLite checks it: pages, rows, and every index against them.

    Raises ``LedgerError`` where there is no ledger; a damaged one is a flaw. SQLite's
    documentation, "PRAGMA integrity_check".
    """
    return _found(path, _of_pages)


def derived_table_flaws(path: Path) -> list[Flaw]:
    """What is derived from the events, against the events; raises as :func:`page_flaws` does."""
    return _found(path, _of_derived)


CHECKS = (page_flaws, derived_table_flaws)
"""Each can run beside the others, in a thread of its own."""


def _found(path: Path, check: Callable[[sqlite3.Connection], Iterator[Flaw]]) -> list[Flaw]:
    flaws: list[Flaw] = []
    try:
        with closing(open_for_verification(path)) as connection:
            flaws.extend(check(connection))
    except UNREADABLE as error:
        flaws.append(Flaw(None, None, f"the file cannot be read: {error}"))
    return flaws


def _of_pages(connection: sqlite3.Connection) -> Iterator[Flaw]:
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    for (line,) in connection.execute("PRAGMA integrity_check(1)"):
        if shown_text(line) != "ok":
            yield Flaw(None, None, f"the file is damaged: {shown_text(line)}")


def _of_derived(connection: sqlite3.Connection) -> Iterator[Flaw]:
    # One moment for all of it: writers go on meanwhile.
    connection.execute("BEGIN")
    for query in (_FACETS, _STRAY_FACETS):
        for seq, event in connection.execute(query):
            what = (
                "what it is sought by (its row of the table facet) is not what the event "
                "says: lists may leave it out or show it in a wrong place"
            )
            yield Flaw(seq, shown_text(event), what)
    for (event,) in connection.execute(_AWAITING):
        what = "whether it still awaits its end (the table awaiting) is not what the events say"
        yield Flaw(None, None, f"{shown_text(event)}: {what}")
    for (kind,) in connection.execute(f"{_MISSING_NAMES} LIMIT 1"):
        yield Flaw(
            None, None, f"a {shown_text(kind)} is missing among the names that --text looks in"
        )
    for (stray,) in connection.execute(f"{_STRAY_NAMES} LIMIT 1"):
        kind = shown_text(stray)
        what = f"a {kind} stands among the names whom no finding has: forged, or not erased"
        yield Flaw(None, None, what)
    for seq, event in _other_keys(connection):
        what = (
            "the key of the pseudonyms (table setting) is not the one that this event tells of: "
            "the pseudonyms of the access log lead to nobody any more"
        )
        yield Flaw(seq, shown_text(event), what)
    for notice, what in _odd_notices(connection):
        yield Flaw(None, None, f"the notice {shown_text(notice)} {what}")
    if not _are_indexed(connection):
        yield Flaw(
            None, None, "the full-text index of the names is not theirs: --text may miss one"
        )


def _odd_notices(connection: sqlite3.Connection) -> Iterator[tuple[object, str]]:
    for query, what in _OUTBOX:
        for notice, *spelt in connection.execute(query):
            if not spelt or not _is_one_sender(*map(shown_text, spelt)):
                yield notice, what
                break


def _is_one_sender(written: str, sender: str, mailbox: str) -> bool:
    """Whether a notice's address counts under the sender of its event.

    ``mailbox`` is what the gateway took it for by what it knew of providers, whose other domains
    and dots are not known here.
    """
    mine, theirs = sender_in(written), sender_in(sender)
    if mine.mailbox.rstrip(".") == theirs.mailbox.rstrip("."):
        return True
    names = (mine.local.replace(".", ""), theirs.local.replace(".", ""))
    return mailbox == sender and names[0] == names[1]


def _other_keys(connection: sqlite3.Connection) -> Iterator[tuple[int, object]]:
    """The first event that tells of another key than there is; a ledger may tell of none yet."""
    mine = (pseudonyms.key_digest(connection) or "").encode()
    for seq, event, told in connection.execute(_TOLD_KEYS):
        if told is not None and told != mine:
            yield seq, event
            return


def _are_indexed(connection: sqlite3.Connection) -> bool:
    """Whether the full-text index leads to each name by each of its words.

    FTS5 checks that itself, but takes the question for a write: so it is asked of a copy.
    """
    # Text and blobs must stay what they are; what is no text is told by the error it raises.
    connection.text_factory = str
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        copy.execute(NAME)
        copy.execute(NAME_TEXT)
        copy.execute("BEGIN")
        for table in ("name", *SHADOWS):
            copy.execute(f"DELETE FROM {table}")  # noqa: S608 - names only
            rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608
            places = ", ".join("?" * len(rows.description))
            insert = f"INSERT INTO {table} VALUES ({places})"  # noqa: S608
            copy.executemany(insert, rows)
        try:
            # 1: against the table of the names too, which newer versions leave out by default.
            copy.execute("INSERT INTO name_text (name_text, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError:
            return False
    return True
