"""Coverage never shrinks by itself: what keeps the lists directory from coming into force.

The one rule, for a start, a reload, a poll and an update (behaviours S21, O7). What the directory
holds is held against what was last in force: by its own word, and by that of the record beside the
ledger, which is there when the directory is not. A list that is missing, or another than it was,
is a fault, unless an import, a refresh or `monition lists forget` is on record.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Fault, ListError
from gateway.list_store.files import (
    accepted_domains,
    imported_source,
    last_in_force,
    recorded_acts,
    safe_open,
)
from gateway.list_store.files.last_in_force import KeptSource
from gateway.list_store.snapshots import snapshot_history

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from gateway.list_store.files.last_in_force import LastInForce
    from gateway.list_store.files.lists_directory import Folder
    from gateway.list_store.files.recorded_acts import RecordedAct

_MEND = "put it back as it was; what was in force before still is"


class IncompleteListsError(ListError):
    """What is kept of a list is damaged or gone; what was in force stays."""


@dataclass(frozen=True, slots=True)
class _Baseline:
    """What was in force by one witness's word, and what was done since by its word."""

    sources: dict[str, KeptSource]
    acts: tuple[RecordedAct, ...]


def check(folder: Folder) -> None:
    """Raise :class:`IncompleteListsError` with all that :func:`faults` finds, if anything."""
    if found := faults(folder):
        raise IncompleteListsError(found)


def faults(folder: Folder, but: Collection[str] = ()) -> list[Fault]:
    """Tell why the directory must not come into force as it is; nothing is raised.

    ``but`` are lists about to be replaced: they may be damaged or gone.
    """
    try:
        last = last_in_force.read(folder)
    except ListError as error:
        if snapshot_history.last_known(folder) is None:
            return list(error.faults)  # else the directory's own word is there
        last = None
    if found := list(_of_place(folder, last)):
        return found
    try:
        here = imported_source.source_names(folder)
        found = [
            fault
            for name in sorted(_baselines_names(folder, last) - set(but))
            for fault in _of_source(folder, last, name, here)
        ]
        return found + accepted_domains.lost_files(folder, last.accepted if last else {})
    except ListError as error:
        return list(error.faults)


def may_be_written(folder: Folder) -> bool:
    """Whether the directory is ours and there, or may be made. Nothing is raised."""
    if any(_of_place(folder, last_in_force.known(folder))):
        return False
    try:
        return folder.path.is_dir() or folder.path.parent.is_dir()
    except OSError:
        return False


def entries_had(folder: Folder) -> dict[str, int]:
    """Give how many institutions each list had when it was last in force."""
    last = last_in_force.known(folder)
    activation = snapshot_history.last_known(folder)
    return {
        **({name: kept.entries for name, kept in last.sources.items()} if last else {}),
        **(activation.entries if activation else {}),
    }


def lost_sources(folder: Folder) -> list[str]:
    """Give the lists that were in force and whose file is gone. Raises :class:`ListError`."""
    here = imported_source.source_names(folder)
    return sorted(_baselines_names(folder, last_in_force.known(folder)) - set(here))


def loss_fault(folder: Folder, name: str) -> Fault:
    """Word that a source's file is gone."""
    message = (
        "is gone, and the snapshot in force was made of it; import the list again, or say "
        f"`monition lists forget {name}` to do without it"
    )
    return Fault(str(folder.source(name)), None, None, message)


def _baselines_names(folder: Folder, last: LastInForce | None) -> set[str]:
    activation = snapshot_history.last_known(folder)
    return {*(last.sources if last else ()), *(activation.entries if activation else ())}


# The directory itself.


def _of_place(folder: Folder, last: LastInForce | None) -> Iterator[Fault]:
    """Whether it is there, can be read, and is whose it was."""
    try:
        found = folder.path.stat()
    except FileNotFoundError:
        yield from _of_none(folder, last)
        return
    except OSError as error:
        yield _unreadable(folder.path, error)
        return
    if not stat.S_ISDIR(found.st_mode):
        return  # told by whoever reads it first
    if not _may_own(found.st_uid, folder, last):
        yield _fault(folder.path, _not_ours(found.st_uid))
        return
    for path in (folder.path, folder.sources, folder.accepted, folder.snapshots, folder.policies):
        yield from _of_directory(path, found.st_uid, folder, last)


