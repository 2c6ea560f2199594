"""The snapshot in force: what people wrote, what was imported and what was accepted, as one."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.archive import history, linked, source
from gateway.archive.history import Turn
from gateway.errors import ListError
from gateway.lists import catalogue, merge
from gateway.lists.overrides import read_overrides
from gateway.screen import snapshot
from gateway.screen.guard import why_not_an_institution

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from gateway.archive.folder import Folder
    from gateway.archive.linked import Seen
    from gateway.lists.entry import Entry
    from gateway.lists.merge import Merged
    from gateway.model import Claim, Entity
    from gateway.screen.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Assembly:
    """A snapshot just made, and what was found on the way and not used.

    ``others`` is a digest of the files it was made of but for those that were given in memory.
    """

    snapshot: Snapshot
    merged: Merged
    turn: Turn
    others: str


def live(policies: Path, folder: Folder, at: datetime) -> Snapshot:
    """Give the snapshot that the files now ask for; writes nothing.

    The one in force is loaded where it was made of the same files, which takes a fraction of the
    time. Raises :class:`ListError`.
    """
    return _kept(policies, folder) or assembled(policies, folder, at=at).snapshot


def put_in_force(policies: Path, folder: Folder, at: datetime) -> Snapshot:
    """Give the same, kept for good and in force from now on.

    Raises :class:`ListError`, and ``OSError`` where it cannot be kept.
    """
    with folder.held():
        if (kept := _kept(policies, folder)) is not None:
            return kept
        made = assembled(policies, folder, at=at)
        history.save(folder, made.snapshot, made.turn)
    # Not the one just made: as objects, it would cost the garbage collector ten times as much.
    return history.load(folder, made.snapshot.digest)


def _kept(policies: Path, folder: Folder) -> Snapshot | None:
    turn = history.current(folder)
    if turn is None or turn.inputs != inputs(policies, folder):
        return None
    try:
        return history.load(folder, turn.digest)
    except ListError:
        return None  # what it was made of is all here: it is made again


def assembled(
    policies: Path,
    folder: Folder,
    *,
    at: datetime,
    instead: Mapping[str, Sequence[Entry]] | None = None,
) -> Assembly:
    """Make the snapshot; ``instead`` are entries that take the place of a source's kept ones.

    Raises :class:`ListError` with all that is wrong in the files.
    """
    # Before they are read: what changes meanwhile then counts as changed since.
    of, others = inputs(policies, folder), inputs(policies, folder, but=instead or ())
    accepted = [folder.accepted] if folder.accepted.is_dir() else []
    written = snapshot.read(policies, *accepted)
    guard = functools.partial(why_not_an_institution, people=written.people)
    sources = {name: list(entries) for name, entries in (instead or {}).items()}
    for name in source.names(folder):
        # One that is about to be replaced may be damaged: that is how it is mended.
        if name not in sources:
            sources[name] = source.read_entries(folder, name)
    merged = merge.merge(
        written.entities,
        [sources[name] for name in sorted(sources, key=_rank)],
        read_overrides(policies / "overrides.toml", guard),
        guard,
        written.additions,
    )
    entities = _with_links(merged.entities, linked.read(folder, at.date()))
    made = snapshot.build(entities, written.people)
    turn = Turn(
        at=at,
        digest=made.digest,
        inputs=of,
        entities=len(made.entities),
        entries={name: len(sources[name]) for name in sorted(sources)},
    )
    return Assembly(made, merged, turn, others)


def _with_links(entities: Iterable[Entity], links: Mapping[str, Seen]) -> Iterator[Entity]:
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


def turn_now(policies: Path, folder: Folder, made: Assembly, written: str) -> Turn:
    """The turn of an assembly whose source of that name was written to its file by now.

    If any other file has changed meanwhile, it is a turn of no files that are there: whoever asks
    next makes the snapshot anew.
    """
    is_as_read = inputs(policies, folder, but=[written]) == made.others
    return replace(made.turn, inputs=inputs(policies, folder) if is_as_read else "")


def inputs(policies: Path, folder: Folder, *, but: Collection[str] = ()) -> str:
    """A digest of every file that a snapshot is made of, and of the version that makes it.

    ``but`` names sources that are left out.
    """
    found = hashlib.sha256(__version__.encode())
    left_out = {folder.source(name) for name in but}
    for path in _inputs(policies, folder):
        if path in left_out:
            continue
        content = path.read_bytes()
        found.update(f"\n{path.name} {len(content)}\n".encode())
        found.update(content)
    return f"sha256:{found.hexdigest()}"


def _rank(name: str) -> tuple[int, str]:
    return catalogue.position(name), name


def _inputs(policies: Path, folder: Folder) -> Iterator[Path]:
    for name in ("personal.toml", "roles.toml", "overrides.toml"):
        if (policies / name).is_file():
            yield policies / name
    yield from sorted((policies / "entities").glob("*.toml"))
    yield from sorted(folder.accepted.glob("*.toml"))
    yield from sorted(folder.sources.glob("*.jsonl"))
    if folder.linked.is_file():
        yield folder.linked
