"""The lists that a gateway would serve by now, for all that asks about an address or a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import snapshot_in_force

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.config import Config
    from gateway.errors import Fault
    from gateway.screening.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class CurrentLists:
    """A snapshot, and why it is not the one that the files ask for.

    ``damage`` is empty and ``instead_text`` is ``None`` where it is; else ``instead_text`` says in
    a sentence what serves in its place.
    """

    snapshot: Snapshot
    damage: tuple[Fault, ...] = ()
    instead_text: str | None = None


def current_lists(config: Config, at: datetime) -> CurrentLists:
    """Give the snapshot that a gateway would serve by at a time. Writes nothing.

    Raises :class:`gateway.errors.ListError` for what is wrong in the policies; for lists that are
    damaged it raises nothing, since a gateway serves on.
    """
    folder = Folder.of(config)
    found = snapshot_in_force.snapshot_in_force(config.policies.directory, folder, at)
    return CurrentLists(found.snapshot, found.faults, found.instead_text if found.faults else None)
