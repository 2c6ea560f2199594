"""Removing a list, on purpose: a person says that what was imported of it may go."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Fault, FaultyFile, ListError
from gateway.list_store.files import imported_source, safe_open
from gateway.list_store.snapshots import build_snapshot, example_check, snapshot_history

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.paths import Folder
    from gateway.screening.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What came of it: ``entries`` that the list had given, and the snapshot without them.

    Where ``faults`` keep it from being made, the one before stays in force, and ``snapshot`` is
    ``None``.
    """

    entries: int
    snapshot: Snapshot | None
    faults: tuple[Fault, ...] = ()


def forget(policies: Path, folder: Folder, name: str, at: datetime) -> Forgotten:
    """Take away what is kept of the list ``name``, and put the snapshot without it in force.

    Raises :class:`ListError`, and then nothing has changed: there is no such list here, or
    without it an example of the policy fails. So for ``ConfigError``: the policies are faulty.
    ``OSError``: what is kept cannot be written.
    """
    with folder.held():
        turn = snapshot_history.known(folder)
        had = turn.entries.get(name) if turn else None
        if had is None and not _is_here(folder, name):
            raise ListError([Fault(str(folder.sources), None, None, _unknown(folder, name))])
        without, faults = _without(policies, folder, name, at)
        if turn is not None:
            # Made of no files that are there: whoever asks next makes the snapshot anew.
            entries = {each: count for each, count in turn.entries.items() if each != name}
            snapshot_history.write_current(
                folder, dataclasses.replace(turn, inputs="", entries=entries)
            )
        for path in (
            folder.source(name),
            folder.refusal(name),
            imported_source.checked(folder, name),
        ):
            _take_away(path)
        if without is not None:
            after = build_snapshot.turn_now(policies, folder, without, name)
            snapshot_history.save(folder, without.snapshot, after)
    return Forgotten(had or 0, without.snapshot if without else None, faults)


def _without(
    policies: Path, folder: Folder, name: str, at: datetime
) -> tuple[build_snapshot.Assembly | None, tuple[Fault, ...]]:
    try:
        made = build_snapshot.assembled(policies, folder, at=at, without=name)
    except FaultyFile as error:
        # The other lists are damaged, or the policies are: that is another matter.
        return None, error.faults
    example_check.prove(policies, made.snapshot, at.date(), f"without {name}")
    return made, ()


def _is_here(folder: Folder, name: str) -> bool:
    # Whatever it is: a name of ours is one in the listing, and no path to elsewhere.
    with contextlib.suppress(ListError):
        kept = {path.name for path in safe_open.listing(folder.sources, "")}
        return bool(kept & {f"{name}.jsonl", f"{name}.refused"})
    return False


def _unknown(folder: Folder, name: str) -> str:
    turn = snapshot_history.known(folder)
    try:
        here = set(imported_source.names(folder))
    except ListError:
        here = set()
    known = sorted({*here, *(turn.entries if turn else ())})
    there = f"there are {', '.join(known)}" if known else "no list was imported"
    return f"nothing is kept of {name}; {there}"


def _take_away(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
