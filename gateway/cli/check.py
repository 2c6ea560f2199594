"""``monition check``: the verdict on addresses, and why it is what it is."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gateway.addresses.mailbox import Unreadable, from_text
from gateway.cli.shared.bulk import Bulk
from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import paint, visible
from gateway.model import Action, Finding, Kind, Listing, Rule, Standing
from gateway.policy import rules as policy
from gateway.policy.decide import decide_one, may_write
from gateway.screening.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.model import Decision
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot

# A CSV cell holds one value: of the listings, the strictest.
COLUMNS = (
    *("address", "domain", "standing", "kind", "entity", "entity_name", "list", "programme", "uid"),
    *("listed_on", "effective_from", "wind_down_until", "tier", "matched", "rule", "evidence"),
    *("action", "policy_rule", "snapshot", "policy", "error"),
)

_COLOURS = {Standing.LISTED: "red", Standing.REVIEW: "yellow", Standing.CLEAR: "green"}

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


_HANG = 15
"""Where the second of the two columns of an explanation begins."""


class Verdict(NamedTuple):
    """An address with all that was found and decided about it, for one day."""

    address: str
    finding: Finding
    decision: Decision
    error: str | None
    on: date


@click.command(
    epilog=example(
        "monition check a@stud.mipt.ru",
        "monition check --on 2022-08-15 --from jane@example.edu a@mipt.ru",
        "monition check --format json - < addresses.txt",
    )
)
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS…")
@config_option
@click.option("--from", "sender", metavar="SENDER", help="The sender whom rules may ask for.")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day to decide for, as in 2026-11-22.  [default: today, UTC]",
)
@format_option()
def command(
    addresses: tuple[str, ...],
    config_file: Path | None,
    sender: str | None,
    on: datetime | None,
    output_format: str,
) -> None:
    """Explain the verdict on each ADDRESS; - reads them from standard input, one a line.

    Nothing is sent, stored or looked up elsewhere.
    """
    config = load_config(config_file)
    snapshot = load_snapshot(config)
    rules = policy.load(config.policies.directory)
    day = on.date() if on else datetime.now(UTC).date()
    mailbox = _sender(sender)

    def judged(text: str) -> Verdict:
        return judge(text, mailbox, snapshot, rules, day)

    if output_format == "table":
        for index, verdict in enumerate(map(judged, _texts(addresses))):
            writes = may_write(config.policies.mode)
            lines = explanation(verdict, rules, writes=writes, is_today=on is None)
            _print(["", *lines] if index else lines)
        return
    is_csv = output_format == "csv"
    bulk = Bulk(
        judged,
        as_row if is_csv else as_json,
        snapshot,
        rules,
        columns=COLUMNS if is_csv else None,
        encoding=sys.stdout.encoding or "utf-8",
    )
    sys.stdout.writelines(bulk.lines(_texts(addresses)))


def judge(text: str, sender: str | None, snapshot: Snapshot, rules: Rules, on: date) -> Verdict:
    """Screen one address as a person writes it, and decide about it as the gateway would."""
    address = from_text(text)
    decision = decide_one(sender, classify(address, snapshot, on), rules, on)
    error = address.reason if isinstance(address, Unreadable) else None
    shown = address.raw.decode("utf-8", "backslashreplace") or text
    return Verdict(shown, decision.findings[0], decision, error, on)


def as_json(verdict: Verdict) -> dict[str, Any]:
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
            "listings": [_listing_json(listing) for listing in _strictest_first(finding)],
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
    """Give a verdict as flat cells, for CSV."""
    entity, listing = verdict.finding.entity, verdict.finding.listing
    return {
        **as_json(verdict),
        "entity": entity and entity.id,
        "entity_name": entity and entity.name,
        **(_listing_json(listing) if listing else {}),
        "evidence": "; ".join(verdict.finding.evidence),
        "error": verdict.error,
    }


def explanation(
    verdict: Verdict, rules: Rules, *, writes: bool, is_today: bool = True
) -> Iterator[str]:
    """Put a verdict in words. ``writes`` is whether the configuration lets notices go out.

    ``is_today``: nobody asked for another day.
    """
    finding, decision = verdict.finding, verdict.decision
    standing = paint(finding.standing, sys.stdout, fg=_COLOURS[finding.standing], bold=True)
    yield f"{visible(verdict.address)}: {standing}"
    yield f"  {visible(_reason(verdict, 'today' if is_today else 'on that day'))}"
    if finding.entity is not None:
        country = f", {finding.entity.country}" if finding.entity.country else ""
        named = f"{finding.entity.name} ({finding.entity.id}{country})"
        yield f"  institution  {visible(named)}"
        for listing in _strictest_first(finding):
            yield f"  list         {visible(_listing_words(listing, verdict.on))}"
    if finding.tier is not None:
        yield f"  tier         {finding.tier}"
    yield f"  mailbox      {finding.kind}: {_MAILBOXES[finding.kind]}"
    for evidence in finding.evidence:
        yield f"  evidence     {visible(evidence + _reviewer(finding, evidence))}"
    yield f"  action       {decision.action}. {_CONSEQUENCES[decision.action]}"
    if decision.action in {Action.WARN, Action.REFUSE} and not writes:
        yield "               Not now: mode is observe, so it is only written down."
    rule = rules.named(decision.rule)
    yield f"  by           {decision.rule}" + (f" ({rule.text})" if rule else "")
    digests = f"snapshot {_short(finding.snapshot)}, policy {_short(decision.policy)}"
    yield f"  decided      for {verdict.on}, {digests}"


def _reason(verdict: Verdict, day: str) -> str:
    finding = verdict.finding
    domain, matched = finding.recipient.domain, finding.matched
    if verdict.error is not None:
        return f"It cannot be read: {verdict.error}. What cannot be read is clear."
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
            where = f"Its local part wraps up an address at {matched}, a domain"
    state = "" if finding.standing is not Standing.CLEAR else f", but not listed here and {day}"
    return f"{where} of the institution below{state}."


def _reviewer(finding: Finding, evidence: str) -> str:
    """Who reviewed the claim that a line of evidence words, to stand behind the day."""
    entity = finding.entity
    claims = (*entity.domains, *entity.addresses) if entity else ()
    named = (each.reviewer for each in claims if each.reviewer and each.evidence == evidence)
    found = next(named, None)
    return f" by {found}" if found else ""


def _strictest_first(finding: Finding) -> list[Listing]:
    listings = list(finding.entity.listings) if finding.entity else []
    return sorted(listings, key=lambda listing: listing is not finding.listing)


def _listing_json(listing: Listing) -> dict[str, Any]:
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


def _listing_words(listing: Listing, on: date) -> str:
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


def _texts(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        if address == "-":
            for line in sys.stdin.buffer:
                if text := line.decode("utf-8", "surrogateescape").strip():
                    yield text
        else:
            yield address


def _sender(text: str | None) -> str | None:
    if text is None or text.strip() in {"", "<>"}:
        return None
    address = from_text(text)
    if isinstance(address, Unreadable):
        raise click.BadParameter(f"cannot be read: {address.reason}.", param_hint="--from")
    return str(address)


def _print(lines: Iterable[str]) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        # A character that the terminal's encoding lacks must not end the run half-way.
        click.echo(fitted(line.encode(encoding, "backslashreplace").decode(encoding), _HANG))


def _short(digest: str) -> str:
    return f"{digest[:19]}…"


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
