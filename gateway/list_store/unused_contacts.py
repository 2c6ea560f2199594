"""Websites and addresses that the imported lists give and that nothing was made of, and why.

They are read from what is kept of each list, where every text stands with its file and row, and
judged by the guards of today: when a policy changes, so does what is told here.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from gateway.list_store.files import imported_source as sources
from gateway.lists.claimed_domains import ClaimReader
from gateway.lists.overrides import read_overrides
from gateway.screening.unlistable_domains import why_unlistable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder
    from gateway.lists.claimed_domains import UnusedText
    from gateway.lists.parsing.entry import Entry
    from gateway.model import Entity
    from gateway.screening.snapshot import Snapshot

Number = tuple[str, str | None]
"""A list, and the number by which it knows an institution."""


class UnusedContact(NamedTuple):
    """A text that was not used, and the imported list that gives it."""

    source: str
    text: UnusedText


def unused_contacts(
    policies: Path, folder: Folder, snapshot: Snapshot, source: str | None = None
) -> Iterator[UnusedContact]:
    """Give all texts not used, by source and in the order of its rows; of one where it is named.

    Raises :class:`gateway.errors.ListError` for what is kept and damaged, and for faulty
    overrides.
    """
    owners = _owners(snapshot)
    reading = _reading(policies, snapshot)
    for name in sources.source_names(folder) if source is None else [source]:
        for entry in sources.read_entries(folder, name):
            if entry.websites or entry.emails or entry.domains:
                entity = _owner(entry, owners, snapshot)
                if entity is not None:
                    yield from _of(name, entry, entity, reading)


def unused_of(
    entity: Entity, entries: Iterator[tuple[str, Entry]], policies: Path, snapshot: Snapshot
) -> Iterator[UnusedContact]:
    """Give those of one institution, from its entries, each with the name of its source.

    Raises :class:`gateway.errors.ListError` for faulty overrides.
    """
    reading = _reading(policies, snapshot)
    for name, entry in entries:
        yield from _of(name, entry, entity, reading)


def _reading(policies: Path, snapshot: Snapshot) -> ClaimReader:
    guard = functools.partial(why_unlistable, mailbox_kinds=snapshot.mailbox_kinds)
    return ClaimReader(read_overrides(policies / "overrides.toml", guard), guard)


def _of(source: str, entry: Entry, entity: Entity, reading: ClaimReader) -> Iterator[UnusedContact]:
    known = len(reading.refused)
    numbers = {(each.list, each.uid) for each in (*entity.listings, *entry.listings) if each.uid}
    # What is taken of them is in the snapshot; the rest is left in the reading.
    for _ in (*reading.domains(entity.id, entry, numbers), *reading.mailboxes(entity.id, entry)):
        pass
    yield from (UnusedContact(source, each) for each in reading.refused[known:])


def _owners(snapshot: Snapshot) -> dict[Number, str]:
    return {
        (listing.list, listing.uid): entity.id
        for entity in snapshot.entities.values()
        for listing in entity.listings
        if listing.uid
    }


def _owner(entry: Entry, owners: dict[Number, str], snapshot: Snapshot) -> Entity | None:
    ids = (owners.get((each.list, each.uid)) for each in entry.listings)
    return snapshot.entities.get(next(filter(None, ids), entry.id))
