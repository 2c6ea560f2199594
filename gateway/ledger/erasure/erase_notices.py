"""Erasing a mailbox from the notices, and from the windows that they opened (A3)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.ledger.erasure.mentions import is_named_in, is_named_within, like_pattern
from gateway.ledger.office import office_writer
from gateway.ledger.record.events import notified
from gateway.ledger.record.record import Part, canonical, timestamp
from gateway.ledger.store.open_database import reading, translated_errors
from gateway.ledger.store.pseudonyms import Pseudonyms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from gateway.ledger.erasure.mentions import SoughtMailbox
    from gateway.ledger.record.office_events import Actor
    from gateway.ledger.record.record import JSON
    from gateway.ledger.store.sqlite_store import SqliteStore

TOGETHER = 25
"""Notices forgotten in one transaction: for each the windows are walked through."""

ROLES = frozenset({Part.SENDER, Part.RECIPIENT})
"""Both roles a mailbox can stand in: whose mail it was, and to whom."""


@dataclass(frozen=True, slots=True)
class NamingNotice:
    """A notice that names a person. ``is_leaving``: a courier has it in hand this moment.

    ``state`` is ``queued``, ``sent`` or ``failed``.
    """

    id: str
    state: str
    attempts: int
    is_to_them: bool
    is_leaving: bool


def notices_naming(
    path: Path, sought: SoughtMailbox, actor: Actor, roles: frozenset[Part] = ROLES
) -> tuple[NamingNotice, ...]:
    """The notices that name the mailbox, oldest first: those to it are its sender's.

    ``actor.at`` tells which of them a courier has now. Raises ``LedgerError`` where there is no
    ledger, or it cannot be read.
    """
    with reading(path) as database:
        return tuple(_letters(database, sought, actor, roles))


def erase_from_notices(
    path: Path, sought: SoughtMailbox, actor: Actor, roles: frozenset[Part] = ROLES
) -> tuple[int, int]:
    """Take the mailbox out of the outbox and the windows: how many notices, how many unsent.

    A notice to them goes, and the windows it opened: the next match is told anew. One to somebody
    else keeps its row, with a pseudonym in the place of the address. One that waits is dropped and
    leaves a NOTIFIED that says ``failed``; the caller has asked before. One that a courier took in
    hand meanwhile stays. Raises ``LedgerError``; what was forgotten by then is forgotten.
    """
    found = notices_naming(path, sought, actor, roles)
    senders = _senders_of_windows(path, sought) if Part.SENDER in roles else ()
    done = dropped = 0
    with office_writer.open_ledger(path) as store:
        for sender in senders:
            with store.transaction(), translated_errors(path):
                store.database.execute("DELETE FROM notice_window WHERE sender = ?", (sender,))
        for start in range(0, len(found), TOGETHER):
            with store.transaction(), translated_errors(path):
                for notice in found[start : start + TOGETHER]:
                    state = _forget(store, notice, sought, actor)
                    done += state is not None
                    dropped += state == "queued"
    return done, dropped


def _forget(
    store: SqliteStore, notice: NamingNotice, sought: SoughtMailbox, actor: Actor
) -> str | None:
    """Forget one notice; the state it was in, ``None`` where it is gone or on its way."""
    row = store.database.execute(
        "SELECT state, lease_until FROM outbox WHERE id = ?", (notice.id,)
    ).fetchone()
    if row is None or _is_leaving(row[1], actor):
        return None
    state = str(row[0])
    if state == "queued":
        facts: dict[str, JSON] = {
            "notice": notice.id,
            "result": "failed",
            "attempts": notice.attempts,
            "message_id": None,
            "digest": None,
            "texts": None,
        }
        store.append(notified(facts, process="by hand", at=actor.at, entropy=actor.entropy))
    if notice.is_to_them or state == "queued":
        store.database.execute("DELETE FROM notice_window WHERE notice = ?", (notice.id,))
        store.database.execute("DELETE FROM outbox WHERE id = ?", (notice.id,))
    else:
        _veil(store.database, notice.id, sought)
    return state


def _senders_of_windows(path: Path, sought: SoughtMailbox) -> tuple[str, ...]:
    with reading(path) as database:
        rows = database.execute(
            "SELECT DISTINCT sender FROM notice_window WHERE sender LIKE ? ESCAPE '\\'",
            (like_pattern(sought),),
        ).fetchall()
    return tuple(sender for (sender,) in rows if is_named_in(sought, sender))


def _is_leaving(lease_until: str | None, actor: Actor) -> bool:
    return lease_until is not None and lease_until > timestamp(actor.at)


def _letters(
    database: Database, sought: SoughtMailbox, actor: Actor, roles: frozenset[Part]
) -> Iterator[NamingNotice]:
    pattern = like_pattern(sought)
    for id_, state, attempts, to, request, error, lease in database.execute(
        "SELECT id, state, attempts, recipient, request, last_error, lease_until FROM outbox "
        "WHERE recipient LIKE :p ESCAPE '\\' OR request LIKE :p ESCAPE '\\' "
        "OR last_error LIKE :p ESCAPE '\\' ORDER BY created_at, id",
        {"p": pattern},
    ):
        is_to_them = is_named_in(sought, to)
        said = [json.loads(request), error or ""]
        as_what = Part.SENDER if is_to_them else Part.RECIPIENT
        if as_what in roles and (is_to_them or is_named_within(sought, said)):
            yield NamingNotice(id_, state, attempts, is_to_them, _is_leaving(lease, actor))


def _veil(database: Database, notice: str, sought: SoughtMailbox) -> None:
    (request,) = database.execute("SELECT request FROM outbox WHERE id = ?", (notice,)).fetchone()
    stand_in = Pseudonyms.of(database.conn).recipient(str(sought))
    database.execute(
        "UPDATE outbox SET request = ?, last_error = NULL WHERE id = ?",
        (canonical(_veiled(json.loads(request), sought, stand_in)), notice),
    )


def _veiled(value: Any, sought: SoughtMailbox, stand_in: str) -> Any:
    if isinstance(value, str):
        return stand_in if is_named_in(sought, value) else value
    if isinstance(value, dict):
        return {key: _veiled(inner, sought, stand_in) for key, inner in value.items()}
    if isinstance(value, list):
        return [_veiled(inner, sought, stand_in) for inner in value]
    return value
