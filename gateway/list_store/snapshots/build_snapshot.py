"""Building the snapshot in force: of what people wrote, what was imported, what was accepted."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.errors import ListError
from gateway.list_store.files import (
    accepted_domains,
    imported_source,
    linked_domains,
    recorded_acts,
    safe_open,
)
from gateway.list_store.snapshots import coverage, snapshot_history
from gateway.list_store.snapshots.coverage import IncompleteListsError
from gateway.list_store.snapshots.snapshot_history import SnapshotActivation
from gateway.lists import catalogue, merge
from gateway.lists.overrides import read_overrides
from gateway.screening import snapshot
from gateway.screening.unlistable_domains import why_unlistable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.list_store.files.linked_domains import SeenLink
    from gateway.list_store.files.lists_directory import Folder
    from gateway.lists.merge import Merged
    from gateway.lists.parsing.entry import Entry
    from gateway.model import Claim, Entity
    from gateway.screening.snapshot import Snapshot, WrittenEntities


_RESTORE = "restore it from a backup, or move it away"


@dataclass(frozen=True, slots=True)
class BuiltSnapshot:
    """A snapshot just made, and what was found on the way and not used.

    ``other_inputs`` is a digest of the files it was made of but for those that were given in
    memory.
    """

    snapshot: Snapshot
    merged: Merged
    activation: SnapshotActivation
    other_inputs: str


def current_or_built(policies: Path, folder: Folder, at: datetime) -> Snapshot:
    """Give the snapshot that the files now ask for; writes nothing.

    The one in force is loaded where it was made of the same files, which takes a fraction of the
    time. Raises :class:`ListError`, also where that would be less than was in force.
    """
    coverage.check(folder)
    return _kept(policies, folder) or build(policies, folder, at=at).snapshot


def put_in_force(
    policies: Path,
    folder: Folder,
    at: datetime,
    prove: Callable[[Snapshot], object] = lambda _: None,
) -> Snapshot:
    """Give what :func:`current_or_built` gives, kept and in force from now on (behaviour S10).

    ``prove`` is called with one that is made anew; where it raises, nothing is kept. The directory
    must not be held yet. Raises :class:`ListError`, and ``OSError`` where it cannot be kept.
    """
    # Before it is held: a directory that is gone would be made anew, and nothing missed in it.
    coverage.check(folder)
    with folder.locked():
        if (kept := _kept(policies, folder)) is not None:
            recorded_acts.begin(folder)
            if (activation := snapshot_history.current(folder)) is not None:
                snapshot_history.complete_history(folder, activation)
            return kept
        made = build(policies, folder, at=at)
        prove(made.snapshot)
        recorded_acts.begin(folder)
        snapshot_history.save(folder, made.snapshot, made.activation)
    # Not the one just made: as objects, it would cost the garbage collector ten times as much.
    return snapshot_history.load(folder, made.snapshot.digest)


def _kept(policies: Path, folder: Folder) -> Snapshot | None:
    activation = snapshot_history.current(folder)
    if activation is None or activation.inputs != inputs_digest(policies, folder):
        return None
    try:
        return snapshot_history.load(folder, activation.digest)
    except ListError:
        return None  # what it was made of is all here: it is made again


def build(
    policies: Path,
    folder: Folder,
    *,
    at: datetime,
    instead: Mapping[str, Sequence[Entry]] | None = None,
    without: str | None = None,
) -> BuiltSnapshot:
    """Make the snapshot; nothing is written.

    ``instead`` are entries, by source, that take the place of the kept ones; ``without`` is a
    source that is left out. Raises :class:`ListError` with all that is wrong in the files, as
    :class:`IncompleteListsError` where it is in what is kept of the lists.
    """
    # Before they are read: what changes meanwhile then counts as changed since.
    replaced = {*(instead or ()), *filter(None, [without])}
    try:
        others = inputs_digest(policies, folder, but=replaced)
    except ListError:
        _read(folder, replaced)  # tells all that is wrong with the lists, where it is they
        raise
    written = read_written(policies, folder)
    guard = functools.partial(why_unlistable, mailbox_kinds=written.mailbox_kinds)
    sources = {name: list(entries) for name, entries in (instead or {}).items()}
    sources |= _read(folder, replaced)
    merged = merge.merge(
        written.entities,
        [sources.get(name, ()) for name in _ranks(sources)],
        read_overrides(policies / "overrides.toml", guard),
        guard,
        written.additions,
    )
    entities = _with_links(merged.entities, linked_domains.read(folder, at.date()))
    made = snapshot.build(entities, written.mailbox_kinds)
    activation = SnapshotActivation(
        at=at,
        digest=made.digest,
        # What takes the place of something is not written yet: see `activation_now`.
        inputs="" if replaced else others,
        entities=len(made.entities),
        entries={name: len(sources[name]) for name in sorted(sources)},
        sources=_digests(folder),
        accepted=accepted_domains.digests(folder),
    )
    return BuiltSnapshot(made, merged, activation, others)


def read_written(policies: Path, folder: Folder) -> WrittenEntities:
    """Read what people wrote and what they accepted. Raises :class:`ListError`.

    Also where a file of what was accepted is gone that the snapshot in force was made of.
    """
    activation = snapshot_history.last_known(folder)
    # Looks at each: whoever reads it next would wait for ever where it is a pipe.
    if faults := accepted_domains.lost_files(folder, activation.accepted if activation else {}):
        raise IncompleteListsError(faults)
    here = safe_open.files_in(folder.accepted, ".toml")
    return snapshot.read(policies, *([folder.accepted] if here else []))


def _read(folder: Folder, replaced: Collection[str]) -> dict[str, list[Entry]]:
    """Read what is kept of all sources but some.

    Raises :class:`IncompleteListsError` with all that is wrong.

    One that is about to be replaced may be damaged or gone: that is how it is mended.
    """
    here = set(imported_source.source_names(folder)) - set(replaced)
    faults = coverage.faults(folder, but=replaced)
    found: dict[str, list[Entry]] = {}
    for name in sorted(here):
        try:
            entries = imported_source.entries_if_there(folder, name)
        except ListError as error:
            faults += error.faults
            continue
        if entries is None:
            # It was listed and has vanished before it was read.
            faults.append(coverage.loss_fault(folder, name))
        else:
            found[name] = entries
    if faults:
        raise IncompleteListsError(tuple(dict.fromkeys(faults)))
    return found


def _ranks(sources: Iterable[str]) -> list[str]:
    """Give the sources in the order in which they are believed, whether they are there or not.

    Which place a source has, and so who holds a domain that several claim, must not depend on
    which others were imported: else an import would change institutions that it does not name.
    """
    known = [each.name for each in catalogue.SOURCES]
    return [*known, *sorted(set(sources) - set(known))]


def _digests(folder: Folder) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in imported_source.source_names(folder):
        # A damaged one is about to be replaced, or was told of when its entries were read.
        with contextlib.suppress(ListError):
            if (header := imported_source.read_header(folder, name)) is not None:
                found[name] = header.digest
    return found


def _with_links(entities: Iterable[Entity], links: Mapping[str, SeenLink]) -> Iterator[Entity]:
    """Give each entity the domains that the DNS ties to its own."""
    by_domain: dict[str, list[Claim]] = {}
    for seen in links.values():
        by_domain.setdefault(seen.link.within, []).append(seen.claim)
    for entity in entities:
        claims = [
            claim
            for held in entity.domains
            if not held.clears
            for claim in by_domain.get(held.value, ())
        ]
        yield replace(entity, linked=tuple(claims)) if claims else entity


def activation_now(
    policies: Path, folder: Folder, made: BuiltSnapshot, written: str
) -> SnapshotActivation:
    """Give the activation of a snapshot whose source ``written`` is written to its file by now.

    If any other file has changed meanwhile, it is one of no files that are there: whoever asks
    next makes the snapshot anew. Raises :class:`ListError`.
    """
    is_as_read = inputs_digest(policies, folder, but=[written]) == made.other_inputs
    of = inputs_digest(policies, folder) if is_as_read else ""
    return replace(
        made.activation,
        inputs=of,
        sources=_digests(folder),
        accepted=accepted_domains.digests(folder),
    )


def inputs_digest(policies: Path, folder: Folder, *, but: Collection[str] = ()) -> str:
    """Take a digest of every file that a snapshot is made of, and of the version that makes it.

    ``sha256:`` and 64 hex digits.

    ``but`` names sources that are left out. Raises :class:`ListError`.
    """
    found = hashlib.sha256(__version__.encode())
    left_out = {folder.source(name) for name in but}
    for path in _inputs(policies, folder):
        if path in left_out:
            continue
        if (content := safe_open.read_file(path, _RESTORE)) is None:
            continue
        found.update(f"\n{path.name} {len(content)}\n".encode())
        found.update(content)
    return f"sha256:{found.hexdigest()}"


def _inputs(policies: Path, folder: Folder) -> Iterator[Path]:
    for name in ("personal.toml", "roles.toml", "overrides.toml"):
        yield policies / name
    yield from safe_open.files_in(policies / "entities", ".toml")
    yield from safe_open.files_in(folder.accepted, ".toml")
    yield from map(folder.source, imported_source.source_names(folder))
    yield folder.linked
