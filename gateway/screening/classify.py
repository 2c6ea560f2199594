"""The verdict on a recipient: listed, for review or clear, whose mailbox it is, and why.

The room's one public door for those who screen mail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.addresses.domain_name import ancestry
from gateway.addresses.encapsulation import MAY_WRAP, encapsulated, reverse_alias
from gateway.addresses.mailbox import mailbox_key, without_batv
from gateway.addresses.mailbox_path import original_recipient, path
from gateway.addresses.mentioned_domains import MOST_NAMES, TooManyNamesError, mentioned_domains
from gateway.addresses.path_reading import UnreadablePath, read
from gateway.model import Address, Finding, Kind, Rule, Standing
from gateway.screening.recipient_kind import kind_of, provider_of, shared_host_of
from gateway.screening.snapshot import Match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from gateway.addresses.path_reading import PathReading
    from gateway.model import Entity
    from gateway.screening.domain_index import EntityClaim
    from gateway.screening.lookalikes import Resemblance
    from gateway.screening.recipient_kind import MailboxKinds
    from gateway.screening.snapshot import Snapshot


_WITHIN = "stands within it"

ORIGINAL = "named as the original recipient (ORCPT) of one that no list concerns"
"""The evidence by which a finding rests on a line's ORCPT."""


def classify_line(line: bytes, snapshot: Snapshot, on: date) -> Finding:
    """Give the verdict on the recipient that a RCPT line names; as :func:`classify`.

    Where it is clear, a listed mailbox that the line names as its original recipient (ORCPT, RFC
    3461 section 4.2) is what the mail was meant for: it is for review in its stead.
    """
    finding = classify(read(path(line)), snapshot, on)
    original = original_recipient(line) if finding.standing is Standing.CLEAR else None
    if original is None:
        return finding
    other = classify_original(read(original), snapshot, on)
    if other.entity is None or other.standing is Standing.CLEAR:
        return finding
    # The path stays that of the line: by it the next hop's answer is told from others'.
    return replace(other, recipient=replace(other.recipient, raw=finding.recipient.raw))


def classify_original(reading: PathReading, snapshot: Snapshot, on: date) -> Finding:
    """Give the verdict on the mailbox that an ORCPT names beside another: for review at most."""
    found = classify(reading, snapshot, on)
    if found.standing is Standing.LISTED:
        found = replace(found, standing=Standing.REVIEW, kind=Kind.UNKNOWN, rule=Rule.EMBEDDED)
    return replace(found, evidence=(*found.evidence, ORIGINAL))


def classify(reading: PathReading, snapshot: Snapshot, on: date) -> Finding:
    """Give the verdict on one recipient for one day; never raises, whatever the path.

    Behaviours S1, S4, S5, S15 and S16.

    Of what the grammar reads, the closest entry in force, or that clears, decides; entries not in
    force only explain. A finding's ``entity`` has all its listings: the policy picks the strictest,
    and the tier. What only a lenient server reads is for review at most; a path that cannot be read
    is for review without an entity, and its evidence says why it was not read.
    """
    mailbox = reading.mailbox
    verdict: Finding | None = None
    if reading.is_by_grammar:
        verdict = _by_grammar(mailbox, snapshot, on)
        if verdict is not None and verdict.standing is Standing.LISTED:
            return verdict
    try:
        if (embedded := _embedded(reading, snapshot, on)) is not None:
            return embedded
    except TooManyNamesError:
        return _unreadable(mailbox, snapshot, f"it holds more than {MOST_NAMES} names")
    if isinstance(reading.address, UnreadablePath):
        return _unreadable(mailbox, snapshot, reading.address.reason)
    if verdict is not None:
        return verdict
    found = _linked(mailbox, reading.address.domain, snapshot, on) or _lookalike(
        mailbox, reading.address.domain, snapshot, on
    )
    if found is not None:
        return found
    kind = kind_of(reading.address, snapshot.mailbox_kinds, listed=False)
    return Finding(mailbox, Standing.CLEAR, kind, snapshot.digest)


