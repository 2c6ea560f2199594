"""A snapshot's content as lines: what its digest is taken over, and what its file holds.

One JSON array a line, in ASCII: first what is known of people, then one entity after the other
by id. What has no order of its own is sorted, so that equal content gives equal bytes whatever
files it came from. What is unknown is an empty text: nothing that is known is one.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gateway.addresses.canonical_mailbox import MailboxFamily
from gateway.errors import MonitionError
from gateway.model import Claim, Entity, Listing
from gateway.screening.recipient_kind import MailboxKinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Taken apart by hand: dataclasses.asdict copies deeply and takes seconds over 100,000 entities.
_LISTING: Callable[[Listing], tuple[object, ...]] = attrgetter(*(f.name for f in fields(Listing)))
_CLAIM: Callable[[Claim], tuple[object, ...]] = attrgetter(*(f.name for f in fields(Claim)))

_UNORDERED = ("aliases", "weak_aliases", "same_as", "listings", "domains", "addresses", "linked")

# A line of an entity that nobody is reached at ends so: no domain, no address, nothing linked.
_UNREACHED = b",[],[],[]]"


class MalformedLineError(MonitionError, ValueError):
    """Bytes that are no line of a snapshot."""


def lines(entities: Iterable[Entity], mailbox_kinds: MailboxKinds) -> Iterator[bytes]:
    """Give the lines, without their ends, that of people first; entity ids must be unique."""
    yield _line(
        sorted(mailbox_kinds.personal.items()),
        sorted(mailbox_kinds.shared.items()),
        sorted(mailbox_kinds.roles),
        sorted(mailbox_kinds.families),
        sorted(mailbox_kinds.alumni),
        # Left out where there are none: a snapshot of before there were any keeps its digest.
        *_parts_added_since(mailbox_kinds),
    )
    for entity in sorted(entities, key=attrgetter("id")):
        yield _line(
            entity.id,
            entity.name,
            entity.country or "",
            entity.rank,
            sorted(entity.aliases),
            sorted(entity.weak_aliases),
            sorted(entity.same_as),
            sorted(_texts(_LISTING(listing)) for listing in entity.listings),
            sorted(_texts(_CLAIM(claim)) for claim in entity.domains),
            sorted(_texts(_CLAIM(claim)) for claim in entity.addresses),
            sorted(_texts(_CLAIM(claim)) for claim in entity.linked),
        )


def in_order(entity: Entity) -> Entity:
    """Give an entity with all that has no order of its own in the order of its line.

    So it is the same entity, and says the same, whatever files it came from (behaviour S20).
    """
    if all(len(getattr(entity, name)) < 2 for name in _UNORDERED):
        return entity
    return replace(
        entity,
        aliases=tuple(sorted(entity.aliases)),
        weak_aliases=tuple(sorted(entity.weak_aliases)),
        same_as=tuple(sorted(entity.same_as)),
        listings=tuple(sorted(entity.listings, key=lambda each: _texts(_LISTING(each)))),
        domains=tuple(sorted(entity.domains, key=lambda each: _texts(_CLAIM(each)))),
        addresses=tuple(sorted(entity.addresses, key=lambda each: _texts(_CLAIM(each)))),
        linked=tuple(sorted(entity.linked, key=lambda each: _texts(_CLAIM(each)))),
    )


def mailbox_kinds_of(line: bytes) -> MailboxKinds:
    """Read the first line; :class:`MalformedLineError` where it is no array of its parts."""
    personal, shared, *names = _read(line, 5, 6, 7)
    same = names.pop() if len(names) == 5 else ()
    roles, families, alumni, *aliases = map(frozenset, names)
    return MailboxKinds(
        dict(personal),
        dict(shared),
        roles,
        families,
        alumni,
        aliases[0] if aliases else frozenset(),
        tuple(MailboxFamily(tuple(domains), dots_count) for domains, dots_count in same),
    )


def id_of(line: bytes) -> str:
    """Read an entity's id without the rest of its line.

    Raises :class:`MalformedLineError` where the line does not begin with one.
    """
    # An id is letters, digits, dots and hyphens: nothing in it is escaped.
    end = line.find(b'"', 2)
    if not line.startswith(b'["') or end < 0:
        raise MalformedLineError("the line of an entity begins with its id")
    return line[2:end].decode("ascii", "replace")


def has_claims(line: bytes) -> bool:
    """Whether the entity of a line holds a domain or an address, or is linked to one."""
    return not line.endswith(_UNREACHED)


def entity_of(line: bytes) -> Entity:
    """Read one entity's line; :class:`MalformedLineError` where it is no array of eleven parts."""
    id_, name, country, rank, *rest = _read(line, 11)
    aliases, weak, same_as, listings, domains, addresses, linked = rest
    return Entity(
        id_,
        name,
        tuple(aliases),
        country or None,
        tuple(map(_listing, listings)),
        tuple(map(_claim, domains)),
        tuple(map(_claim, addresses)),
        tuple(weak),
        tuple(same_as),
        tuple(map(_claim, linked)),
        int(rank),
    )


def _parts_added_since(mailbox_kinds: MailboxKinds) -> Iterator[list[Any]]:
    aliases, same = mailbox_kinds.reverse_aliases, mailbox_kinds.same_mailboxes
    if aliases or same:
        yield sorted(aliases)
    if same:
        yield sorted(same)


def _listing(texts: list[str]) -> Listing:
    name, programme, uid, *days, source = texts
    listed, effective, winding, delisted = map(_day, days)
    return Listing(
        name, programme or None, uid or None, listed, effective, winding, delisted, source or None
    )


def _claim(texts: list[str]) -> Claim:
    value, source, reviewer, reviewed_on, clears = texts
    return Claim(value, source, reviewer or None, _day(reviewed_on), clears == "True")


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _texts(values: tuple[object, ...]) -> list[str]:
    return ["" if value is None else str(value) for value in values]


def _line(*content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def _read(line: bytes, *parts: int) -> list[Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        raise MalformedLineError("a line of the snapshot is no JSON") from None
    if not isinstance(content, list) or len(content) not in parts:
        raise MalformedLineError(f"a line of the snapshot has not {parts[0]} parts")
    return content
