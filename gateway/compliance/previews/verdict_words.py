"""A verdict in sentences: what was found of an address, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.compliance.previews.try_address import strictest_first
from gateway.model import Action, Kind, Rule, Standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from gateway.compliance.previews.try_address import Verdict
    from gateway.model import Finding, Listing
    from gateway.policy.rules import Rules

_MAILBOXES = {
    Kind.PERSONAL: "a person's own, at a provider of personal mail",
    Kind.INDIVIDUAL: "one person's",
    Kind.ROLE: "an office's",
    Kind.ALUMNI: "a former member's",
    Kind.UNKNOWN: "not known whose",
}

_CONSEQUENCES = {
    Action.PASS: "The message goes on and leaves no trace.",
    Action.OBSERVE: "The message goes on; the match is written down and nobody is told.",
    Action.WARN: "The message goes on; the match is written down and its sender is told.",
    Action.REFUSE: "The recipient is refused with 550; that is written down and the sender told.",
}


def reason(verdict: Verdict, *, is_today: bool = True) -> str:
    """Say in a sentence why the address stands as it does.

    ``is_today``: nobody asked for another day.
    """
    finding = verdict.finding
    domain, matched = finding.recipient.domain, finding.matched
    if finding.rule is Rule.UNREADABLE:
        why = verdict.error or finding.evidence[0]
        return f"It cannot be read as one address: {why}. So it is for people to look at."
    # Of what no grammar reads no domain is named: it stands there as it was written.
    domain = domain or (str(finding.recipient) if matched else "")
    if not domain and matched is None:
        return "It names no domain, so nobody outside is written to."
    if matched is None:
        return f"No list names {domain} or a domain above it."
    match finding.rule:
        case Rule.EXACT_ADDRESS:
            where = f"{matched} is an address"
        case Rule.EXACT_DOMAIN:
            where = f"{matched} is a domain"
        case Rule.SUBDOMAIN:
            where = f"{domain} lies below {matched}, a domain"
        case Rule.LOOKALIKE:
            where = f"{domain} only looks like {matched}, a domain"
        case Rule.LINKED:
            return f"By the DNS, {domain} is tied to a domain of the institution below."
        case _:
            where = f"Within it stands an address at {matched}, a domain"
    day = "today" if is_today else "on that day"
    state = "" if finding.standing is not Standing.CLEAR else f", but not listed here and {day}"
    return f"{where} of the institution below{state}."


def details(verdict: Verdict, rules: Rules, *, writes: bool) -> Iterator[tuple[str, str]]:
    """Give what belongs to a verdict, a heading and a text each; none where the text goes on.

    ``rules`` are those that it was decided by, and ``writes`` is whether the configuration lets
    notices go out.
    """
    finding, decision = verdict.finding, verdict.decision
    if finding.entity is not None:
        country = f", {finding.entity.country}" if finding.entity.country else ""
        yield "institution", f"{finding.entity.name} ({finding.entity.id}{country})"
        for listing in strictest_first(finding):
            yield "list", _listing(listing, verdict.on)
    if finding.tier is not None:
        yield "tier", finding.tier
    too = ", or a person's of that name" if verdict.may_be_a_persons else ""
    yield "mailbox", f"{finding.kind}: {_MAILBOXES[finding.kind]}{too}"
    for evidence in finding.evidence:
        yield "evidence", evidence + _reviewer(finding, evidence)
    yield "action", f"{decision.action}. {_CONSEQUENCES[decision.action]}"
    if decision.action in {Action.WARN, Action.REFUSE} and not writes:
        yield "", "Not now: mode is observe, so it is only written down."
    rule = rules.named(decision.rule)
    yield "by", f"{decision.rule}" + (f" ({rule.text})" if rule else "")
    digests = f"snapshot {_short(finding.snapshot)}, policy {_short(decision.policy)}"
    yield "decided", f"for {verdict.on}, {digests}"


def _reviewer(finding: Finding, evidence: str) -> str:
    """Who reviewed the claim that a line of evidence words, to stand behind the day."""
    entity = finding.entity
    claims = (*entity.domains, *entity.addresses) if entity else ()
    named = (each.reviewer for each in claims if each.reviewer and each.evidence == evidence)
    found = next(named, None)
    return f" by {found}" if found else ""


def _listing(listing: Listing, on: date) -> str:
    parts = [listing.list]
    if listing.programme:
        parts.append(listing.programme)
    if listing.uid:
        parts.append(f"entry {listing.uid}")
    parts.append(f"listed {listing.listed_on}" if listing.listed_on else "date not known")
    if listing.effective_from not in {None, listing.listed_on}:
        parts.append(f"in force from {listing.effective_from}")
    if listing.wind_down_until:
        over = " (over)" if on > listing.wind_down_until else ""
        parts.append(f"wind-down until {listing.wind_down_until}{over}")
    if listing.delisted_on:
        parts.append(f"delisted {listing.delisted_on}")
    return ", ".join(parts)


def _short(digest: str) -> str:
    return f"{digest[:19]}…"
