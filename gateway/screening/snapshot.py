"""All that a verdict rests on, at one moment: entities, their domains, what is known of people.

:func:`build` makes a snapshot from values; :func:`load` reads the values from a policies
directory first. A snapshot never changes: a refresh makes another, and a message sees only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.addresses.mailbox import mailbox_key, without_tag
from gateway.errors import Fault, ListError
from gateway.model import Rule
from gateway.screening import snapshot_lines
from gateway.screening.domain_index import DomainIndex, EntityClaim, grouped
from gateway.screening.entity_files import read_entities
from gateway.screening.lazy_entities import LazyEntities
from gateway.screening.lookalikes import Lookalikes
from gateway.screening.mailbox_kind_files import read_mailbox_kinds
from gateway.screening.snapshot_digest import digest_of, digest_of_lines
from gateway.screening.snapshot_lines import MalformedLineError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway.model import Entity
    from gateway.screening.recipient_kind import MailboxKinds


@dataclass(frozen=True, slots=True)
class Match:
    """A claimed name that an address lies at or below, and who claims it."""

    name: str
    rule: Rule
    entity_claims: tuple[EntityClaim, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Who is listed, where they are reached, and whose mailboxes are whose.

    ``entities`` are by id, ``addresses`` by domain and then by mailbox key. ``lookalikes`` is what
    the listed domains could be mistaken for, ``linked`` are domains that the DNS ties to one of
    them. ``digest`` is ``sha256:`` and 64 hex digits over all content, whatever files it came from.
    """

    entities: Mapping[str, Entity]
    domains: DomainIndex
    addresses: Mapping[str, Mapping[str, tuple[EntityClaim, ...]]]
    mailbox_kinds: MailboxKinds
    digest: str
    lookalikes: Lookalikes
    linked: Mapping[str, EntityClaim]

    def matches(self, mailbox: str, domain: str) -> Iterator[Match]:
        """Give what an address matches, the closest first: itself, then its domain upwards.

        ``mailbox`` is a mailbox key, ``domain`` in normal form. Dates are not looked at.
        """
        if (exact := self.addresses.get(domain)) is not None:
            found = exact.get(mailbox) or exact.get(without_tag(mailbox))
            if found is not None:
                yield Match(found[0].claim.value, Rule.EXACT_ADDRESS, found)
        for name, entity_claims in self.domains.matches(domain):
            rule = Rule.EXACT_DOMAIN if name == domain else Rule.SUBDOMAIN
            yield Match(name, rule, entity_claims)

    def may_match(self, domain: str) -> bool:
        """Whether an address at a domain in normal form could match, whatever its mailbox."""
        return domain in self.addresses or domain in self.linked or self.domains.covers(domain)


def build(entities: Iterable[Entity], mailbox_kinds: MailboxKinds) -> Snapshot:
    """Make a snapshot; entity ids must be unique, claims in normal form."""
    ordered = sorted(entities, key=lambda entity: entity.id)
    by_id = {entity.id: snapshot_lines.in_order(entity) for entity in ordered}
    return _indexed(by_id, by_id.values(), mailbox_kinds, digest_of(by_id.values(), mailbox_kinds))


def from_lines(lines: Sequence[bytes]) -> Snapshot:
    """Make a snapshot of its canonical lines, without their ends, that of people first.

    Raises :class:`snapshot_lines.MalformedLineError` where one of them is none. Lines of entities
    that nobody is reached at are not read until they are asked for.
    """
    if not lines:
        raise MalformedLineError("a snapshot has one line at least")
    entities = LazyEntities(lines[1:])
    return _indexed(
        entities,
        tuple(entities.with_claims()),
        snapshot_lines.mailbox_kinds_of(lines[0]),
        digest_of_lines(lines),
    )


def _indexed(
    entities: Mapping[str, Entity],
    reached: Collection[Entity],
    mailbox_kinds: MailboxKinds,
    digest: str,
) -> Snapshot:
    addresses: dict[str, dict[str, tuple[EntityClaim, ...]]] = {}
    exact = (EntityClaim(entity, claim) for entity in reached for claim in entity.addresses)
    for value, entity_claims in grouped(exact).items():
        local, _, domain = value.rpartition("@")
        addresses.setdefault(domain, {})[mailbox_key(local)] = entity_claims
    domains = DomainIndex(
        EntityClaim(entity, claim) for entity in reached for claim in entity.domains
    )
    linked = {
        claim.value: EntityClaim(entity, claim) for entity in reached for claim in entity.linked
    }
    lookalikes = Lookalikes(domains.items())
    return Snapshot(entities, domains, addresses, mailbox_kinds, digest, lookalikes, linked)


def load(directory: Path) -> Snapshot:
    """Make a snapshot of a policies directory alone; raises as :func:`read`."""
    written = read(directory)
    return build(written.entities, written.mailbox_kinds)


class WrittenEntities(NamedTuple):
    """What people wrote. ``additions`` have an id and claims alone: they belong to an entity."""

    entities: list[Entity]
    additions: list[Entity]
    mailbox_kinds: MailboxKinds


def read(directory: Path, *more: Path) -> WrittenEntities:
    """Read ``personal.toml``, ``roles.toml`` and ``entities/*.toml`` below a policies directory.

    ``more`` are further directories of entities files. Raises :class:`ListError` with all faults
    of all files at once. Opens files, and nothing else.
    """
    faults: list[Fault] = []
    mailbox_kinds = read_mailbox_kinds(directory, faults)
    entities, additions = read_entities([directory / "entities", *more], mailbox_kinds, faults)
    if faults:
        raise ListError(faults)
    return WrittenEntities(entities, additions, mailbox_kinds)
