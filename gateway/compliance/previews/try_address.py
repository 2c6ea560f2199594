"""One address tried: what the lists say of it, and what the policy would do (S4, P1).

Nothing is sent, stored or looked up elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.addresses.address_text import from_text
from gateway.addresses.path_reading import UnreadablePath
from gateway.errors import MonitionError
from gateway.model import Kind
from gateway.policy import rules as policy
from gateway.policy.decide import decide_one, sends_notices
from gateway.screening.classify import classify
from gateway.screening.recipient_kind import may_be_a_persons

if TYPE_CHECKING:
    from datetime import date

    from gateway.config import Config
    from gateway.model import Address, Decision, Finding, Listing
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot

# A CSV cell holds one value: of the listings, the strictest.
COLUMNS = (
    *("address", "domain", "standing", "kind", "entity", "entity_name", "list", "programme", "uid"),
    *("listed_on", "effective_from", "wind_down_until", "tier", "matched", "rule", "evidence"),
    *("action", "policy_rule", "snapshot", "policy", "error"),
)
"""The keys of :func:`as_row`."""


class UnreadableAddressError(MonitionError):
    """An address that a person wrote is none; the text says why."""


@dataclass(frozen=True, slots=True)
class TrialBasis:
    """What addresses are tried by: lists, rules, a day, and the sender whom rules may ask for.

    ``sender`` is an address in normal form; ``None`` stands for the null sender, and for nobody in
    particular. ``writes`` is whether the configuration lets notices go out.
    """

    snapshot: Snapshot
    rules: Rules
    on: date
    sender: str | None = None
    writes: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """An address with all that was found and decided about it, for one day.

    ``error`` says why it could not be read; ``None``: it was. ``may_be_a_persons``: the mailbox is
    called by a role's name, which is some people's name or initials as well.
    """

    address: str
    finding: Finding
    decision: Decision
    error: str | None
    on: date
    may_be_a_persons: bool = False


def trial_basis(
    config: Config, snapshot: Snapshot, on: date, sender: str | None = None
) -> TrialBasis:
    """Take the rules of a configuration's policies, and the sender as a person writes one.

    Raises :class:`UnreadableAddressError` for the sender and :class:`gateway.errors.FaultyFile` for
    the policies.
    """
    rules = policy.load(config.policies.directory)
    return TrialBasis(snapshot, rules, on, _normal(sender), sends_notices(config.policies.mode))


def read_address(text: str) -> Address:
    """Read an address as people write it, with a name before it or none.

    Raises :class:`UnreadableAddressError`.
    """
    reading = from_text(text)
    address = reading.address
    if isinstance(address, UnreadablePath):
        raise UnreadableAddressError(address.reason)
    if not reading.is_by_grammar:
        raise UnreadableAddressError("it is no address: one is somebody@example.org")
    return address


def try_address(text: str, by: TrialBasis) -> Verdict:
    """Screen one address as a person writes it, and decide about it as the gateway would.

    Raises nothing: what cannot be read as one address is for review, as it is in the mail.
    """
    reading = from_text(text)
    finding = classify(reading, by.snapshot, by.on)
    same = by.snapshot.mailbox_kinds.same_mailboxes
    decision = decide_one(by.sender, finding, by.rules, by.on, same)
    address = reading.address
    error = address.reason if isinstance(address, UnreadablePath) else None
    shown = address.raw.decode("utf-8", "backslashreplace") or text
    finding = decision.findings[0]
    ambiguous = finding.kind is Kind.ROLE and may_be_a_persons(
        finding.recipient.local, by.snapshot.mailbox_kinds
    )
    return Verdict(shown, finding, decision, error, by.on, ambiguous)


def as_object(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict as one object; ``error`` is there only where the address was not read."""
    finding, decision = verdict.finding, verdict.decision
    entity = finding.entity
    row: dict[str, Any] = {
        "address": verdict.address,
        "domain": finding.recipient.domain or None,
        "standing": finding.standing,
        "kind": finding.kind,
        "entity": entity
        and {
            "id": entity.id,
            "name": entity.name,
            "listings": [_of_listing(listing) for listing in strictest_first(finding)],
        },
        "tier": finding.tier,
        "matched": finding.matched,
        "rule": finding.rule,
        "evidence": list(finding.evidence),
        "action": decision.action,
        "policy_rule": decision.rule,
        "snapshot": finding.snapshot,
        "policy": decision.policy,
    }
    return row if verdict.error is None else {**row, "error": verdict.error}


def as_row(verdict: Verdict) -> dict[str, Any]:
    """Give a verdict as flat cells, with the keys of :data:`COLUMNS`."""
    entity, listing = verdict.finding.entity, verdict.finding.listing
    return {
        **as_object(verdict),
        "entity": entity and entity.id,
        "entity_name": entity and entity.name,
        **(_of_listing(listing) if listing else {}),
        "evidence": "; ".join(verdict.finding.evidence),
        "error": verdict.error,
    }


def strictest_first(finding: Finding) -> list[Listing]:
    """Give the institution's listings, that which the finding rests on before the others."""
    listings = list(finding.entity.listings) if finding.entity else []
    return sorted(listings, key=lambda listing: listing is not finding.listing)


def _normal(sender: str | None) -> str | None:
    if sender is None or sender.strip() in {"", "<>"}:
        return None
    return str(read_address(sender))


def _of_listing(listing: Listing) -> dict[str, Any]:
    row: dict[str, Any] = {
        "list": listing.list,
        "programme": listing.programme,
        "uid": listing.uid,
        "listed_on": _iso(listing.listed_on),
        "effective_from": _iso(listing.effective_from),
        "wind_down_until": _iso(listing.wind_down_until),
    }
    # An end is rare, and is told where there is one.
    return {**row, "delisted_on": _iso(listing.delisted_on)} if listing.delisted_on else row


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
