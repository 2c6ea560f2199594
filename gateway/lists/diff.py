"""What changed from one snapshot to another: entities, names, listings, domains, addresses."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from gateway.model import Claim, Entity


class What(StrEnum):
    """The part of an entity that changed."""

    ENTITY = "entity"
    NAME = "name"
    COUNTRY = "country"
    ALIAS = "alias"
    LISTING = "listing"
    DOMAIN = "domain"
    ADDRESS = "address"


class How(StrEnum):
    """What happened to it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``before`` and ``after`` are for people; ``None`` where there is none."""

    entity: str
    entity_name: str
    what: What
    how: How
    before: str | None = None
    after: str | None = None


def changes(before: Mapping[str, Entity], after: Mapping[str, Entity]) -> Iterator[Change]:
    """Give all differences, by entity id; of an entity that came or went, what it has as well."""
    for id_ in sorted({*before, *after}):
        old, new = before.get(id_), after.get(id_)
        if old != new:
            yield from _of_entity(old, new)


def _of_entity(old: Entity | None, new: Entity | None) -> Iterator[Change]:
    known = new or old
    assert known is not None

    def change(what: What, was: str | None, is_: str | None) -> Change:
        how = How.CHANGED if was and is_ else How.ADDED if is_ else How.REMOVED
        return Change(known.id, known.name, what, how, was, is_)

    if old is None or new is None:
        yield change(What.ENTITY, old.name if old else None, new.name if new else None)
    else:
        if old.name != new.name:
            yield change(What.NAME, old.name, new.name)
        if old.country != new.country:
            yield change(What.COUNTRY, old.country, new.country)
    for was, is_ in _pairs(_aliases(old), _aliases(new)):
        yield change(What.ALIAS, was, is_)
    for was, is_ in _pairs(_listings(old), _listings(new)):
        yield change(What.LISTING, was, is_)
    for what, was_claims, are_claims in (
        (What.DOMAIN, old.domains if old else (), new.domains if new else ()),
        (What.ADDRESS, old.addresses if old else (), new.addresses if new else ()),
    ):
        for was, is_ in _pairs(_claims(was_claims), _claims(are_claims)):
            yield change(what, was, is_)


def _pairs(
    old: Mapping[object, str], new: Mapping[object, str]
) -> Iterator[tuple[str | None, str | None]]:
    """Give what differs, by key, the removed and changed before the added."""
    for key, text in old.items():
        if new.get(key) != text:
            yield text, new.get(key)
    for key, text in new.items():
        if key not in old:
            yield None, text


def _aliases(entity: Entity | None) -> dict[object, str]:
    if entity is None:
        return {}
    return {alias: alias for alias in sorted({*entity.aliases, *entity.weak_aliases})}


def _listings(entity: Entity | None) -> dict[object, str]:
    if entity is None:
        return {}
    found = {(each.list, each.programme, each.uid): described(each) for each in entity.listings}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def described(listing: Listing) -> str:
    """A designation as one line: list, programme, number, and the dates that are known."""
    name = " ".join(filter(None, (listing.list, listing.programme, listing.uid)))
    days: Iterable[tuple[str, date | None]] = (
        (field.name.replace("_", " "), getattr(listing, field.name)) for field in _DAYS
    )
    told = [f"{what} {day.isoformat()}" for what, day in days if day is not None]
    return ", ".join([name, *told])


_DAYS = [field for field in fields(Listing) if field.name.endswith(("_on", "_from", "_until"))]


def _claims(claims: Iterable[Claim]) -> dict[object, str]:
    return {
        claim.value: f"{claim.evidence} (taken out)" if claim.clears else claim.evidence
        for claim in sorted(claims, key=lambda claim: claim.value)
    }