def matches_within(
    reading: PathReading, snapshot: Snapshot
) -> Iterator[tuple[Iterator[Match], str]]:
    """Give what each address that stands within a path matches, the closest first, and where.

    At a personal provider a local part is whatever its owner liked: nothing is read into it, save
    that a forwarding service spells another's address in it (behaviour S6). Raises
    :class:`TooManyNamesError`.
    """
    if reading.is_plain and MAY_WRAP.search(reading.raw) is None:
        return
    wrapped, text = _in_local_part(reading, snapshot.mailbox_kinds)
    where = "is wrapped up in the local part" if reading.is_by_grammar else _WITHIN
    for domain, mailboxes in wrapped:
        for mailbox in mailboxes or ("",):
            yield snapshot.matches(mailbox, domain), where
    if not reading.is_plain:
        for domain, mailboxes in mentioned_domains(text):
            for mailbox in mailboxes or ("",):
                yield snapshot.matches(mailbox, domain), _WITHIN


def _in_local_part(
    reading: PathReading, mailbox_kinds: MailboxKinds
) -> tuple[Iterable[tuple[str, tuple[str, ...]]], bytes]:
    """What the local part wraps, and the text in which any domain is looked for besides."""
    address = reading.address
    if isinstance(address, UnreadablePath):
        return (), reading.raw
    local = without_batv(address.local)
    if not reading.is_by_grammar:
        return [(address.domain, (mailbox_key(local),))], reading.raw
    if provider_of(address.domain, mailbox_kinds) is None:
        return encapsulated(local), reading.raw
    is_relay = not mailbox_kinds.reverse_aliases.isdisjoint(ancestry(address.domain))
    return reverse_alias(local) if is_relay else (), reading.around


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


def _by_grammar(address: Address, snapshot: Snapshot, on: date) -> Finding | None:
    past: Match | None = None
    for match in snapshot.matches(mailbox_key(without_batv(address.local)), address.domain):
        if (decisive := _decisive(match, on)) is not None:
            return _finding(address, snapshot, on, match, decisive)
        past = past or match
    return None if past is None else _finding(address, snapshot, on, past, past.entity_claims[0])


def _decisive(match: Match, on: date) -> EntityClaim | None:
    """The first claim that clears, or whose entity is listed on that day."""
    for entity_claim in match.entity_claims:
        if entity_claim.claim.clears or is_listed(entity_claim.entity, on):
            return entity_claim
    return None


def _unreadable(address: Address, snapshot: Snapshot, why: str) -> Finding:
    return Finding(
        address,
        Standing.REVIEW,
        Kind.UNKNOWN,
        snapshot.digest,
        rule=Rule.UNREADABLE,
        evidence=(f"it could not be read: {why}",),
    )


def _embedded(reading: PathReading, snapshot: Snapshot, on: date) -> Finding | None:
    for matches, where in matches_within(reading, snapshot):
        for match in matches:
            if (decisive := _decisive(match, on)) is None:
                continue
            if decisive.claim.clears:
                break
            wrapped_up = Match(match.name, Rule.EMBEDDED, (decisive,))
            why = f"an address at {match.name} {where}"
            return _review(reading.mailbox, snapshot, on, wrapped_up, why)
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


def _linked(address: Address, domain: str, snapshot: Snapshot, on: date) -> Finding | None:
    entity_claim = snapshot.linked.get(domain)
    if entity_claim is None or not is_listed(entity_claim.entity, on):
        return None
    match = Match(entity_claim.claim.value, Rule.LINKED, (entity_claim,))
    kind = kind_of(address, snapshot.mailbox_kinds, listed=False)
    why = f"{domain} is linked to {entity_claim.entity.name} by the DNS, not by a list"
    return replace(_review(address, snapshot, on, match, why), kind=kind)


def _lookalike(address: Address, domain: str, snapshot: Snapshot, on: date) -> Finding | None:
    found = resemblance(domain, snapshot)
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
