"""The snapshot to screen by: what the files ask for or, where they are damaged, the last good one.

A damaged or lost list must neither stop the mail nor fall out of the screening in silence: then the
last good snapshot stays in force, until a person mends the list or says that it may go
(:mod:`gateway.list_store.imports.remove_list`; behaviour S8).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Fault, FaultyFile, ListError
from gateway.list_store.files import safe_open
from gateway.list_store.snapshots import build_snapshot, snapshot_history
from gateway.screening import snapshot

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder
    from gateway.list_store.snapshots.snapshot_history import SnapshotActivation
    from gateway.screening.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class SnapshotInForce:
    """A snapshot to serve by. ``faults`` are why it is not the one that the files ask for.

    ``last`` is the turn that it had before; ``None`` where the policies alone serve. ``unkept``
    says why it could not be kept for good.
    """

    snapshot: Snapshot
    faults: tuple[Fault, ...] = ()
    last: SnapshotActivation | None = None
    unkept: str | None = None

    @property
    def instead_text(self) -> str:
        """Say what serves in place of what the files ask for."""
        if self.last is None:
            return "the policies' own entities serve alone: the imported lists are not in force"
        since = f"{self.last.at:%Y-%m-%d %H:%M} UTC"
        return f"the last good snapshot stays in force, {self.last.digest}, of {since}"


def snapshot_in_force(
    policies: Path, folder: Folder, at: datetime, *, keep: bool = False
) -> SnapshotInForce:
    """Give what a gateway serves by now; with ``keep`` it is put in force, where that can be.

    Raises :class:`ListError` for what is wrong in the policies, and for nothing in the lists.
    """
    unkept = None
    try:
        try:
            if keep and (folder.path.is_dir() or folder.path.parent.is_dir()):
                return SnapshotInForce(build_snapshot.put_in_force(policies, folder, at))
        except OSError as error:
            unkept = str(error)
        return SnapshotInForce(build_snapshot.current_or_built(policies, folder, at), unkept=unkept)
    except (FaultyFile, OSError) as error:
        alone = snapshot.load(policies)  # its faults, if any, are the policies' own
        faults = error.faults if isinstance(error, FaultyFile) else (_said(error, folder),)
    found = last_good(folder)
    if found is None:
        return SnapshotInForce(alone, faults, unkept=unkept)
    return SnapshotInForce(found[1], faults, found[0], unkept)


def last_good(folder: Folder) -> tuple[SnapshotActivation, Snapshot] | None:
    """Load the latest snapshot of which it is known that it was in force, and which is whole.

    ``None`` where there is none. Never raises for what is damaged.
    """
    activations = (
        [activation] if (activation := snapshot_history.current(folder)) is not None else []
    )
    for activation in (*activations, *reversed(snapshot_history.readable_activations(folder))):
        try:
            return activation, snapshot_history.load(folder, activation.digest)
        except ListError:
            continue
    return None


def _said(error: OSError, folder: Folder) -> Fault:
    return Fault(
        str(error.filename or folder.path),
        None,
        None,
        f"cannot be read ({safe_open.reason_of(error)})",
    )
