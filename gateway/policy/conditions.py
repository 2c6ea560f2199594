"""When a rule or an exception fits a finding: every condition it names must hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import NO_FAMILIES, family_of, mailbox_of
from gateway.addresses.domain_name import ancestry, normalise
from gateway.addresses.mailbox import mailbox_key
from gateway.model import Kind, Rule, Standing, Tier
from gateway.policy.tiers import listings_in_force

if TYPE_CHECKING:
    from datetime import date

    from gateway.addresses.canonical_mailbox import SameMailboxes, Sender
    from gateway.document import Section
    from gateway.model import Finding

# The conditions that are lists of alternatives.
_LISTS = (
    "standing",
    "tier",
    "kind",
    "match",
    "list",
    "programme",
    "entity",
    "sender",
    "recipient",
)


@dataclass(frozen=True, slots=True)
class Parties:
    """Mailboxes: exact addresses, and domains with all that lies below them.

    Domains are in normal form, local parts folded.
    """

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.addresses or self.domains)

    def include(self, local: str, domain: str) -> bool:
        """Whether a mailbox is among them; ``local`` in any case, ``domain`` in normal form."""
        if f"{local.casefold()}@{domain}" in self.addresses:
            return True
        return any(name in self.domains for name in ancestry(domain))


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold, all of it. An empty condition always does; so does a day that is ``None``.

    Of one condition any member will do. Both days are inclusive.
    """

    standing: frozenset[Standing] = frozenset()
    tier: frozenset[Tier] = frozenset()
    kind: frozenset[Kind] = frozenset()
    matched_by: frozenset[Rule] = frozenset()
    list: frozenset[str] = frozenset()
    programme: frozenset[str] = frozenset()
    entity: frozenset[str] = frozenset()
    sender: Parties = Parties()
    recipient: Parties = Parties()
    since: date | None = None
    until: date | None = None

    def fit(
        self,
        sender: Sender | None,
        finding: Finding,
        on: date,
        same_mailboxes: SameMailboxes = NO_FAMILIES,
    ) -> bool:
        """Whether all hold for a sender (``None``: the null sender), a ranked finding, a day.

        A sender is the mailbox that it counts under, however it is written, and so is one that a
        condition names (behaviour S18); ``same_mailboxes`` is what is known of providers.
        """
        return (
            self.are_in_time(on)
            and _holds(self.standing, finding.standing)
            and _holds(self.tier, finding.tier)
            and _holds(self.kind, finding.kind)
            and _holds(self.matched_by, finding.rule)
            and _holds(self.entity, finding.entity.id if finding.entity else None)
            and self._fit_a_listing(finding, on)
            and (not self.sender or _is_among(self.sender, sender, same_mailboxes))
            and (
                not self.recipient
                or self.recipient.include(finding.recipient.local, finding.recipient.domain)
            )
        )

    def are_in_time(self, on: date) -> bool:
        """Whether the day lies between the days, both included."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)

    @property
    def name_somebody(self) -> bool:
        """Whether they are bound to certain institutions or recipients."""
        return bool(self.entity or self.recipient)

    @property
    def are_none(self) -> bool:
        """Whether everything fits."""
        return self == Conditions()

    def _fit_a_listing(self, finding: Finding, on: date) -> bool:
        """Whether one and the same listing in force has the list and the programme."""
        if not self.list and not self.programme:
            return True
        return any(
            _holds(self.list, listing.list) and _holds(self.programme, listing.programme)
            for listing in listings_in_force(finding, on)
        )


def read_conditions(section: Section) -> Conditions:
    """Read the conditions of a ``[[rule]]`` or ``[[exception]]``; faults go to its document.

    ``match`` names how an address came to its standing (``exact-domain``, ``subdomain`` …).
    """
    conditions = Conditions(
        frozenset(section.choices("standing", Standing, default=())),
        frozenset(section.choices("tier", Tier, default=())),
        frozenset(section.choices("kind", Kind, default=())),
        frozenset(section.choices("match", Rule, default=())),
        frozenset(section.texts("list", default=())),
        frozenset(section.texts("programme", default=())),
        frozenset(section.texts("entity", default=())),
        _parties(section, "sender"),
        _parties(section, "recipient"),
        section.date("from", default=None),
        section.date("until", default=None),
    )
    since, until = conditions.since, conditions.until
    if since is not None and until is not None and until < since:
        section.fault("until", f"lies before from, {since.isoformat()}: it never holds")
    for key in _LISTS:
        # An empty list would read as "nobody" and mean "everybody".
        if section.value(key, lambda value: value == [], default=False):
            section.fault(key, "is empty, which would fit everything; name some or leave it out")
    return conditions


def _parties(section: Section, key: str) -> Parties:
    parties = section.parsed_list(key, _party, default=())
    addresses = frozenset(party for party in parties if "@" in party)
    return Parties(addresses, frozenset(parties) - addresses)


def _party(text: str) -> str:
    local, at, domain = text.rpartition("@")
    if at and not local:
        raise ValueError("has nothing before the @; for a whole domain leave the @ out")
    return f"{local.casefold()}{at}{normalise(domain)}"


def _is_among(parties: Parties, sender: Sender | None, same: SameMailboxes) -> bool:
    if sender is None:
        return False
    named = _canonical(parties, same)
    if mailbox_key(sender.mailbox) in named.addresses:
        return True
    return any(name in named.domains for name in ancestry(sender.domain))


@lru_cache(maxsize=1024)
def _canonical(parties: Parties, same: SameMailboxes) -> Parties:
    """The same parties in the form that senders have."""
    return Parties(
        frozenset(mailbox_key(mailbox_of(each, same)) for each in parties.addresses),
        frozenset(family_of(each, same).domains[0] for each in parties.domains),
    )


def _holds(wanted: frozenset[str], value: str | None) -> bool:
    return not wanted or value in wanted
