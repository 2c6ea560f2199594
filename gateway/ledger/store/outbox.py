"""The outbox's rows: notices waiting to be sent, each leased to one courier at a time.

Functions over an open database, inside the caller's transaction; SQLite's errors are the caller's
to turn into ours. A lease is lost by time or by another's claim; whoever lost it is told so, and
must not say anything about the notice any more. Times are aware.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.ledger.record.record import canonical, parse_timestamp, timestamp
from gateway.ledger.store.settlement import request_as_json, request_from_json, window_owner
from gateway.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlite_utils import Database

_AN_HOUR = timedelta(hours=1)

# A moment further ahead than any courier ever sets comes from a clock that was set back since.
# It must not hold a notice for good.
_FARTHEST_LEASE = timedelta(minutes=10)
_FARTHEST_RETRY = timedelta(days=1)

_COLUMNS = "id, request, created_at, next_at, attempts, not_before, lease_until, last_error"


def windows(database: Database, sender: str, names: Iterable[str]) -> Mapping[str, datetime | None]:
    """When each window of that sender was last opened; ``None``: never.

    ``sender`` is its canonical mailbox, as :func:`queue` keeps it.
    """
    opened: dict[str, datetime | None] = {}
    for name in names:
        row = database.execute(
            "SELECT opened_at FROM notice_window WHERE sender = ? AND window = ?", (sender, name)
        ).fetchone()
        opened[name] = None if row is None else parse_timestamp(row[0])
    return opened


def queue(database: Database, notice: Notice, names: Iterable[str]) -> None:
    """Put a notice into the outbox and open its windows, as of when it was made."""
    database.execute(
        "INSERT INTO outbox (id, recipient, request, created_at, next_at) VALUES (?, ?, ?, ?, ?)",
        (
            notice.id,
            notice.request.to,
            canonical(request_as_json(notice.request)),
            timestamp(notice.created_at),
            timestamp(notice.next_at),
        ),
    )
    sender = window_owner(notice.request)
    for name in names:
        database.execute(
            "INSERT INTO notice_window (sender, window, opened_at, notice) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (sender, window) DO UPDATE "
            "SET opened_at = excluded.opened_at, notice = excluded.notice",
            (sender, name, timestamp(notice.created_at), notice.id),
        )


def waiting(database: Database) -> int:
    """How many notices are neither sent nor given up."""
    (number,) = database.execute("SELECT count(*) FROM outbox WHERE state = 'queued'").fetchone()
    return int(number)


def find(database: Database, notice: str) -> Notice | None:
    """The notice of that id, as it was queued; ``None`` where it is no longer there."""
    row = database.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE id = ?",  # noqa: S608 - names only
        (notice,),
    ).fetchone()
    return None if row is None else _notice(_named(row))


def claim(  # noqa: PLR0913 - Store's words, and the database
    database: Database,
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    limit: int,
    per_hour: int,
) -> tuple[Notice, ...]:
    """Lease what is due to ``owner`` until ``now + lease``, oldest first, at most ``limit``.

    Those sent within the hour and those on their way count against ``per_hour``. Each claim is an
    attempt; ``attempts`` of what is given are those before.
    """
    present = timestamp(now)
    lost = timestamp(now + max(_FARTHEST_LEASE, 2 * lease))
    (busy,) = database.execute(
        "SELECT (SELECT count(*) FROM outbox WHERE state = 'sent' AND sent_at > ? AND sent_at <= ?)"
        " + (SELECT count(*) FROM outbox WHERE state = 'queued' "
        "AND lease_until > ? AND lease_until <= ?)",
        (timestamp(now - _AN_HOUR), timestamp(now + _AN_HOUR), present, lost),
    ).fetchone()
    rows = database.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE state = 'queued' "  # noqa: S608 - names only
        "AND (not_before IS NULL OR not_before <= ? OR not_before > ?) "
        "AND (lease_until IS NULL OR lease_until <= ? OR lease_until > ?) "
        "ORDER BY created_at, id LIMIT ?",
        (
            present,
            timestamp(now + _FARTHEST_RETRY),
            present,
            lost,
            max(0, min(limit, per_hour - busy)),
        ),
    ).fetchall()
    until = timestamp(now + lease)
    for row in rows:
        database.execute(
            "UPDATE outbox SET lease_owner = ?, lease_until = ?, attempts = attempts + 1 "
            "WHERE id = ?",
            (owner, until, row[0]),
        )
    return tuple(_notice({**_named(row), "lease_until": until}) for row in rows)


def renew(database: Database, notice: str, *, owner: str, lease_until: datetime) -> bool:
    """Prolong a lease that is still the owner's; ``False``: it is not."""
    cursor = database.execute(
        "UPDATE outbox SET lease_until = ? WHERE id = ? AND lease_owner = ? AND state = 'queued'",
        (timestamp(lease_until), notice, owner),
    )
    return cursor.rowcount == 1


