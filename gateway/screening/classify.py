"""The verdict on a recipient: listed, for review or clear, whose mailbox it is, and why.

The room's one public door for those who screen mail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.addresses.mailbox import UnreadablePath, mailbox_key, without_batv
from gateway.model import Address, Finding, Kind, Rule, Standing
from gateway.screening.embedded_addresses import embedded
from gateway.screening.recipient_kind import kind_of, provider_of, shared_host_of
from gateway.screening.snapshot import Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from gateway.model import Entity
    from gateway.screening.domain_index import EntityClaim
    from gateway.screening.lookalikes import Resemblance
    from gateway.screening.snapshot import Snapshot


def classify(address: Address | UnreadablePath, snapshot: Snapshot, on: date) -> Finding:
    """Give the verdict on one recipient for one day; never raises, whatever the address.

    Behaviours S1, S4 and S5.

    The closest entry in force, or that clears, decides; entries not in force only explain. A
    finding's ``entity`` has all its listings: the policy picks the strictest, and the tier. An
    address that cannot be read is clear, and its evidence says why it was not read.
    """
    if isinstance(address, UnreadablePath):
        nowhere = Address(address.raw, address.raw.decode("utf-8", "backslashreplace"), "")
        evidence = (f"not read: {address.reason}",)
        return Finding(nowhere, Standing.CLEAR, Kind.UNKNOWN, snapshot.digest, evidence=evidence)
    mailbox = mailbox_key(without_batv(address.local))
    past: Match | None = None
    for match in snapshot.matches(mailbox, address.domain):
        for entity_claim in match.entity_claims:
            if entity_claim.claim.clears or is_listed(entity_claim.entity, on):
                return _finding(address, snapshot, on, match, entity_claim)
        past = past or match
    if (embedded := _embedded(address, snapshot, on)) is not None:
        return embedded
    if past is not None:
        return _finding(address, snapshot, on, past, past.entity_claims[0])
    found = _linked(address, snapshot, on) or _lookalike(address, snapshot, on)
    if found is not None:
        return found
    kind = kind_of(address, snapshot.mailbox_kinds, listed=False)
    return Finding(address, Standing.CLEAR, kind, snapshot.digest)


def embedded_matches(address: Address, snapshot: Snapshot) -> Iterator[Match]:
    """Give what the addresses wrapped up in a local part match, closest first, whatever the day.

    At a personal provider a local part is whatever its owner liked: nothing is read into it.
    """
    for domain, mailboxes in embedded(without_batv(address.local)):
        if provider_of(address.domain, snapshot.mailbox_kinds) is not None:
            return
        # The last round is for the domain alone: no mailbox key is empty.
        for mailbox in (*mailboxes, ""):
            yield from snapshot.matches(mailbox, domain)


def resemblance(domain: str, snapshot: Snapshot) -> Resemblance | None:
    """Say which listed domain a normalised, unlisted one looks like, whatever the day; or ``None``.

    A personal provider and a shared host are what they are, however they are spelt.
    """
    found = snapshot.lookalikes.find(domain)
    if found is None:
        return None
    mailbox_kinds = snapshot.mailbox_kinds
    known = provider_of(domain, mailbox_kinds) or shared_host_of(domain, mailbox_kinds)
    return None if known else found


def is_listed(entity: Entity, on: date) -> bool:
    """Whether any designation of an entity binds on that day."""
    return any(listing.is_in_force(on) for listing in entity.listings)


def _embedded(address: Address, snapshot: Snapshot, on: date) -> Finding | None:
    for match in embedded_matches(address, snapshot):
        for entity_claim in match.entity_claims:
            if entity_claim.claim.clears:
                return None
            if is_listed(entity_claim.entity, on):
                wrapped_up = Match(match.name, Rule.EMBEDDED, (entity_claim,))
                why = f"an address at {match.name} is wrapped up in the local part"
                return _review(address, snapshot, on, wrapped_up, why)
    return None


def _review(address: Address, snapshot: Snapshot, on: date, match: Match, why: str) -> Finding:
    """The verdict on what only resembles or wraps an address of the first of the claims."""
    entity_claim = match.entity_claims[0]
    return Finding(
        address,
        Standing.REVIEW,
        Kind.UNKNOWN,
        snapshot.digest,
        entity=entity_claim.entity,
        matched=match.name,
        rule=match.rule,
        evidence=(entity_claim.claim.evidence, why, *_state(entity_claim.entity, on)),
    )


def _linked(address: Address, snapshot: Snapshot, on: date) -> Finding | None:
    entity_claim = snapshot.linked.get(address.domain)
    if entity_claim is None or not is_listed(entity_claim.entity, on):
        return None
    match = Match(entity_claim.claim.value, Rule.LINKED, (entity_claim,))
    kind = kind_of(address, snapshot.mailbox_kinds, listed=False)
    why = f"{address.domain} is linked to {entity_claim.entity.name} by the DNS, not by a list"
    return replace(_review(address, snapshot, on, match, why), kind=kind)


def _lookalike(address: Address, snapshot: Snapshot, on: date) -> Finding | None:
    found = resemblance(address.domain, snapshot)
    if found is None:
        return None
    for entity_claim in found.entity_claims:
        if not entity_claim.claim.clears and is_listed(entity_claim.entity, on):
            match = Match(found.domain, Rule.LOOKALIKE, (entity_claim,))
            kind = kind_of(address, snapshot.mailbox_kinds, listed=False)
            return replace(_review(address, snapshot, on, match, found.how), kind=kind)
    return None


def _finding(
    address: Address, snapshot: Snapshot, on: date, match: Match, entity_claim: EntityClaim
) -> Finding:
    claim, entity = entity_claim.claim, entity_claim.entity
    notes: Iterable[str]
    if claim.clears:
        standing = Standing.CLEAR
        notes = (f"{claim.value} is taken out of what is listed for {entity.name}",)
    else:
        standing = Standing.LISTED if is_listed(entity, on) else Standing.CLEAR
        notes = _state(entity, on)
    if match.rule is Rule.EXACT_ADDRESS and not claim.clears:
        # A list that names a mailbox names an office, also where it lies at a personal provider.
        kind = Kind.ROLE
    else:
        kind = kind_of(address, snapshot.mailbox_kinds, listed=True)
    return Finding(
        address,
        standing,
        kind,
        snapshot.digest,
        entity=entity,
        matched=match.name,
        rule=match.rule,
        evidence=(claim.evidence, *notes),
    )


def _state(entity: Entity, on: date) -> Iterator[str]:
    """Say of each listing that does not plainly bind on that day how it stands, and until when."""
    for listing in entity.listings:
        name = f"{listing.list} {listing.programme}" if listing.programme else listing.list
        starts = listing.effective_from or listing.listed_on
        if starts is not None and on < starts:
            yield f"{name}: not in force before {starts.isoformat()}"
        elif listing.delisted_on is not None and on >= listing.delisted_on:
            yield f"{name}: delisted on {listing.delisted_on.isoformat()}"
        elif listing.wind_down_until is not None and on <= listing.wind_down_until:
            yield f"{name}: winding down until {listing.wind_down_until.isoformat()}"
