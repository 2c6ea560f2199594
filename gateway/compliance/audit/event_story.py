"""One event told to an officer: what was noticed, why, how it ended, its place in the chain.

In plain sentences and named values; how wide they are, and what a terminal must not be given, is
for those who print them. The texts of other people stand in them as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.ledger.query.logged_reading import EventWithActs
    from gateway.ledger.record.chain import Checkpoint

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


ERASED = "erased"
"""The value of a personal part that was erased."""


@dataclass(frozen=True, slots=True)
class EventInWords:
    """One event in words.

    ``sentence`` is empty where the kind says all. ``fields`` are what is kept of it, name and
    value: the personal parts first (``sender``, ``sender client``), then the facts, by the names
    that they have in the ledger.
    """

    kind: str
    id: str
    at: str
    sentence: str
    fields: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class EventStory:
    """An event with those of the same observation, oldest first, and its place in the chain.

    ``row`` of ``rows`` counts from 1; the hashes are hexadecimal. ``sealed_parts`` are the names
    of the personal parts that its hash commits to. ``whole`` is all of it as one JSON object.
    """

    events: tuple[EventInWords, ...]
    row: int
    rows: int
    hash: str
    previous: str
    sealed_parts: tuple[str, ...]
    whole: Mapping[str, Any]


def story_of(
    story: EventWithActs, related: Sequence[EventWithActs], head: Checkpoint
) -> EventStory:
    """Tell an event; ``related`` are those of the same observation, ``head`` is the chain's."""
    event = story.event
    by_row = sorted((story, *related), key=lambda other: other.event.seq)
    return EventStory(
        tuple(map(_told, by_row)),
        row=event.seq,
        rows=head.seq,
        hash=event.hash.hex(),
        previous=event.previous.hex(),
        sealed_parts=tuple(json.loads(event.commitments)),
        whole=_as_object(story, related),
    )


def _as_object(story: EventWithActs, related: Sequence[EventWithActs]) -> dict[str, Any]:
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
        "related": [_as_object(other, ()) for other in related],
    }


def _told(story: EventWithActs) -> EventInWords:
    event = story.event
    sentence = _sentence(event.kind, story.facts)
    return EventInWords(event.kind, event.id, event.at, sentence, tuple(_fields(story)))


def _fields(story: EventWithActs) -> Iterator[tuple[str, object]]:
    for part, content in story.personal.items():
        if content is None:
            yield part.value, ERASED
            continue
        for name, value in content.items():
            if value is not None:
                yield f"{part} {name}".removesuffix(" address"), value
    for name, value in story.facts.items():
        if value is not None:
            yield name, value


def _sentence(kind: str, facts: Mapping[str, Any]) -> str:
    match kind:
        case "OBSERVED":
            return why_matched(facts)
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


def why_matched(facts: Mapping[str, Any]) -> str:
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
