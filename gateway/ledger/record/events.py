"""The events, one builder a kind: which fields each has, and what is a fact and what is personal.

``docs/events.md`` tells the same to people; a test holds the two together. Nothing of a message
enters but its sender, its matched recipients and the fields named here: no subject, no content,
no other recipient. Pure: time and randomness arrive as arguments.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gateway.ledger.record.record import (
    ENTROPY_BYTES,
    JSON,
    SALT_BYTES,
    EventKind,
    Part,
    Record,
    as_text,
    timestamp,
    ulid,
)
from gateway.model import Decision, Envelope, Finding, Outcome, Peek, Recipient, Rule

if TYPE_CHECKING:
    from datetime import date, datetime

Entropy: TypeAlias = Callable[[int], bytes]
"""Gives that many random bytes, unguessable: salts come from it."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One message in which something was found, as far as it is known when it is observed.

    ``message`` is the id that its events share, ``process`` the id of the running gateway, ``mode``
    the policy's (``warn`` or ``observe``). ``peek`` is ``None`` where no header came yet (a
    recipient refused at RCPT). ``first_index`` counts the message's recipients observed before.
    ``department`` is the sender's, as the institution had it at that moment.
    """

    message: str
    process: str
    mode: str
    envelope: Envelope
    peek: Peek | None
    first_index: int = 0
    department: str | None = None


def observed(
    observation: Observation, decisions: Iterable[Decision], *, at: datetime, entropy: Entropy
) -> tuple[Record, ...]:
    """One OBSERVED for each finding, in the order of the decisions and of their findings.

    Raises ``ValueError`` for a time without a zone, as every builder here does.
    """
    pairs = [(decision, finding) for decision in decisions for finding in decision.findings]
    waiting: dict[bytes, deque[Recipient]] = {}
    for recipient in observation.envelope.recipients:
        waiting.setdefault(recipient.path, deque()).append(recipient)
    records: list[Record] = []
    for index, (decision, finding) in enumerate(pairs, observation.first_index):
        facts, about = _finding(decision, finding)
        facts |= {
            "message": observation.message,
            "index": index,
            "process": observation.process,
            "mode": observation.mode,
            "department": observation.department,
            "header_readable": None if observation.peek is None else observation.peek.readable,
        }
        # The same path may have been named twice.
        same = waiting.get(finding.recipient.raw)
        accepted = same.popleft() if same else None
        about["reply"] = None if accepted is None else accepted.reply.kept
        sender = _sender(observation)
        rule = facts["policy_rule"]
        if isinstance(rule, str) and "@" in rule:
            # A rule or an exception may be named after a person.
            facts["policy_rule"] = None
            mine = sender["address"]
            of_sender = isinstance(mine, str) and mine and mine.casefold() in rule.casefold()
            (sender if of_sender else about)["policy_rule"] = rule
        personal = {Part.SENDER: sender, Part.RECIPIENT: about}
        records.append(_record(EventKind.OBSERVED, facts, personal, at=at, entropy=entropy))
    return tuple(records)


@dataclass(frozen=True, slots=True)
class SettledRecipient:
    """What became of one observed recipient; ``observed`` is the id of its OBSERVED.

    ``reply`` is the next hop's final reply as it is kept, or ours; ``refused_by_us`` tells our own
    refusal from the next hop's.
    """

    observed: str
    outcome: Outcome
    reply: str | None = None
    next_queue_id: str | None = None
    refused_by_us: bool = False


@dataclass(frozen=True, slots=True)
class NoticeState:
    """What a settled recipient means for the notice: ``none``, ``queued``, ``suppressed:REASON``.

    ``id`` is the notice's, where one is queued.
    """

    state: str
    id: str | None = None


def settled(  # noqa: PLR0913 - the fields of the event
    result: SettledRecipient,
    notice: NoticeState,
    *,
    message: str,
    process: str,
    at: datetime,
    entropy: Entropy,
) -> Record:
    """How it ended for one recipient, and whether the sender is written to about it."""
    facts: dict[str, JSON] = {
        "observed": result.observed,
        "message": message,
        "process": process,
        "outcome": result.outcome.value,
        "refused_by_us": result.refused_by_us,
        "notice": notice.state,
        "notice_id": notice.id,
    }
    # HOUSE's parting: queue ids are the sender's, the next hop's words are the recipient's.
    personal: dict[Part, Mapping[str, JSON]] = {
        Part.SENDER: {"next_queue_id": result.next_queue_id},
        Part.RECIPIENT: {"reply": result.reply},
    }
    return _record(EventKind.SETTLED, facts, personal, at=at, entropy=entropy)


def notified(facts: Mapping[str, JSON], *, process: str, at: datetime, entropy: Entropy) -> Record:
    """A notice left, was given up, or queued anew; ``result`` says which.

    Facts: ``notice result attempts message_id digest texts``.
    """
    return _record(EventKind.NOTIFIED, {**facts, "process": process}, {}, at=at, entropy=entropy)


def started(  # noqa: PLR0913 - the fields of the event
    process: str,
    version: str,
    *,
    new_ledger: bool,
    at: datetime,
    entropy: Entropy,
    pseudonym_key: str | None = None,
) -> Record:
    """A process began its watch. ``new_ledger``: it found none and began this one.

    ``pseudonym_key`` is the digest of the key of the pseudonyms, so that another is noticed.
    """
    facts: dict[str, JSON] = {
        "process": process,
        "version": version,
        "new_ledger": new_ledger,
        "pseudonym_key": pseudonym_key,
    }
    return _record(EventKind.STARTED, facts, {}, at=at, entropy=entropy)


def stopped(process: str, *, at: datetime, entropy: Entropy) -> Record:
    """A process ended its watch in good order."""
    return _record(EventKind.STOPPED, {"process": process}, {}, at=at, entropy=entropy)


def heartbeat(process: str, *, at: datetime, entropy: Entropy) -> Record:
    """A process is still watching; a gap between two says how long nobody may have been."""
    return _record(EventKind.HEARTBEAT, {"process": process}, {}, at=at, entropy=entropy)


def journalled(
    facts: Mapping[str, JSON], *, process: str, at: datetime, entropy: Entropy
) -> Record:
    """The emergency journal was taken in; numbers: ``events settlements known set_aside``."""
    return _record(EventKind.JOURNALLED, {**facts, "process": process}, {}, at=at, entropy=entropy)


def _record(
    kind: EventKind,
    facts: Mapping[str, JSON],
    personal: Mapping[Part, Mapping[str, JSON]],
    *,
    at: datetime,
    entropy: Entropy,
) -> Record:
    salts = {part: entropy(SALT_BYTES) for part in personal}
    return Record(
        ulid(at, entropy(ENTROPY_BYTES)), timestamp(at), kind.value, facts, personal, salts
    )


def _finding(decision: Decision, finding: Finding) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """The facts of a finding, and the recipient's part."""
    entity, listing = finding.entity, finding.listing
    facts: dict[str, JSON] = {
        "standing": finding.standing.value,
        "kind": finding.kind.value,
        "tier": None if finding.tier is None else finding.tier.value,
        "entity": None if entity is None else entity.id,
        "entity_name": None if entity is None else entity.name,
        "list": None if listing is None else listing.list,
        "programme": None if listing is None else listing.programme,
        "uid": None if listing is None else listing.uid,
        "listed_on": None if listing is None else _day(listing.listed_on),
        "effective_from": None if listing is None else _day(listing.effective_from),
        "wind_down_until": None if listing is None else _day(listing.wind_down_until),
        "matched": finding.matched,
        "rule": None if finding.rule is None else finding.rule.value,
        "evidence": list(finding.evidence),
        "action": decision.action.value,
        "policy_rule": decision.rule,
        "snapshot": finding.snapshot,
        "policy": decision.policy,
    }
    recipient: dict[str, JSON] = {"address": str(finding.recipient)}
    # An address that matched exactly, or that lies embedded in another, is personal wherever it
    # stands: it must go when the recipient's part is erased.
    names_a_person = finding.rule in (Rule.EXACT_ADDRESS, Rule.EMBEDDED)
    if finding.matched is not None and (names_a_person or "@" in finding.matched):
        recipient["matched"], facts["matched"] = finding.matched, None
    if finding.evidence and (names_a_person or any("@" in line for line in finding.evidence)):
        recipient["evidence"], facts["evidence"] = list(finding.evidence), None
    return facts, recipient


def _sender(observation: Observation) -> dict[str, JSON]:
    envelope, peek = observation.envelope, observation.peek
    return {
        "address": as_text(envelope.sender),
        "client": envelope.client.address,
        "helo": envelope.client.helo,
        "message_id": None if peek is None else peek.message_id,
        "queue_id": envelope.client.ident,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
