"""How the lists stand: what was imported when, what was refused, and what is in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.archive import assembly, history, organisations, source
from gateway.errors import ListError
from gateway.lists import catalogue

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime, timedelta
    from pathlib import Path

    from gateway.archive.folder import Folder
    from gateway.archive.history import Turn
    from gateway.archive.source import Header, Refusal
    from gateway.model import Entity


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One list that was imported, or that an import was tried or is asked of."""

    name: str
    title: str
    header: Header | None
    refusal: Refusal | None

    def age(self, now: datetime) -> timedelta | None:
        """Since when it is known to be what the publisher has; ``None``: it never was."""
        return now - self.header.checked_at if self.header else None


@dataclass(frozen=True, slots=True)
class Missing:
    """A designation that a person wrote down and the imported list of that name does not have."""

    entity: Entity
    list: str
    uid: str


@dataclass(frozen=True, slots=True)
class Status:
    """All of it. ``is_current``: the snapshot in force was made of the files as they are now.

    ``domains`` are those in it; ``None`` where there is none in force, or it cannot be read.
    ``registry`` is the Research Organization Registry, from which proposals are made.
    """

    sources: tuple[SourceStatus, ...]
    turn: Turn | None
    is_current: bool
    kept: int
    domains: int | None = None
    registry: Header | None = None


def tried(folder: Folder) -> set[str]:
    """Give the lists that were imported, and those of which only a refusal is there."""
    return {*source.names(folder), *(path.stem for path in folder.sources.glob("*.refused"))}


def sources(folder: Folder, wanted: Collection[str] = ()) -> tuple[SourceStatus, ...]:
    """Give the status of each list that was tried, or that is ``wanted``.

    In the catalogue's order. Raises ``ListError``.
    """
    names = sorted({*tried(folder), *wanted}, key=lambda name: (catalogue.position(name), name))
    titles = {each.name: each.title for each in catalogue.SOURCES}
    return tuple(
        SourceStatus(
            name,
            titles.get(name, name),
            source.read_header(folder, name),
            source.read_refusal(folder, name),
        )
        for name in names
    )


def status(policies: Path, folder: Folder, wanted: Collection[str] = ()) -> Status:
    """Look at a lists directory. Raises ``ListError``."""
    turn = history.current(folder)
    return Status(
        sources(folder, wanted),
        turn,
        turn is not None and turn.inputs == assembly.inputs(policies, folder),
        len(list(folder.snapshots.glob("*.gz"))),
        _domains(folder, turn),
        organisations.read_header(folder),
    )


def _domains(folder: Folder, turn: Turn | None) -> int | None:
    if turn is None:
        return None
    try:
        return len(history.load(folder, turn.digest).domains)
    except ListError:
        return None


def missing(written: list[Entity], folder: Folder) -> list[Missing]:
    """Give the designations that people wrote down and an imported list of that name lacks.

    The list has dropped them, or the import is older than what was written. They stay in force
    until a person says otherwise.
    """
    listed: dict[str, set[str]] = {}
    for name in source.names(folder):
        for entry in source.read_entries(folder, name):
            for each in entry.listings:
                listed.setdefault(each.list, set()).add(each.uid or "")
    return [
        Missing(entity, each.list, each.uid)
        for entity in written
        for each in {(one.list, one.uid): one for one in entity.listings}.values()
        if each.uid and each.list in listed and each.uid not in listed[each.list]
    ]