def finish(
    database: Database, notice: str, *, owner: str, at: datetime, error: str | None
) -> int | None:
    """Close a notice as sent, or with an error as given up; its attempts, or ``None`` if lost."""
    state, sent_at = ("sent", timestamp(at)) if error is None else ("failed", None)
    cursor = database.execute(
        "UPDATE outbox SET state = ?, sent_at = ?, last_error = ?, not_before = NULL, "
        "lease_owner = NULL, lease_until = NULL "
        "WHERE id = ? AND lease_owner = ? AND state = 'queued'",
        (state, sent_at, error, notice, owner),
    )
    if cursor.rowcount != 1:
        return None
    (attempts,) = database.execute("SELECT attempts FROM outbox WHERE id = ?", (notice,)).fetchone()
    return int(attempts)


def postpone(
    database: Database, notice: str, *, owner: str, not_before: datetime, error: str
) -> bool:
    """Give a lease back; the notice waits until then. ``False``: the lease was lost."""
    cursor = database.execute(
        "UPDATE outbox SET not_before = ?, last_error = ?, lease_owner = NULL, lease_until = NULL "
        "WHERE id = ? AND lease_owner = ? AND state = 'queued'",
        (timestamp(not_before), error, notice, owner),
    )
    return cursor.rowcount == 1


def retry(database: Database, notice: str | None, *, now: datetime) -> tuple[str, ...]:
    """Queue given-up notices anew and let postponed ones go now: one of them, or all; their ids.

    One that was given up counts as made ``now``: else its age would end it again at once.
    """
    rows = database.execute(
        "SELECT id FROM outbox WHERE (state = 'failed' OR "
        "(state = 'queued' AND not_before IS NOT NULL)) AND (? IS NULL OR id = ?) "
        "ORDER BY created_at, id",
        (notice, notice),
    ).fetchall()
    for (id_,) in rows:
        database.execute(
            "UPDATE outbox SET not_before = NULL, "
            "attempts = CASE state WHEN 'failed' THEN 0 ELSE attempts END, "
            "created_at = CASE state WHEN 'failed' THEN ? ELSE created_at END, "
            "state = 'queued' WHERE id = ?",
            (timestamp(now), id_),
        )
    return tuple(id_ for (id_,) in rows)


def _named(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(_COLUMNS.split(", "), row, strict=True))


def _notice(row: Mapping[str, Any]) -> Notice:
    """Make a notice of a row; ``attempts`` are those before this one."""

    def when(name: str) -> datetime | None:
        return None if row[name] is None else parse_timestamp(row[name])

    return Notice(
        id=row["id"],
        request=request_from_json(json.loads(row["request"])),
        created_at=parse_timestamp(row["created_at"]),
        next_at=parse_timestamp(row["next_at"]),
        attempts=row["attempts"],
        not_before=when("not_before"),
        lease_until=when("lease_until"),
        last_error=row["last_error"],
    )
