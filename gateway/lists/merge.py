"""Entries of several lists and the entities that people wrote, as one entity each.

What a person wrote goes before what a list says, and an earlier list before a later one. Which
entries are one institution is decided in :mod:`gateway.lists.same_institution`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.lists.claimed_domains import ClaimReader
from gateway.lists.parsing.entry import unique
from gateway.lists.same_institution import Groups
from gateway.model import Entity, Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.lists.claimed_domains import UnusedText
    from gateway.lists.overrides import OverrideKey, Overrides
    from gateway.lists.parsing.entry import Entry
    from gateway.lists.parsing.hosts import Guard
    from gateway.lists.same_institution import Group
    from gateway.model import Claim


@dataclass(frozen=True, slots=True)
class Merged:
    """``entities``, sorted by id. The rest is for people.

    ``refused`` are texts of websites and e-mails that were not used. ``shared`` are the domains
    that several entities claim, with their ids. ``orphans`` are ids
    that additions name and nothing else has. ``used`` are the overrides that met their text.
    """

    entities: tuple[Entity, ...]
    refused: tuple[UnusedText, ...]
    shared: dict[str, tuple[str, ...]]
    orphans: tuple[str, ...]
    used: frozenset[OverrideKey]


def merge(
    written: Iterable[Entity],
    sources: Iterable[Iterable[Entry]],
    overrides: Overrides,
    guard: Guard,
    additions: Iterable[Entity] = (),
) -> Merged:
    """Join what people wrote and what the lists say, ``sources`` in the order of their word.

    A source that is not here keeps its place by an empty one: a rank is a place.

    ``additions`` bear an id, domains and addresses only, and belong to whichever entity has the
    id.
    """
    groups = Groups()
    for entity in written:
        groups.add_written(entity)
    for number, entries in enumerate(sources):
        for entry in entries:
            groups.add_entry(entry, number)
    orphans = [addition.id for addition in additions if not groups.add_addition(addition)]
    return _Merger(overrides, guard).merged(groups, tuple(orphans))


class _Merger:
    """Makes entities of groups; remembers which texts it could not use."""

    def __init__(self, overrides: Overrides, guard: Guard) -> None:
        self._reading = ClaimReader(overrides, guard)

    def merged(self, groups: Iterable[Group], orphans: tuple[str, ...]) -> Merged:
        entities = [self._entity(group) for group in groups]
        holders: dict[str, list[str]] = {}
        for entity in entities:
            for value in {claim.value for claim in entity.domains if not claim.clears}:
                holders.setdefault(value, []).append(entity.id)
        shared = {
            value: tuple(sorted(ids)) for value, ids in sorted(holders.items()) if len(ids) > 1
        }
        return Merged(
            tuple(sorted(entities, key=lambda entity: entity.id)),
            tuple(self._reading.refused),
            shared,
            orphans,
            frozenset(self._reading.used),
        )

    def _entity(self, group: Group) -> Entity:
        first = group.written[0] if group.written else None
        entries = group.entries
        id_ = first.id if first else entries[0].id
        known: list[Entity | Entry] = [*group.written, *entries]
        names = unique([each.name for each in known])
        aliases = unique([*names[1:], *(alias for each in known for alias in each.aliases)])
        weak = unique([alias for each in known for alias in each.weak_aliases])
        people = (*group.written, *group.additions)
        domains = [claim for each in people for claim in each.domains]
        numbers = {(each.list, each.uid) for one in known for each in one.listings if each.uid}
        domains += [
            claim for entry in entries for claim in self._reading.domains(id_, entry, numbers)
        ]
        addresses = [claim for each in people for claim in each.addresses]
        addresses += [claim for entry in entries for claim in self._reading.mailboxes(id_, entry)]
        return Entity(
            id_,
            names[0],
            tuple(alias for alias in aliases if alias != names[0]),
            next((each.country for each in known if each.country), None),
            _listings(each.listings for each in known),
            _first_of_each(domains),
            _first_of_each(addresses),
            tuple(alias for alias in weak if alias not in aliases),
            unique([same for each in group.written for same in each.same_as]),
            rank=group.rank,
        )


def _listings(several: Iterable[Sequence[Listing]]) -> tuple[Listing, ...]:
    """Each designation once: the first to tell of it, its gaps filled by those behind."""
    found: dict[tuple[str, str | None, str | None], Listing] = {}
    for listings in several:
        for listing in listings:
            key = (listing.list, listing.uid, listing.programme)
            other = found.get(key)
            if other and listing.uid is None and _are_apart(other, listing):
                # A list without numbers names an institution anew for each order against it.
                key = (listing.list, str(listing.listed_on), listing.programme)
            bare = (listing.list, listing.uid, None)
            if bare != key and bare in found and listing.uid:
                # A person named the number and left the programme to the list.
                found[key] = _filled(replace(found.pop(bare), programme=listing.programme), listing)
            elif key in found:
                found[key] = _filled(found[key], listing)
            else:
                found[key] = listing
    return tuple(found.values())


def _are_apart(one: Listing, other: Listing) -> bool:
    return None not in (one.listed_on, other.listed_on) and one.listed_on != other.listed_on


def _filled(first: Listing, later: Listing) -> Listing:
    return replace(
        first,
        listed_on=first.listed_on or later.listed_on,
        effective_from=first.effective_from or later.effective_from,
        wind_down_until=first.wind_down_until or later.wind_down_until,
        delisted_on=first.delisted_on or later.delisted_on,
    )


def _first_of_each(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    found: dict[str, Claim] = {}
    for claim in claims:
        found.setdefault(claim.value, claim)
    return tuple(found.values())
