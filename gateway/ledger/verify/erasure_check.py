"""Erasures compared with the ERASED events: parts that none tells of, or that are back though told.

Whether there is any such part, the walk knows already by two numbers; only where these differ is
it worth the memory to look for them by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ledger.record.chain import Flaw

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

# The first of the two kinds is there for the index, which is for both.
_TOLD = """\
SELECT CAST(i.value AS TEXT) AS event, CAST(p.key AS TEXT) AS part FROM event e
JOIN json_each(e.facts, '$.of') p JOIN json_each(p.value) i
WHERE e.kind IN ('JOURNALLED', 'ERASED') AND e.kind = 'ERASED'"""

# Rows are counted too: what is wrong with one is mostly wrong with many.
_UNTOLD = f"""\
WITH told (event, part) AS ({_TOLD}), wrong AS (
  SELECT e.seq, p.event, p.part FROM personal p JOIN event e ON e.id = p.event
  WHERE p.data IS NULL AND (p.event, p.part) NOT IN (SELECT event, part FROM told)
)
SELECT seq, event, part, (SELECT count(*) FROM wrong) FROM wrong ORDER BY seq, part LIMIT 1"""  # noqa: S608

_PUT_BACK = f"""\
WITH told (event, part) AS ({_TOLD}), wrong AS (
  SELECT e.seq, p.event, p.part FROM personal p JOIN event e ON e.id = p.event
  WHERE p.data IS NOT NULL AND (p.event, p.part) IN (SELECT event, part FROM told)
)
SELECT seq, event, part, (SELECT count(*) FROM wrong) FROM wrong ORDER BY seq, part LIMIT 1"""  # noqa: S608

_TWICE = f"""\
WITH told (event, part) AS ({_TOLD})
SELECT e.seq, t.event, t.part, count(*) FROM told t LEFT JOIN event e ON e.id = t.event
GROUP BY t.event, t.part HAVING count(*) > 1 OR e.seq IS NULL ORDER BY e.seq LIMIT 1"""  # noqa: S608

_CASES = (
    (
        _UNTOLD,
        "part was erased by other means than Monition's: no ERASED of the ledger tells of it",
    ),
    (_PUT_BACK, "part was put back: an ERASED of the ledger tells that it was erased"),
)


def untold_erasures(connection: sqlite3.Connection) -> Iterator[Flaw]:
    """The first part of either sort, with how many there are; asked where there is any.

    The connection gives text as bytes. Raises ``sqlite3.DatabaseError`` for a damaged file.
    """
    is_named = False
    for query, what in _CASES:
        for seq, event, part, count in connection.execute(query):
            is_named = True
            more = f" (the first of {count} parts)" if count > 1 else ""
            yield Flaw(seq, _text(event), f"its {_text(part)} {what}{more}")
    if is_named:
        return
    for seq, event, part, _ in connection.execute(_TWICE):
        what = f"ERASED tells of its {_text(part)} part, which is not there, or tells of it twice"
        yield Flaw(seq, _text(event), what)


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
