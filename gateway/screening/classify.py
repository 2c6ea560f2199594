"""The verdict on a recipient: listed, for review or clear, whose mailbox it is, and why.

The room's one public door for those who screen mail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.addresses.mailbox import Unreadable, mailbox_key, without_signature
from gateway.model import Address, Finding, Kind, Rule, Standing
from gateway.screening.embedded_addresses import wrapped
from gateway.screening.recipient_kind import kind_of, provider_of, shared_host_of
from gateway.screening.snapshot import Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from gateway.model import Entity
    from gateway.screening.domain_index import Holding
    from gateway.screening.lookalikes import Resemblance
    from gateway.screening.snapshot import Snapshot


def classify(address: Address | Unreadable, snapshot: Snapshot, on: date) -> Finding:
    """Give the verdict on one recipient for one day; never raises, whatever the address.

    Behaviours S1, S4 and S5.

    The closest entry in force, or that clears, decides; entries not in force only explain. A
    finding's ``entity`` has all its listings: the policy picks the strictest, and the tier. An
    address that cannot be read is clear, and its evidence says why it was not read.
    """
    if isinstance(address, Unreadable):
        nowhere = Address(address.raw, address.raw.decode("utf-8", "backslashreplace"), "")
        evidence = (f"not read: {address.reason}",)
        return Finding(nowhere, Standing.CLEAR, Kind.UNKNOWN, snapshot.digest, evidence=evidence)
    mailbox = mailbox_key(without_signature(address.local))
    past: Match | None = None
    for match in snapshot.matches(mailbox, address.domain):
        for holding in match.holdings:
            if holding.claim.clears or is_listed(holding.entity, on):
                return _finding(address, snapshot, on, match, holding)
        past = past or match
    if (embedded := _embedded(address, snapshot, on)) is not None:
        return embedded
    if past is not None:
        return _finding(address, snapshot, on, past, past.holdings[0])
    found = _linked(address, snapshot, on) or _lookalike(address, snapshot, on)
    if found is not None:
        return found
    kind = kind_of(address, snapshot.people, listed=False)
    return Finding(address, Standing.CLEAR, kind, snapshot.digest)


def wrapped_matches(address: Address, snapshot: Snapshot) -> Iterator[Match]:
    """Give what the addresses wrapped up in a local part match, closest first, whatever the day.

    At a personal provider a local part is whatever its owner liked: nothing is read into it.
    """
    for domain, mailboxes in wrapped(without_signature(address.local)):
        if provider_of(address.domain, snapshot.people) is not None:
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
    people = snapshot.people
    known = provider_of(domain, people) or shared_host_of(domain, people)
    return None if known else found


def is_listed(entity: Entity, on: date) -> bool:
    """Whether any designation of an entity binds on that day."""
    return any(listing.is_in_force(on) for listing in entity.listings)


def _embedded(address: Address, snapshot: Snapshot, on: date) -> Finding | None:
    for match in wrapped_matches(address, snapshot):
        for holding in match.holdings:
            if holding.claim.clears:
                return None
            if is_listed(holding.entity, on):
                wrapped_up = Match(match.name, Rule.EMBEDDED, (holding,))
                why = f"an address at {match.name} is wrapped up in the local part"
                return _review(address, snapshot, on, wrapped_up, why)
    return None


def _review(address: Address, snapshot: Snapshot, on: date, match: Match, why: str) -> Finding:
    """The verdict on what only resembles or wraps an address of the first of the holdings."""
    holding = match.holdings[0]
    return Finding(
        address,
        Standing.REVIEW,
        Kind.UNKNOWN,
        snapshot.digest,
        entity=holding.entity,
        matched=match.name,
        rule=match.rule,
        evidence=(holding.claim.evidence, why, *_state(holding.entity, on)),
    )


def _linked(address: Address, snapshot: Snapshot, on: date) -> Finding | None:
    holding = snapshot.linked.get(address.domain)
    if holding is None or not is_listed(holding.entity, on):
        return None
    match = Match(holding.claim.value, Rule.LINKED, (holding,))
    kind = kind_of(address, snapshot.people, listed=False)
    why = f"{address.domain} is linked to {holding.entity.name} by the DNS, not by a list"
    return replace(_review(address, snapshot, on, match, why), kind=kind)


def _lookalike(address: Address, snapshot: Snapshot, on: date) -> Finding | None:
    found = resemblance(address.domain, snapshot)
    if found is None:
        return None
    for holding in found.holdings:
        if not holding.claim.clears and is_listed(holding.entity, on):
            match = Match(found.domain, Rule.LOOKALIKE, (holding,))
            kind = kind_of(address, snapshot.people, listed=False)
            return replace(_review(address, snapshot, on, match, found.how), kind=kind)
    return None


def _finding(
    address: Address, snapshot: Snapshot, on: date, match: Match, holding: Holding
) -> Finding:
    claim, entity = holding.claim, holding.entity
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
        kind = kind_of(address, snapshot.people, listed=True)
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
