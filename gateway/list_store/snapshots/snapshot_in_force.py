"""The snapshot to screen by: what the files ask for or, where they are damaged, the last good one.

A damaged or lost list must neither stop the mail nor fall out of the screening in silence: then the
last good snapshot stays in force, until a person mends the list or says that it may go
(:mod:`gateway.list_store.imports.remove_list`; behaviours S8, S21 and O7).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, Fault, FaultyFile, ListError
from gateway.list_store.files import last_in_force, recorded_acts, safe_open
from gateway.list_store.snapshots import build_snapshot, snapshot_history
from gateway.list_store.snapshots.snapshot_history import SnapshotActivation
from gateway.screening import snapshot, snapshot_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.last_in_force import LastInForce
    from gateway.list_store.files.lists_directory import Folder
    from gateway.screening.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class SnapshotInForce:
    """A snapshot to serve by. ``faults`` are why it is not the one that the files ask for.

    ``last`` is the turn that it had before; ``None`` where the policies alone serve, or, where it
    ``stays``, what the process has served by all the while. ``unkept`` says why it could not be
    kept for good, or not be remembered.
    """

    snapshot: Snapshot
    faults: tuple[Fault, ...] = ()
    last: SnapshotActivation | None = None
    unkept: str | None = None
    stays: bool = False

    @property
    def instead_text(self) -> str:
        """Say what serves in place of what the files ask for."""
        if self.stays:
            return f"the last good snapshot stays in force, {self.snapshot.digest}"
        if self.last is None:
            return "the policies' own entities serve alone: the imported lists are not in force"
        since = f"{self.last.at:%Y-%m-%d %H:%M} UTC"
        return f"the last good snapshot stays in force, {self.last.digest}, of {since}"


def snapshot_in_force(  # noqa: PLR0913 - what is there, and what was
    policies: Path,
    folder: Folder,
    at: datetime,
    *,
    keep: bool = False,
    before: Snapshot | None = None,
    since: datetime | None = None,
    prove: Callable[[Snapshot], object] = lambda _: None,
) -> SnapshotInForce:
    """Give what a gateway serves by now; with ``keep`` it is put in force, where that can be.

    ``before`` is what the process has served by ``since`` then: it stays where the lists must not
    come into force, unless another process of the same gateway has taken them in meanwhile.
    Raises :class:`ListError` for what is wrong in the policies, and for nothing in the lists.
    ``prove`` is called with a snapshot before it is put in force; what it raises goes on as it is,
    and must be a :class:`ConfigError`.
    """
    unkept = None
    try:
        try:
            if keep and (folder.path.is_dir() or folder.path.parent.is_dir()):
                found = build_snapshot.put_in_force(policies, folder, at, prove)
                return SnapshotInForce(found, unkept=_remembered(folder, found, at))
        except OSError as error:
            unkept = str(error)
        found = build_snapshot.current_or_built(policies, folder, at)
        if keep:
            _remembered(folder, found, at)
        return SnapshotInForce(found, unkept=unkept)
    except ConfigError:
        raise
    except (FaultyFile, OSError) as error:
        alone = snapshot.load(policies)  # its faults, if any, are the policies' own
        faults = error.faults if isinstance(error, FaultyFile) else (_said(error, folder),)
    if before is not None:
        if (later := _taken_since(folder, since)) is not None:
            return SnapshotInForce(later[1], faults, later[0], unkept)
        return SnapshotInForce(before, faults, unkept=unkept, stays=True)
    good = last_good(folder)
    if good is None:
        return SnapshotInForce(alone, faults, unkept=unkept)
    return SnapshotInForce(good[1], faults, good[0], unkept)


def _remembered(folder: Folder, made: Snapshot, at: datetime) -> str | None:
    """Remember beside the ledger what came into force; why that cannot be, where it cannot."""
    try:
        last = last_in_force.measure(folder, made.digest, len(made.entities), at)
        last_in_force.write(
            folder, last, lambda: snapshot_lines.lines(made.entities.values(), made.mailbox_kinds)
        )
    except (FaultyFile, OSError) as error:
        return str(error)
    return None


def last_good(folder: Folder) -> tuple[SnapshotActivation, Snapshot] | None:
    """Load the latest snapshot of which it is known that it was in force, and which is whole.

    That which is remembered beside the ledger, unless this very directory has a later one: it may
    be gone, or another one in its place. ``None`` where there is none. Never raises for what is
    damaged.
    """
    last = last_in_force.known(folder)
    for activation in _later(folder, last):
        try:
            return activation, snapshot_history.load(folder, activation.digest)
        except ListError:
            continue
    return _remembered_one(folder, last)


def _later(folder: Folder, last: LastInForce | None) -> list[SnapshotActivation]:
    """Give what was in force after ``last`` by the directory's own word, the latest first."""
    now = snapshot_history.current(folder)
    found = snapshot_history.readable_activations(folder)
    if now is not None and (not found or found[-1].digest != now.digest):
        found.append(now)
    if last is not None:
        digests = [activation.digest for activation in found]
        if last.folder != recorded_acts.read(folder).folder or last.digest not in digests:
            return []
        while last.digest in digests:
            del digests[0], found[0]
    return found[::-1]


def _taken_since(
    folder: Folder, since: datetime | None
) -> tuple[SnapshotActivation, Snapshot] | None:
    last = last_in_force.known(folder)
    is_later = last is not None and since is not None and last.at > since
    return _remembered_one(folder, last) if is_later else None


def _remembered_one(
    folder: Folder, last: LastInForce | None
) -> tuple[SnapshotActivation, Snapshot] | None:
    if last is None or folder.record is None:
        return None
    try:
        lines = snapshot_history.content(last_in_force.snapshot_of(folder.record, last.digest))
        found = snapshot.from_lines(lines.splitlines())
    except (ListError, *safe_open.MALFORMED):
        return None
    entries = {name: kept.entries for name, kept in last.sources.items()}
    return SnapshotActivation(last.at, last.digest, "", last.institutions, entries), found


def _said(error: OSError, folder: Folder) -> Fault:
    return Fault(
        str(error.filename or folder.path),
        None,
        None,
        f"cannot be read ({safe_open.reason_of(error)})",
    )
