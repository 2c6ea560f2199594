"""All that a verdict rests on, at one moment: entities, their domains, what is known of people.

:func:`build` makes a snapshot from values; :func:`load` reads the values from a policies
directory first. A snapshot never changes: a refresh makes another, and a message sees only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import Fault, ListError
from gateway.model import Rule
from gateway.screen.address import mailbox_key, without_tag
from gateway.screen.digest import digest_of
from gateway.screen.domains import DomainIndex, Holding, grouped
from gateway.screen.entities import read_entities
from gateway.screen.people import read_people

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from gateway.model import Entity
    from gateway.screen.kind import People


@dataclass(frozen=True, slots=True)
class Match:
    """A claimed name that an address lies at or below, and who claims it."""

    name: str
    rule: Rule
    holdings: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Who is listed, where they are reached, and whose mailboxes are whose.

    ``addresses`` are the exact ones, by domain and then by mailbox key. ``digest`` is
    ``sha256:`` and 64 hex digits over all content, whatever files it came from.
    """

    entities: Mapping[str, Entity]
    domains: DomainIndex
    addresses: Mapping[str, Mapping[str, tuple[Holding, ...]]]
    people: People
    digest: str

    def matches(self, mailbox: str, domain: str) -> Iterator[Match]:
        """Give what an address matches, the closest first: itself, then its domain upwards.

        ``mailbox`` is a mailbox key, ``domain`` in normal form. Dates are not looked at.
        """
        if (exact := self.addresses.get(domain)) is not None:
            found = exact.get(mailbox) or exact.get(without_tag(mailbox))
            if found is not None:
                yield Match(found[0].claim.value, Rule.EXACT_ADDRESS, found)
        for name, holdings in self.domains.matches(domain):
            rule = Rule.EXACT_DOMAIN if name == domain else Rule.SUBDOMAIN
            yield Match(name, rule, holdings)

    def knows(self, domain: str) -> bool:
        """Whether an address at a domain in normal form could match, whatever its mailbox."""
        return domain in self.addresses or self.domains.covers(domain)


def build(entities: Iterable[Entity], people: People) -> Snapshot:
    """Make a snapshot; entity ids must be unique, claims in normal form."""
    by_id = {entity.id: entity for entity in sorted(entities, key=lambda entity: entity.id)}
    addresses: dict[str, dict[str, tuple[Holding, ...]]] = {}
    exact = (Holding(entity, claim) for entity in by_id.values() for claim in entity.addresses)
    for value, holdings in grouped(exact).items():
        local, _, domain = value.rpartition("@")
        addresses.setdefault(domain, {})[mailbox_key(local)] = holdings
    domains = DomainIndex(
        Holding(entity, claim) for entity in by_id.values() for claim in entity.domains
    )
    return Snapshot(by_id, domains, addresses, people, digest_of(by_id.values(), people))


def load(directory: Path) -> Snapshot:
    """Read ``personal.toml``, ``roles.toml`` and ``entities/*.toml`` below a policies directory.

    Raises :class:`ListError` with all faults of all files at once. Opens files, and nothing else.
    """
    faults: list[Fault] = []
    people = read_people(directory, faults)
    entities = read_entities(directory / "entities", people, faults)
    if faults:
        raise ListError(faults)
    return build(entities, people)
