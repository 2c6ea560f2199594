"""How the lists stand: what was imported when, what was refused, what is damaged, what is in force.

Each thing is looked at by itself, so that one which is damaged hides no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from gateway.errors import Fault, FaultyFile
from gateway.list_store.files import accepted_domains, linked_domains, mail_hosts, safe_open
from gateway.list_store.files import imported_source as kept
from gateway.list_store.imports import ror_store
from gateway.list_store.snapshots import (
    build_snapshot,
    coverage,
    integrity_check,
    policy_history,
    snapshot_history,
)
from gateway.lists import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime, timedelta
    from pathlib import Path

    from gateway.list_store.files.imported_source import Header, Refusal
    from gateway.list_store.files.lists_directory import Folder
    from gateway.list_store.snapshots.snapshot_history import SnapshotActivation
    from gateway.lists.parsing.entry import Entry
    from gateway.model import Entity

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One list that was imported, or that an import was tried or is asked of.

    ``damage`` is what is wrong with what is kept of it. What of it can be read is told all the
    same: ``header`` is ``None`` where it was never imported, and where that cannot be told.
    """

    name: str
    title: str
    header: Header | None
    refusal: Refusal | None
    damage: tuple[Fault, ...] = ()

    def age(self, now: datetime) -> timedelta | None:
        """Since when it is known to be what the publisher has; ``None``: that is not known."""
        return now - self.header.checked_at if self.header else None

    @property
    def has_digest(self) -> bool:
        """Whether it would be noticed if its entries were altered."""
        return self.header is None or bool(self.header.digest)


@dataclass(frozen=True, slots=True)
class MissingDesignation:
    """A designation that a person wrote down and the imported list of that name does not have."""

    entity: Entity
    list: str
    uid: str


@dataclass(frozen=True, slots=True)
class ListsStatus:
    """How everything in a lists directory stands.

    ``sources`` are in the catalogue's order. ``activation`` is what is in force, as far as it is
    known: ``is_known`` says whether the file that tells was whole. ``is_current``: that snapshot
    was made of the files as they are now; ``None`` where it cannot be told. ``domains`` are those
    in it; ``None`` where there is none in force, or it cannot be read. ``kept`` counts the
    snapshots; ``None``: not known. ``registry`` is the Research Organization Registry, from which
    proposals are made. ``missing`` are the designations that imported lists lack. ``damage`` is
    what is wrong with all but the sources.
    """

    sources: tuple[SourceStatus, ...]
    activation: SnapshotActivation | None
    is_known: bool
    is_current: bool | None
    kept: int | None
    domains: int | None
    registry: Header | None
    missing: tuple[MissingDesignation, ...]
    damage: tuple[Fault, ...]

    @property
    def is_damaged(self) -> bool:
        """Whether anything is damaged."""
        return bool(self.damage) or any(each.damage for each in self.sources)


def tried_sources(folder: Folder) -> set[str]:
    """Give the lists that were imported, also where that is gone, and those refused alone.

    Raises ``ListError`` where the directory cannot be read.
    """
    refused = {path.stem for path in safe_open.files_in(folder.sources, ".refused")}
    return {*kept.source_names(folder), *refused, *coverage.lost_sources(folder)}


def status(directory: Path, folder: Folder, wanted: Collection[str] = ()) -> ListsStatus:
    """Look at a lists directory and at a policies directory; nothing is raised for what is there.

    Sources that are ``wanted`` are told of where they were never tried, too.
    """
    looking = _Looking(folder)
    entries: dict[str, list[Entry]] = {}
    sources = tuple(looking.source(name, entries) for name in looking.names(wanted))
    found = len(looking.damage)
    activation = looking.at(lambda: snapshot_history.in_force(folder))
    is_known = len(looking.damage) == found
    activation = activation or snapshot_history.last_known(folder)
    looking.at(
        lambda: (
            snapshot_history.before_current(folder)
            if is_known
            else snapshot_history.activations(folder)
        )
    )
    made_of = looking.quietly(lambda: build_snapshot.inputs_digest(directory, folder))
    snapshots = looking.at(lambda: snapshot_history.kept_files(folder))
    written = looking.at(lambda: build_snapshot.read_written(directory, folder))
    looking.damage += looking.at(lambda: linked_domains.damage(folder)) or ()
    looking.at(lambda: mail_hosts.read(folder, date.max))
    looking.at(lambda: accepted_domains.rejected(folder))
    looking.at(lambda: policy_history.activations(folder))
    told = {fault for each in sources for fault in each.damage}
    looking.damage += [fault for fault in coverage.faults(folder) if fault not in told]
    looking.damage += integrity_check.damaged_snapshots(
        folder, activation.digest if activation else None
    )
    looking.damage += integrity_check.damaged_editions(folder)
    is_made_of = activation is not None and activation.inputs == made_of
    return ListsStatus(
        sources=sources,
        activation=activation,
        is_known=is_known,
        is_current=is_made_of if is_known and made_of is not None else None,
        kept=None if snapshots is None else len(snapshots),
        domains=looking.domains(activation),
        registry=looking.at(lambda: ror_store.read_header(folder)),
        missing=tuple(missing(written.entities, entries.values())) if written else (),
        damage=tuple(dict.fromkeys(looking.damage)),
    )


