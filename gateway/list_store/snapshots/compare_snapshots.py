"""Two of the kept snapshots, found as a person names them, and what changed between them."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import Fault, ListError
from gateway.list_store.snapshots import snapshot_history
from gateway.lists import snapshot_diff
from gateway.screening.lazy_entities import LazyEntities

if TYPE_CHECKING:
    from gateway.list_store.files.lists_directory import Folder
    from gateway.lists.snapshot_diff import Change
    from gateway.screening.snapshot import Snapshot

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


class ComparedSnapshots(NamedTuple):
    """The older and the newer of two snapshots, as they are to be compared."""

    before: Snapshot
    after: Snapshot


def find_snapshots(
    folder: Folder, before: str | None, after: str | None
) -> ComparedSnapshots | None:
    """Find two snapshots, each by the start of its digest or by a day at whose end it was in force.

    A day is written ``2026-11-22``, and ends in UTC.

    Left out, ``after`` is the present one and ``before`` the one before the present one; ``None``
    where there is no such. Raises :class:`ListError`.
    """
    if after is None:
        now = snapshot_history.in_force(folder)
        if now is None:
            message = "no snapshot was put in force yet: `monition lists import` does"
            raise ListError([Fault(str(folder.path), None, None, message)])
        after = now.digest
    if before is None:
        activation = snapshot_history.before_current(folder)
        if activation is None:
            return None
        before = activation.digest
    return ComparedSnapshots(_load(folder, before), _load(folder, after))


def _load(folder: Folder, named: str) -> Snapshot:
    if _DAY.match(named):
        try:
            day = date.fromisoformat(named)
        except ValueError:
            raise ListError([Fault(named, None, None, "is no day of the calendar")]) from None
        named = snapshot_history.in_force_on(folder, day).digest
    return snapshot_history.load(folder, named)


def changes(compared: ComparedSnapshots) -> list[Change]:
    """Give what changed in the institutions, by entity id."""
    before, after = compared.before.entities, compared.after.entities
    if not isinstance(before, LazyEntities) or not isinstance(after, LazyEntities):
        return snapshot_diff.changes(before, after)
    ids = before.differences(after)
    return snapshot_diff.changes(
        {id_: before[id_] for id_ in ids if id_ in before},
        {id_: after[id_] for id_ in ids if id_ in after},
    )
