"""Taking a list in: read whole, weighed against what was there, then put in force or refused."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.errors import Fault, ListError
from gateway.list_store.files import imported_source, last_in_force, recorded_acts
from gateway.list_store.files.imported_source import Header, Refusal
from gateway.list_store.imports import list_reading, loss_guard
from gateway.list_store.snapshots import build_snapshot, coverage, example_check, snapshot_history
from gateway.lists import catalogue, overrides

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder
    from gateway.list_store.imports.list_reading import ListReading, ServerFacts
    from gateway.list_store.imports.loss_guard import Loss
    from gateway.list_store.snapshots.build_snapshot import BuiltSnapshot
    from gateway.lists.catalogue import ListFormat, Source
    from gateway.lists.overrides import OverrideKey
    from gateway.lists.parsing.entry import Entry


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """Files that are to be taken in as a source.

    ``accepts_loss``: a person knows that the list has shrunk. ``fetched``: they come from the
    publisher, so that the catalogue's bounds hold; what its server said of each, by role.
    """

    source: str
    paths: Sequence[Path]
    accepts_loss: bool = False
    fetched: Mapping[str, ServerFacts] | None = None

    @property
    def name(self) -> str:
        """What it is called in an error: its files, or its source where they were fetched."""
        return self.source if self.fetched is not None else ", ".join(map(str, self.paths))


class ImportRefusedError(ListError):
    """A list was read, or tried to be, and not taken; ``exit_code`` is for the shell."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came of an import. ``before`` is the digest of the snapshot it took the place of.

    ``None`` where there was none. ``unused`` are overrides of the list's own that met no text in
    it.
    """

    header: Header
    before: str | None
    built: BuiltSnapshot
    reading: ListReading
    unused: tuple[OverrideKey, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether another snapshot is in force now."""
        return self.before != self.built.snapshot.digest


def import_list(
    policies: Path, folder: Folder, import_files: ImportFiles, at: datetime
) -> ImportResult:
    """Import a list from files and put the new snapshot in force (behaviours S8 and S10).

    Raises :class:`ImportRefusedError`; then nothing has changed but the note that says why. Raises
    another
    :class:`ListError` where there is no such source or its files are others, ``ConfigError`` where
    the policies are faulty, and ``OSError`` where what was read cannot be kept.
    """
    listed = catalogue.find_source(import_files.source)
    format_, paths = _form(listed, import_files)
    try:
        # Before the directory is held, which keeps a gateway that starts or reloads waiting.
        found = list_reading.read(format_, paths, listed.largest, import_files.fetched or {})
        with folder.locked():
            return _take(policies, folder, import_files, found, at)
    except ListError as error:
        with contextlib.suppress(OSError):
            # On a full disk it cannot be written down; what is wrong with the file is told.
            record_refusal(folder, import_files.source, error, at)
        raise ImportRefusedError(error.faults) from None


def record_refusal(folder: Folder, name: str, error: Exception, at: datetime) -> None:
    """Write down that a source could not be had, or was not taken. Raises ``OSError``."""
    with folder.locked():
        reason = str(error).partition("\n")[0].removeprefix(f"{name}: ")
        imported_source.write_refusal(folder, name, Refusal(at, reason))


def record_unchanged(folder: Folder, name: str, at: datetime) -> None:
    """Write down that what is kept of a source is what its publisher has. Raises ``OSError``."""
    with folder.locked():
        imported_source.write_checked(folder, name, at)


def _form(listed: Source, import_files: ImportFiles) -> tuple[ListFormat, dict[str, Path]]:
    by_name = {_plain(path): path for path in import_files.paths}
    format_, roles = catalogue.format_for(listed, by_name)
    return format_, {role: by_name[name] for role, name in roles.items()}


def _plain(path: Path) -> str:
    """A file's name as if nobody had compressed it."""
    return str(path)[:-3] if list_reading.is_compressed(path.name) else str(path)


def _take(
    policies: Path, folder: Folder, import_files: ImportFiles, found: ListReading, at: datetime
) -> ImportResult:
    name = import_files.source
    _weigh(folder, import_files, found.entries)
    header = Header(
        name,
        at,
        at,
        found.originals,
        len(found.entries),
        {reason.value: count for reason, count in found.rejected.items()},
        __version__,
    )
    # Whole, in memory, before anything is replaced: faulty policies refuse the import too.
    try:
        made = build_snapshot.build(policies, folder, at=at, instead={name: found.entries})
    except coverage.IncompleteListsError as error:
        # Kept all the same: two lists that are lost would keep each other out for ever.
        _write(folder, import_files, header, found.entries)
        message = "is kept, and comes into force when the other lists are mended"
        waiting = Fault(import_files.name, None, None, message)
        raise coverage.IncompleteListsError([*error.faults, waiting]) from None
    example_check.check(policies, made.snapshot, at.date())
    before = snapshot_history.current(folder)
    # The larger file first: a full disk then leaves the source as it was.
    snapshot_history.keep(folder, made.snapshot)
    _write(folder, import_files, header, found.entries)
    snapshot_history.save(
        folder, made.snapshot, build_snapshot.activation_now(policies, folder, made, name)
    )
    return ImportResult(
        header,
        before.digest if before else None,
        made,
        found,
        tuple(_unused(policies, found.entries, made.merged.used)),
    )


def _write(
    folder: Folder, import_files: ImportFiles, header: Header, entries: Sequence[Entry]
) -> None:
    """Replace what is kept of a list, and have it on record before: coverage may shrink by this."""
    act = recorded_acts.IMPORT if import_files.fetched is None else recorded_acts.REFRESH

    def note(digest: str) -> None:
        last_in_force.note(folder, act, header.source, digest, header.imported_at)

    imported_source.write(folder, header, entries, note)


def _weigh(folder: Folder, import_files: ImportFiles, entries: Sequence[Entry]) -> None:
    name, fewest = import_files.source, 0
    losses: Iterable[Loss] = ()
    if not import_files.accepts_loss:
        losses = loss_guard.losses(folder, name, entries)
        if import_files.fetched is not None:
            fewest = catalogue.find_source(name).fewest
    loss_guard.check(import_files.name, name, entries, fewest=fewest, losses=losses)


def _unused(
    policies: Path, entries: Iterable[Entry], used: frozenset[OverrideKey]
) -> list[OverrideKey]:
    lists = {listing.list for entry in entries for listing in entry.listings}
    # Their domains were guarded when the snapshot was made.
    written = overrides.read_overrides(policies / "overrides.toml", lambda _: None)
    return overrides.unused_overrides(written, used, lists)
