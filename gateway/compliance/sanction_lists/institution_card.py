"""All that is known of one institution, and from whom."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gateway.errors import MonitionError
from gateway.list_store.files import imported_source
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.find_institution import PointedBy, institutions_for
from gateway.list_store.unused_contacts import unused_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.config import Config
    from gateway.list_store.unused_contacts import UnusedContact
    from gateway.lists.parsing.entry import Entry
    from gateway.model import Entity
    from gateway.screening.snapshot import Snapshot


class UnknownInstitutionError(MonitionError):
    """No institution, or more than one, is called so."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class InstitutionCard:
    """An institution as it stands in a snapshot, by its digest.

    ``entries`` are those of imported lists that it is made of, each with the name of its source.
    ``unused`` are the websites and addresses of these of which nothing was taken.
    """

    entity: Entity
    entries: tuple[tuple[str, Entry], ...]
    unused: tuple[UnusedContact, ...]
    snapshot: str


def institution_card(config: Config, snapshot: Snapshot, text: str) -> InstitutionCard:
    """Find the one institution of this id, number on a list, domain, address or exact name.

    Raises :class:`UnknownInstitutionError` for none and for several, and
    :class:`gateway.errors.ListError` where an imported list or the overrides cannot be read.
    """
    entity = _one(text, snapshot)
    entries = tuple(_entries(entity, Folder.of(config)))
    unused = tuple(unused_of(entity, iter(entries), config.policies.directory, snapshot))
    return InstitutionCard(entity, entries, unused, snapshot.digest)


def as_object(card: InstitutionCard) -> dict[str, Any]:
    """Give all of it for programs."""
    said = asdict(card.entity)
    said["taken_from"] = [
        {"source": name, "entry": entry.id, "place": entry.place, "name": entry.name}
        for name, entry in card.entries
    ]
    said["unused"] = [
        {
            "source": each.source,
            "place": each.text.place,
            "text": each.text.text,
            "reason": each.text.reason,
        }
        for each in card.unused
    ]
    said["snapshot"] = card.snapshot
    return said


def _one(text: str, snapshot: Snapshot) -> Entity:
    found = list({each.id: each for each in _called(text.strip(), snapshot)}.values())
    if not found:
        raise UnknownInstitutionError(
            f"no institution has this id, number, name or domain: {text}; `monition lists search` "
            "finds similar names"
        )
    if len(found) > 1:
        ids = ", ".join(f"{each.id} ({each.name})" for each in found)
        raise UnknownInstitutionError(
            f"{len(found)} institutions are called so; say which by its id: {ids}"
        )
    return found[0]


def _called(text: str, snapshot: Snapshot) -> Iterator[Entity]:
    """Give what an id, a number, a domain or an address points at; else what bears this name."""
    sure = institutions_for(text, snapshot)
    if sure:
        yield from (each.entity for each in sure if each.by is not PointedBy.LOOKALIKE)
        return
    name = text.casefold()
    for each in snapshot.entities.values():
        if name in map(str.casefold, (each.name, *each.aliases, *each.weak_aliases)):
            yield each


def _entries(entity: Entity, folder: Folder) -> Iterator[tuple[str, Entry]]:
    listed = {(each.list, each.uid) for each in entity.listings}
    for name in imported_source.source_names(folder):
        for entry in imported_source.read_entries(folder, name):
            numbers = {(each.list, each.uid) for each in entry.listings if each.uid}
            if entry.id == entity.id or numbers & listed:
                yield name, entry
