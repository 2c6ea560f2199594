"""One event told to an officer: what was noticed, why, how it ended, its place in the chain."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from gateway.cli.shared.tables import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.ledger.query.logged_reading import Story
    from gateway.ledger.record.chain import Checkpoint

_WIDTH = 79
_INDENT = 24

_ENDINGS = {
    "delivered": "The next hop took the message.",
    "refused": "The message was refused for this recipient.",
    "failed": "The message could not be handed on; its client was asked to try again.",
    "unknown": "The message was handed on, but no answer came back: it may have been delivered.",
}
_NOTICES = {
    "none": "No notice was due.",
    "queued": "A notice to the sender was queued.",
    "suppressed:rhythm": "No notice: the sender was told of this institution a short while ago.",
    "suppressed:null-sender": "No notice: the message had no sender to write to.",
    "suppressed:auto-submitted": "No notice: the message was written by a program.",
    "suppressed:list-mail": "No notice: the message came through a mailing list.",
    "suppressed:bulk": "No notice: the message was bulk mail.",
    "suppressed:not-ours": "No notice: the sender is not one of the institution's.",
    "suppressed:cap": "No notice: more were due than may be sent.",
    "suppressed:observe-mode": "No notice: the policy only observes.",
    "suppressed:unreadable": "No notice: the message's header could not be read to its end.",
}
_RULES = {
    "exact-address": "is an address that the list itself names",
    "exact-domain": "is at its domain {}",
    "subdomain": "is below its domain {}",
    "lookalike": "has a domain that resembles {}",
    "linked": "has a domain whose servers lie inside {}",
    "embedded": "carries another address inside it, at {}",
}
_RESULTS = {
    "sent": "The notice was sent.",
    "failed": "The notice was given up.",
    "queued": "The notice was queued again by hand.",
}

_DECISIONS = {
    "open": "opened it again: it is not decided",
    "false-positive": "decided that it is a false positive: the recipient is not the institution's",
    "personal": "decided that it is private mail",
    "licensed": "decided that it is covered by a licence",
    "exempt": "decided that an exemption covers it",
    "escalated": "passed it on",
    "remediated": "decided that it was put right",
}
_CAUSES = {"request": "at somebody's request", "retention": "because its time was over"}


def as_object(story: Story, related: Sequence[Story]) -> dict[str, Any]:
    """The event as JSON, the related ones inside it."""
    event = story.event
    return {
        "seq": event.seq,
        "id": event.id,
        "at": event.at,
        "kind": event.kind,
        "facts": story.facts,
        "personal": {part.value: content for part, content in story.personal.items()},
        "commitments": json.loads(event.commitments),
        "previous": event.previous.hex(),
        "hash": event.hash.hex(),
        "related": [as_object(other, ()) for other in related],
    }


def as_text(story: Story, related: Sequence[Story], head: Checkpoint) -> str:
    """The event in words, 79 columns, each line safe for a terminal."""
    lines: list[str] = []
    for one in sorted((story, *related), key=lambda other: other.event.seq):
        lines += [*_told(one), ""]
    event = story.event
    lines += [
        "Place in the chain",
        *_field("row", f"{event.seq} of {head.seq}"),
        *_field("hash", event.hash.hex()),
        *_field("previous", event.previous.hex()),
        *_field("sealed parts", ", ".join(json.loads(event.commitments)) or "none"),
        "  `monition audit verify` checks that it is what was written.",
    ]
    return "\n".join(lines)


def _told(story: Story) -> Iterator[str]:
    yield f"{story.event.kind} {story.event.id} at {story.event.at}"
    if sentence := _sentence(story.event.kind, story.facts):
        shown = visible(sentence)
        yield from textwrap.wrap(shown, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    for part, content in story.personal.items():
        if content is None:
            yield from _field(part, "erased")
            continue
        for name, value in content.items():
            if value is not None:
                yield from _field(f"{part} {name}".removesuffix(" address"), value)
    for name, value in story.facts.items():
        if value is not None:
            yield from _field(name, value)


def _sentence(kind: str, facts: Mapping[str, Any]) -> str:
    match kind:
        case "OBSERVED":
            return why(facts)
        case "SETTLED":
            notice = facts["notice"]
            told = _NOTICES.get(notice, f"Notice: {notice}.")
            return f"{_ENDINGS.get(facts['outcome'], '')} {told}".strip()
        case "NOTIFIED":
            return _RESULTS.get(facts["result"], "")
        case "JOURNALLED":
            return "What was kept in the emergency journal was taken into the ledger."
        case "DISPOSED":
            return _decided(facts)
        case "HELD":
            return (
                f"{facts['by']} put it under hold for {facts['matter'] or 'a matter'}: nothing of "
                "it is erased until it is released."
            )
        case "RELEASED":
            which = f"the hold for {facts['matter']}" if facts.get("matter") else "every hold"
            return f"{facts['by']} ended {which} on it."
        case "ERASED":
            return _gone(facts)
        case "ACCESSED":
            rows, senders = facts["rows"], facts["subject_count"]
            return (
                f"{facts['by']} was shown personal data by `{facts['verb']}`: rows {rows}, senders "
                f"{senders}."
            )
    return ""


def _decided(facts: Mapping[str, Any]) -> str:
    disposition = facts["disposition"]
    text = f"{facts['by']} {_DECISIONS.get(disposition, f'decided: {disposition}')}"
    if facts["licence"]:
        text += f", number {facts['licence']}"
    if facts["expires_on"]:
        text += f", until {facts['expires_on']}"
    return f"{text}."


def _gone(facts: Mapping[str, Any]) -> str:
    parts = ", ".join(f"{part} {count}" for part, count in sorted(facts["parts"].items()) if count)
    cause = _CAUSES.get(facts["cause"], facts["cause"])
    text = f"{facts['by']} had personal data erased {cause}: "
    text += f"events {facts['events']}, parts {parts}." if parts else "nothing went."
    if facts["kept"]:
        text += f" Under hold, and kept: events {facts['kept']}."
    return text


def why(facts: Mapping[str, Any]) -> str:
    """Why a recipient matched, by the facts of its OBSERVED, and what the policy said."""
    name = facts["entity_name"] or "an institution"
    rule, matched = facts["rule"], facts["matched"] or "an address"
    how = _RULES.get(rule, f"fits {matched} by the rule {rule}").format(matched)
    decided = f'The policy\'s rule "{facts["policy_rule"] or "…"}" said: {facts["action"]}.'
    if facts["standing"] == "review":
        return f"The recipient {how}, of {name}. A person should look. {decided}"
    listed = f"{name} stands on {facts['list'] or 'a list'}"
    if facts["programme"]:
        listed += f" under {facts['programme']}"
    if facts["listed_on"]:
        listed += f", since {facts['listed_on']}"
    if facts["wind_down_until"]:
        listed += f" (wind-down until {facts['wind_down_until']})"
    return f"{listed}. The recipient {how}. {decided}"


def _field(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, bool):
        value = "yes" if value else "no"
    # A label of two words may be longer than its column; what follows is wrapped around it.
    label = f"  {name.replace('_', ' '):<{_INDENT - 2}} "
    yield from textwrap.wrap(
        visible(str(value)) or '""',
        _WIDTH,
        initial_indent=label,
        subsequent_indent=" " * (_INDENT + 1),
        break_on_hyphens=False,
        break_long_words=False,
    )