def _of_none(folder: Folder, last: LastInForce | None) -> Iterator[Fault]:
    if folder.path.is_symlink():
        yield _fault(folder.path, f"is a link that leads nowhere; {_MEND}")
    elif last is not None and (last.sources or last.accepted):
        yield _fault(folder.path, f"is gone, with {_those(last)}; {_gone_remedy(last)}")


def _of_directory(
    path: Path, owner: int, folder: Folder, last: LastInForce | None
) -> Iterator[Fault]:
    """One of those in it; ``owner`` is that of all."""
    try:
        os.scandir(path).close()
        whose = path.stat().st_uid
    except PermissionError as error:
        yield _unreadable(path, error)
    except OSError:
        return  # it is not there, or no directory: told where it is read
    else:
        if whose != owner and not _may_own(whose, folder, last):
            yield _fault(path, _not_ours(whose))


def _may_own(owner: int, folder: Folder, last: LastInForce | None) -> bool:
    """Whether a directory of that owner's may say what is looked for.

    Ours may, and whose it was when it was last in force; the first time, root's too. For root, who
    is not the service's user, also whose the ledger is: what is made there is given to that one.
    """
    user = os.geteuid()
    if owner in {user, last.owner if last is not None else 0}:
        return True
    if user != 0 or folder.record is None:
        return False
    try:
        return owner == folder.record.parent.stat().st_uid
    except OSError:
        return False


def _not_ours(owner: int) -> str:
    return (
        f"belongs to somebody else now (user {owner}); give it back to the gateway's user, or run "
        "the gateway as that one; what was in force before still is"
    )


def _those(last: LastInForce) -> str:
    lists = ", ".join(sorted(last.sources))
    return f"the lists in force ({lists})" if lists else "what people accepted"


def _gone_remedy(last: LastInForce) -> str:
    if not last.sources:
        return _MEND
    return (
        "put it back, or update the lists again, or say `monition lists forget` of each to do "
        "without it; what was in force before still is"
    )


# One list in it.


def _of_source(
    folder: Folder, last: LastInForce | None, name: str, here: Collection[str]
) -> Iterator[Fault]:
    if name not in here:
        yield loss_fault(folder, name)
        return
    try:
        header = imported_source.read_header(folder, name)
    except ListError as error:
        yield from error.faults
        return
    if header is None:
        yield loss_fault(folder, name)
        return
    now = KeptSource(header.digest, header.entries)
    for before in _baselines(folder, last):
        had = before.sources.get(name)
        if had is None or _is_as_it_was(now, had) or _is_on_record(now, name, before.acts):
            continue
        counts = f"names {now.entries:,} institutions, and {had.entries:,} were in force"
        if now.entries >= had.entries:
            # As many may still have lost their domains: an older copy, or another's directory.
            counts = "is another than was in force"
        what = (
            f"{counts}; no import and no refresh of it is on record; import the list again, or put "
            "the file back"
        )
        yield _fault(folder.source(name), what)
        return


def _baselines(folder: Folder, last: LastInForce | None) -> Iterator[_Baseline]:
    acts = recorded_acts.read(folder)
    if last is not None:
        yield _Baseline(last.sources, acts.since(last.place))
    if (activation := snapshot_history.last_known(folder)) is not None:
        sources = {
            name: KeptSource(activation.sources.get(name, ""), count)
            for name, count in activation.entries.items()
        }
        yield _Baseline(sources, acts.acts)


def _is_as_it_was(now: KeptSource, had: KeptSource) -> bool:
    """Whether it is the same, or, where one of them has no digest, no less."""
    both = had.digest and now.digest
    return now.digest == had.digest if both else now.entries >= had.entries


def _is_on_record(now: KeptSource, name: str, acts: tuple[RecordedAct, ...]) -> bool:
    """Whether the last that was done to the list made it what it is."""
    theirs = [act for act in acts if act.source == name]
    return bool(theirs) and theirs[-1].digest == now.digest != ""


def _unreadable(path: Path, error: OSError) -> Fault:
    return safe_open.unreadable(path, error, _MEND).faults[0]


def _fault(path: Path, what: str) -> Fault:
    return Fault(str(path), None, None, what)
