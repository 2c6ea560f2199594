"""Which listed domain another is tied to by the DNS: its mail or its name is in the other's hands.

A link is a host that lies inside a listed domain: one that an MX record (RFC 5321 section 5.1) or
an NS record names, or, of an address literal, the one that bears the address. A host of a shared
provider never links anybody: half the world's mail goes there (behaviour S7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.addresses.address_literal import is_global_literal
from gateway.addresses.domain_name import DomainError, normalise
from gateway.screening.recipient_kind import provider_of, shared_host_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.screening.snapshot import Snapshot


class Link(NamedTuple):
    """``domain`` is tied to the listed domain ``within`` by ``host``, which a ``record`` names."""

    domain: str
    record: str
    host: str
    within: str

    @property
    def evidence(self) -> str:
        """The link as one line of a verdict."""
        return f"{self.record} {self.host} lies inside {self.within}"


def find_link(domain: str, answers: Iterable[tuple[str, str]], snapshot: Snapshot) -> Link | None:
    """Find the first of a normalised domain's hosts that lies inside a listed domain; or ``None``.

    ``answers`` are pairs of record type and host, as the DNS gave them. A domain that is listed
    itself, or taken out of what is, is not linked; nor is a personal provider's or a shared host's.
    """
    mailbox_kinds = snapshot.mailbox_kinds
    if snapshot.domains.covers(domain) or _is_everybodys(domain, snapshot):
        return None
    for record, text in answers:
        try:
            host = normalise(text)
        except DomainError:
            continue
        if provider_of(host, mailbox_kinds) or shared_host_of(host, mailbox_kinds):
            continue
        for within, entity_claims in snapshot.domains.matches(host):
            if any(entity_claim.claim.clears for entity_claim in entity_claims):
                break
            return Link(domain, record, host, within)
    return None


def may_be_linked(domain: str, snapshot: Snapshot) -> bool:
    """Whether a normalised domain, found clear, is worth asking the DNS about.

    A name of one label is not, nor is a personal provider or shared host, nor an address literal
    that no host on the Internet has.
    """
    if domain.startswith("["):
        return is_global_literal(domain) and domain not in snapshot.linked
    if "." not in domain or snapshot.may_match(domain):
        return False
    return not _is_everybodys(domain, snapshot)


def _is_everybodys(domain: str, snapshot: Snapshot) -> bool:
    mailbox_kinds = snapshot.mailbox_kinds
    return bool(provider_of(domain, mailbox_kinds) or shared_host_of(domain, mailbox_kinds))
