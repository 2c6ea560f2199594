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


class ChangedPart(StrEnum):
    """The part of an entity that changed."""

    ENTITY = "entity"
    ID = "id"
    NAME = "name"
    COUNTRY = "country"
    ALIAS = "alias"
    LISTING = "listing"
    DOMAIN = "domain"
    ADDRESS = "address"
    LINKED = "linked"  # a domain that the DNS ties to one of its own
    SAME_AS = "same-as"  # an identifier on a person's word


class ChangeKind(StrEnum):
    """What happened to it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    ``entity`` is the id after the change, or the last one it had. ``value`` is what was added,
    removed or changed: the domain, the alias, the list with its programme and number. ``before``
    and ``after`` say how it stands, for people; ``None`` where there is none.
    """

    entity: str
    entity_name: str
    what: ChangedPart
    how: ChangeKind
    value: str
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        """The change on one line, as in ``domain added: mipt.ru``."""
        return f"{self.what} {self.how}: {self.value}"


_Facts = dict[str, str]
"""How each value stands, by value."""


def changes(before: Mapping[str, Entity], after: Mapping[str, Entity]) -> list[Change]:
    """Give all differences, by entity id; of an entity that came or went, what it has as well.

    An institution whose id alone is another (a list that goes before has come to name it) is
    known again by the number that a list gives it.
    """
    known_as = _known_as(before, after)
    found: list[Change] = []
    for id_ in sorted({*before, *after} - set(known_as.values())):
        old, new = before.get(known_as.get(id_, id_)), after.get(id_)
        if old != new:
            found += _of_entity(old, new)
    return found


def changed_ids(found: Iterable[Change]) -> frozenset[str]:
    """Give the ids of all entities that changed, those they had before among them."""
    ids: set[str] = set()
    for change in found:
        ids.add(change.entity)
        if change.what is ChangedPart.ID and change.before is not None:
            ids.add(change.before)
    return frozenset(ids)


def _known_as(before: Mapping[str, Entity], after: Mapping[str, Entity]) -> dict[str, str]:
    """Give the old id of each entity that has a new one, by the new one."""
    gone = {
        number: id_
        for id_ in sorted(before.keys() - after.keys(), reverse=True)
        for number in _numbers(before[id_])
    }
    found: dict[str, str] = {}
    for id_ in sorted(after.keys() - before.keys()):
        old = next((gone[number] for number in _numbers(after[id_]) if number in gone), None)
        if old is not None and old not in found.values():
            found[id_] = old
    return found


def _numbers(entity: Entity) -> list[tuple[str, str]]:
    return [(each.list, each.uid) for each in entity.listings if each.uid]


def _of_entity(old: Entity | None, new: Entity | None) -> Iterator[Change]:
    known = new or old
    assert known is not None

    def change(what: ChangedPart, value: str, was: str | None, is_: str | None) -> Change:
        how = (
            ChangeKind.ADDED
            if was is None
            else ChangeKind.REMOVED
            if is_ is None
            else ChangeKind.CHANGED
        )
        return Change(known.id, known.name, what, how, value, was, is_)

    if old is None or new is None:
        was_name, is_name = (each.name if each else None for each in (old, new))
        yield change(ChangedPart.ENTITY, known.name, was_name, is_name)
    else:
        if old.id != new.id:
            yield change(ChangedPart.ID, new.id, old.id, new.id)
        if old.name != new.name:
            yield change(ChangedPart.NAME, new.name, old.name, new.name)
        if old.country != new.country:
            yield change(
                ChangedPart.COUNTRY, new.country or old.country or "", old.country, new.country
            )
    for what, of in _PARTS.items():
        was, is_ = of(old) if old else {}, of(new) if new else {}
        for value in sorted(was.keys() | is_.keys()):
            if was.get(value) != is_.get(value):
                yield change(what, value, was.get(value), is_.get(value))


def _aliases(entity: Entity) -> _Facts:
    weak = dict.fromkeys(entity.weak_aliases, "weak alias")
    return weak | dict.fromkeys(entity.aliases, "alias")


def _listings(entity: Entity) -> _Facts:
    found: _Facts = {}
    for each in entity.listings:
        name = " ".join(filter(None, (each.list, each.programme, each.uid)))
        # A list without numbers may name an institution twice, on different days.
        found[name] = "; ".join(filter(None, (found.get(name), described(each))))
    return found


def described(listing: Listing) -> str:
    """The dates of a designation that are known, on one line; else that it is listed."""
    days: Iterable[tuple[str, date | None]] = (
        (field.name.replace("_", " "), getattr(listing, field.name)) for field in _DAYS
    )
    told = [f"{what} {day.isoformat()}" for what, day in days if day is not None]
    return ", ".join(told) or "listed"


_DAYS = [field for field in fields(Listing) if field.name.endswith(("_on", "_from", "_until"))]


def _domains(entity: Entity) -> _Facts:
    return _claims(entity.domains)


def _addresses(entity: Entity) -> _Facts:
    return _claims(entity.addresses)


def _linked(entity: Entity) -> _Facts:
    return _claims(entity.linked)


def _same_as(entity: Entity) -> _Facts:
    return dict.fromkeys(entity.same_as, "same")


def _claims(claims: Iterable[Claim]) -> _Facts:
    found: _Facts = {}
    for claim in claims:
        said = claim.evidence.removeprefix(f"{claim.value}: ")
        found[claim.value] = f"{said} (taken out)" if claim.clears else said
    return found


_PARTS = {
    ChangedPart.ALIAS: _aliases,
    ChangedPart.LISTING: _listings,
    ChangedPart.DOMAIN: _domains,
    ChangedPart.ADDRESS: _addresses,
    ChangedPart.LINKED: _linked,
    ChangedPart.SAME_AS: _same_as,
}
