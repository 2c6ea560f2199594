"""An old event judged again, by the lists, rules and texts it names, and laid beside it (A5).

What the gateway did then is done anew: the same functions make the same record, and the two are
laid side by side. What cannot be compared any more is told, never passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.addresses.path_reading import read
from gateway.compliance.audit import past_basis
from gateway.errors import FaultyFile, LedgerError
from gateway.ledger.record.events import Observation, observed
from gateway.ledger.record.record import Part, parse_timestamp
from gateway.list_store.files.lists_directory import Folder
from gateway.model import Action, Address, Client, Envelope, Rule
from gateway.notices import render
from gateway.policy.decide import decide_one
from gateway.screening.classify import ORIGINAL, classify, classify_original

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from gateway.addresses.path_reading import PathReading
    from gateway.compliance.audit.past_basis import PastBasis
    from gateway.config import Config
    from gateway.ledger.query.logged_reading import EventWithActs, LoggedReading
    from gateway.model import Notice

FIELDS = (
    *("standing", "kind", "tier", "entity", "entity_name", "list", "programme", "uid"),
    *("listed_on", "effective_from", "wind_down_until", "matched", "rule", "evidence"),
    *("action", "policy_rule", "snapshot", "policy"),
)
"""What a verdict and its decision say, by the facts of OBSERVED."""

PSEUDONYMISED = "…"

_MAY_BE_PERSONAL = ("matched", "evidence", "policy_rule")


@dataclass(frozen=True, slots=True)
class ObservedEvent:
    """An OBSERVED: its id, time and facts, and its personal parts; ``None`` is an erased one."""

    id: str
    at: str
    facts: Mapping[str, Any]
    sender: Mapping[str, Any] | None
    recipient: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class SentNotice:
    """The NOTIFIED of the event's notice, and the notice itself as the outbox still has it."""

    facts: Mapping[str, Any]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that comes out otherwise: what the event says, and what is found now."""

    field: str
    then: object
    now: object


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What came of it.

    ``gone``: what is missing, so that something could not be compared. ``notes``: reservations.
    ``compared``: the fields that were laid side by side, ``notice`` among them where it was.
    """

    compared: tuple[str, ...]
    differences: tuple[FieldDifference, ...]
    gone: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether all of it could be compared, and nothing differs."""
        return not self.differences and not self.gone


@dataclass(frozen=True, slots=True)
class ReplayedEvent:
    """An event judged again, as it may be shown to who asked.

    ``policy_rule`` is the one that decided then. Where people are pseudonyms, :data:`PSEUDONYMISED`
    stands in the place of whatever holds an address.
    """

    id: str
    at: str
    standing: str
    entity_name: str | None
    policy_rule: str | None
    judgement: ReplayResult


def replay(config: Config, reading: LoggedReading, event: str) -> ReplayedEvent:
    """Judge the event whose id begins so by the lists, rules and texts that it names.

    Raises ``LedgerError`` where no event's id begins so, or several do, and for an event that rests
    on no verdict. Raises nothing for what is gone.
    """
    stories = reading.find_for_replay(event)
    found = _observed(event, stories)
    folder = Folder.of(config)
    judgement = judge(folder, config, found, _told(reading, stories))
    rule = found.facts["policy_rule"]
    if not reading.shows_names:
        rule = _pseudonymised(rule)
        judgement = replace(
            judgement,
            differences=tuple(
                FieldDifference(each.field, _pseudonymised(each.then), _pseudonymised(each.now))
                for each in judgement.differences
            ),
        )
    facts = found.facts
    return ReplayedEvent(
        found.id, found.at, facts["standing"], facts["entity_name"], rule, judgement
    )


def judge(
    folder: Folder, config: Config, event: ObservedEvent, sent_notice: SentNotice | None
) -> ReplayResult:
    """Judge an event again. Raises nothing for what is gone."""
    texts = sent_notice.facts.get("texts") if sent_notice is not None else None
    at = parse_timestamp(event.at)
    facts = event.facts
    was = past_basis.open_basis(
        folder, facts.get("snapshot"), facts.get("policy"), texts=texts, at=at
    )
    gone, notes = list(was.gone), list(was.notes)
    if sent_notice is None:
        # No letter was sent: its texts are nothing that could be missed.
        gone = [reason for reason in gone if not reason.startswith("the notice texts:")]
    compared: list[str] = []
    differences: list[FieldDifference] = []
    if event.recipient is None:
        gone.append("the recipient: it was erased, and the verdict was about it")
    elif was.can_be_judged:
        if event.sender is None:
            notes.append("the sender was erased: rules that ask for one find none")
        compared += FIELDS
        differences += _differences(event, _anew(event, event.recipient, at, was))
    if sent_notice is not None:
        outcome = _letter(sent_notice, config, was)
        if isinstance(outcome, str):
            gone.append(outcome)
        else:
            compared.append("notice")
            differences += outcome
    return ReplayResult(tuple(compared), tuple(differences), tuple(gone), tuple(notes))


def _observed(asked: str, stories: Sequence[EventWithActs]) -> ObservedEvent:
    for story in stories:
        if story.event.kind == "OBSERVED":
            event, personal = story.event, story.personal
            return ObservedEvent(
                event.id,
                event.at,
                story.facts,
                personal.get(Part.SENDER),
                personal.get(Part.RECIPIENT),
            )
    raise LedgerError(
        f"{asked} is an event of kind {stories[0].event.kind}, which rests on no verdict: "
        "`monition audit list` shows those that do"
    )


def _told(reading: LoggedReading, stories: Sequence[EventWithActs]) -> SentNotice | None:
    sent = [
        story.facts
        for story in stories
        if story.event.kind == "NOTIFIED" and story.facts["result"] == "sent"
    ]
    if not sent:
        return None
    return SentNotice(sent[-1], reading.notice_for_replay(sent[-1]["notice"]))


def _pseudonymised(value: Any) -> Any:
    return PSEUDONYMISED if "@" in str(value) else value


def _anew(
    event: ObservedEvent, recipient: Mapping[str, Any], at: datetime, was: PastBasis
) -> dict[str, Any]:
    """The facts of the event as they come out now, what is personal put back among them."""
    assert was.snapshot is not None
    assert was.rules is not None
    sender = (event.sender or {}).get("address") or None
    reading = _as_it_was_read(recipient["address"], event.facts["rule"])
    evidence = event.facts["evidence"] or recipient.get("evidence") or ()
    judge = classify_original if ORIGINAL in evidence else classify
    finding = judge(reading, was.snapshot, at.date())
    same = was.snapshot.mailbox_kinds.same_mailboxes
    decision = decide_one(sender, finding, was.rules, at.date(), same)
    if decision.action is Action.REFUSE and event.facts["action"] == Action.WARN:
        # It had been admitted before that rule came into force, and was warned of instead.
        decision = replace(decision, action=Action.WARN)
    envelope = Envelope("", (sender or "").encode(), (), Client())
    observation = Observation("", "", event.facts["mode"], envelope, None)
    (record,) = observed(observation, [decision], at=at, entropy=bytes)
    return _whole(
        record.facts, record.personal.get(Part.SENDER), record.personal.get(Part.RECIPIENT)
    )


def _as_it_was_read(address: str, rule: str | None) -> PathReading:
    """A recipient as its event names it; until December 2026 one was written without quotes."""
    reading = read(address.encode("utf-8", "surrogateescape"))
    if reading.is_by_grammar or rule in (None, Rule.EMBEDDED, Rule.UNREADABLE):
        return reading
    local, _, domain = address.rpartition("@")
    return reading._replace(address=Address(reading.raw, local, domain), is_by_grammar=True)


def _differences(event: ObservedEvent, now: Mapping[str, Any]) -> Iterator[FieldDifference]:
    then = _whole(event.facts, event.sender, event.recipient)
    for name in FIELDS:
        if then.get(name) != now.get(name):
            yield FieldDifference(name, then.get(name), now.get(name))


def _whole(
    facts: Mapping[str, Any],
    sender: Mapping[str, Any] | None,
    recipient: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The facts, with those that stand in a personal part because an address is in them."""
    whole = dict(facts)
    for part in (sender, recipient):
        for name in _MAY_BE_PERSONAL:
            if part is not None and part.get(name) is not None:
                whole[name] = part[name]
    return whole


def _letter(sent_notice: SentNotice, config: Config, was: PastBasis) -> list[FieldDifference] | str:
    """The letter's digest, then and now; or what is missing to make it again."""
    digest = sent_notice.facts.get("digest")
    if digest is None:
        return "the notice: its event bears no digest to compare it with"
    if sent_notice.notice is None:
        return "the notice: what it was made of is no longer in the outbox"
    if was.edition is None or was.texts is None:
        return "the notice: what it was made of is there, its texts are not"
    try:
        made = render.rendered_notice(sent_notice.notice, was.edition.configured(config), was.texts)
    except FaultyFile as error:
        return f"the notice: it cannot be written again: {error}"
    return [] if made.digest == digest else [FieldDifference("notice", digest, made.digest)]