class _Looking:
    """Looks at one thing after the other, and gathers what is wrong with each."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.damage: list[Fault] = []

    def at(self, ask: Callable[[], T]) -> T | None:
        """Ask; ``None``: it is damaged, and that is told."""
        try:
            return ask()
        except FaultyFile as error:
            self.damage += error.faults
        except OSError as error:
            self.damage.append(self._worded(error))
        return None

    def quietly(self, ask: Callable[[], T]) -> T | None:
        """Ask what another look tells the damage of."""
        before = len(self.damage)
        found = self.at(ask)
        del self.damage[before:]
        return found

    def names(self, wanted: Iterable[str]) -> list[str]:
        """Give the lists to be told of, in the catalogue's order."""
        there = self.at(lambda: tried_sources(self._folder))
        if there is None:
            activation = snapshot_history.last_known(self._folder)
            there = set(activation.entries) if activation else set()
        for path in self.at(lambda: kept.unknown_files(self._folder)) or ():
            name = path.name.encode("unicode_escape", "backslashreplace").decode("ascii")
            what = "is no list's file, and is not read; move it away"
            self.damage.append(Fault(str(path.with_name(name)), None, None, what))
        return sorted({*there, *wanted}, key=lambda name: (catalogue.rank(name), name))

    def source(self, name: str, entries: dict[str, list[Entry]]) -> SourceStatus:
        """Look at one list. What it holds is put into ``entries``."""
        others, self.damage = self.damage, []
        header = self.at(lambda: kept.read_header(self._folder, name))
        if header is not None:
            entries[name] = self.at(lambda: kept.read_entries(self._folder, name)) or []
        elif not self.damage and name in (self.quietly(self._gone) or ()):
            self.damage.append(coverage.loss_fault(self._folder, name))
        refusal = self.at(lambda: kept.read_refusal(self._folder, name))
        others, self.damage = self.damage, others
        title = _TITLES.get(name, name)
        return SourceStatus(name, title, header, refusal, tuple(dict.fromkeys(others)))

    def _gone(self) -> list[str]:
        # Also one that was listed and has vanished since.
        return [*coverage.lost_sources(self._folder), *kept.source_names(self._folder)]

    def domains(self, activation: SnapshotActivation | None) -> int | None:
        """Count the domains in what is in force."""
        if activation is None:
            return None
        loaded = self.at(lambda: snapshot_history.load(self._folder, activation.digest))
        return None if loaded is None else len(loaded.domains)

    def _worded(self, error: OSError) -> Fault:
        file = str(error.filename or self._folder.path)
        return Fault(file, None, None, f"cannot be read ({error.strerror or error})")


def missing(
    written: Iterable[Entity], lists: Iterable[Iterable[Entry]]
) -> list[MissingDesignation]:
    """Give the designations that people wrote down and an imported list of that name lacks.

    The list has dropped them, or the import is older than what was written. They stay in force
    until a person says otherwise.
    """
    listed: dict[str, set[str]] = {}
    for entries in lists:
        for entry in entries:
            for each in entry.listings:
                listed.setdefault(each.list, set()).add(each.uid or "")
    return [
        MissingDesignation(entity, each.list, each.uid)
        for entity in written
        for each in {(one.list, one.uid): one for one in entity.listings}.values()
        if each.uid and each.list in listed and each.uid not in listed[each.list]
    ]


_TITLES = {each.name: each.title for each in catalogue.SOURCES}
