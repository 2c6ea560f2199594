"""Removing a list, on purpose: a person says that what was imported of it may go."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Fault, FaultyFile, ListError
from gateway.list_store.files import imported_source, last_in_force, recorded_acts, safe_open
from gateway.list_store.snapshots import build_snapshot, coverage, example_check, snapshot_history

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder
    from gateway.screening.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class RemovedList:
    """What came of it: ``entries`` that the list had given, and the snapshot without them.

    Where ``faults`` keep it from being made, the one before stays in force, and ``snapshot`` is
    ``None``.
    """

    entries: int
    snapshot: Snapshot | None
    faults: tuple[Fault, ...] = ()


def remove(  # noqa: PLR0913 - what is done, and who said so
    policies: Path,
    folder: Folder,
    name: str,
    at: datetime,
    *,
    by: str = "",
    reason: str = "",
) -> RemovedList:
    """Take away what is kept of the list ``name``, and put the snapshot without it in force.

    Also where it is gone already, and only missed. Who said so (``by``) and why goes on record.
    Raises :class:`ListError`, and then nothing has changed: there is no such list here, or
    without it an example of the policy fails. So for ``ConfigError``: the policies are faulty.
    ``OSError``: what is kept cannot be written.
    """
    with folder.locked():
        activation = snapshot_history.last_known(folder)
        had = coverage.entries_had(folder).get(name)
        if had is None and not _is_here(folder, name):
            raise ListError([Fault(str(folder.sources), None, None, _unknown(folder, name))])
        without, faults = _without(policies, folder, name, at)
        last_in_force.note(folder, recorded_acts.FORGET, name, "", at, by, reason)
        if activation is not None:
            # Made of no files that are there: whoever asks next makes the snapshot anew.
            entries = {each: count for each, count in activation.entries.items() if each != name}
            snapshot_history.write_current(
                folder, dataclasses.replace(activation, inputs="", entries=entries)
            )
        for path in (
            folder.source(name),
            folder.refusal(name),
            imported_source.checked(folder, name),
        ):
            _take_away(path)
        if without is not None:
            after = build_snapshot.activation_now(policies, folder, without, name)
            snapshot_history.save(folder, without.snapshot, after)
        last_in_force.forget(folder, name)
    return RemovedList(had or 0, without.snapshot if without else None, faults)


def _without(
    policies: Path, folder: Folder, name: str, at: datetime
) -> tuple[build_snapshot.BuiltSnapshot | None, tuple[Fault, ...]]:
    try:
        made = build_snapshot.build(policies, folder, at=at, without=name)
    except FaultyFile as error:
        # The other lists are damaged, or the policies are: that is another matter.
        return None, error.faults
    example_check.check(policies, made.snapshot, at.date(), f"without {name}")
    return made, ()


def _is_here(folder: Folder, name: str) -> bool:
    # Whatever it is: a name of ours is one in the listing, and no path to elsewhere.
    with contextlib.suppress(ListError):
        kept = {path.name for path in safe_open.files_in(folder.sources, "")}
        return bool(kept & {f"{name}.jsonl", f"{name}.refused"})
    return False


def _unknown(folder: Folder, name: str) -> str:
    try:
        here = set(imported_source.source_names(folder))
    except ListError:
        here = set()
    known = sorted({*here, *coverage.entries_had(folder)})
    there = f"there are {', '.join(known)}" if known else "no list was imported"
    return f"nothing is kept of {name}; {there}"


def _take_away(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
