"""What is done about the findings of one message: the first rule that fits (behaviour P1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import NO_FAMILIES, sender_in
from gateway.model import Action, Decision, Rule, Standing
from gateway.policy.rules import EXCEPTION
from gateway.policy.tiers import with_strictest_listing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.addresses.canonical_mailbox import SameMailboxes, Sender
    from gateway.model import Finding
    from gateway.policy.exceptions import Exemption
    from gateway.policy.rules import PolicyRule, Rules

# Where no rule of the file fits. A match never goes unseen.
NOT_LISTED = "recipients that no list names: pass"
NO_RULE = "no rule fits: observe"


def decide(
    sender: str | None,
    findings: Sequence[Finding],
    rules: Rules,
    on: date,
    same_mailboxes: SameMailboxes = NO_FAMILIES,
) -> tuple[Decision, ...]:
    """Decide about the findings of one message, in one :class:`Decision` for each rule that fitted.

    ``sender`` is the envelope sender as text, ``None`` for the null sender; ``same_mailboxes`` says
    at which providers several spellings are one sender. Findings come back
    with their strictest listing and its tier. What passes is left out: it leaves no trace.
    Decisions stand in the order of the rules; exceptions come after them, then what no rule fits.
    The mode has no say here: an event tells what would have been done. ``on`` is the day that
    listings and exceptions are judged for.
    """
    order = [rule.name for rule in rules.rules]
    order += [exception_name(each) for each in rules.exceptions]
    order.append(NO_RULE)
    grouped: dict[str, tuple[Action, list[Finding]]] = {}
    read = None if sender is None else sender_in(sender, same_mailboxes)
    for finding in findings:
        decision = _decide(read, finding, rules, on, same_mailboxes)
        if decision.action is not Action.PASS:
            grouped.setdefault(decision.rule, (decision.action, []))[1].extend(decision.findings)
    return tuple(
        Decision(grouped[name][0], name, tuple(grouped[name][1]), rules.digest)
        for name in order
        if name in grouped
    )


def decide_one(
    sender: str | None,
    finding: Finding,
    rules: Rules,
    on: date,
    same_mailboxes: SameMailboxes = NO_FAMILIES,
) -> Decision:
    """Decide about one recipient alone, as at RCPT; what passes is a decision here as well."""
    read = None if sender is None else sender_in(sender, same_mailboxes)
    return _decide(read, finding, rules, on, same_mailboxes)


def _decide(
    sender: Sender | None,
    finding: Finding,
    rules: Rules,
    on: date,
    same_mailboxes: SameMailboxes,
) -> Decision:
    finding = with_strictest_listing(finding, rules.tiers, on)
    rule = _first_that_fits(sender, finding, rules, on, same_mailboxes)
    if rule is None:
        is_clear = finding.standing is Standing.CLEAR
        action, name = (Action.PASS, NOT_LISTED) if is_clear else (Action.OBSERVE, NO_RULE)
    else:
        action, name = rule.action, rule.name
    if finding.rule is Rule.UNREADABLE and action is not Action.PASS:
        # Nobody knows yet whom it concerns: it is kept for people to look at, and no more.
        action = Action.OBSERVE
    if action is not Action.PASS:
        for exemption in rules.exceptions:
            if exemption.conditions.fit(sender, finding, on, same_mailboxes):
                action, name = Action.OBSERVE, exception_name(exemption)
                break
    return Decision(action, name, (finding,), rules.digest)


def exception_name(exemption: Exemption) -> str:
    """Give what stands for an exception as the rule of a decision."""
    return EXCEPTION + exemption.name


def sends_notices(mode: str) -> bool:
    """Whether notices go out in this mode of the configuration.

    ``observe`` writes to nobody (behaviour P2).
    """
    return mode == "warn"


def _first_that_fits(
    sender: Sender | None, finding: Finding, rules: Rules, on: date, same_mailboxes: SameMailboxes
) -> PolicyRule | None:
    for rule in rules.rules:
        # A rule that does not name the clear speaks of findings alone.
        if finding.standing is Standing.CLEAR and Standing.CLEAR not in rule.conditions.standing:
            continue
        if rule.conditions.fit(sender, finding, on, same_mailboxes):
            return rule
    return None
