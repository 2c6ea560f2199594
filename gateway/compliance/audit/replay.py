"""An old event judged again, by the lists, rules and texts it names, and laid beside it (A5).

What the gateway did then is done anew: the same functions make the same record, and the two are
laid side by side. What cannot be compared any more is told, never passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.compliance.audit import past_basis
from gateway.errors import FaultyFile, LedgerError
from gateway.ledger.record.events import Sighting, observed
from gateway.ledger.record.record import Part, moment
from gateway.list_store.files.paths import Folder
from gateway.model import Action, Address, Client, Envelope
from gateway.notices import render
from gateway.policy.decide import decide_one
from gateway.screening.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from gateway.compliance.audit.past_basis import AsItWas
    from gateway.config import Config
    from gateway.ledger.query.logged_reading import Reading, Story
    from gateway.model import Notice

FIELDS = (
    *("standing", "kind", "tier", "entity", "entity_name", "list", "programme", "uid"),
    *("listed_on", "effective_from", "wind_down_until", "matched", "rule", "evidence"),
    *("action", "policy_rule", "snapshot", "policy"),
)
"""What a verdict and its decision say, by the facts of OBSERVED."""

VEILED = "…"

_MAY_BE_PERSONAL = ("matched", "evidence", "policy_rule")


@dataclass(frozen=True, slots=True)
class Observed:
    """An OBSERVED: its id, time and facts, and its personal parts; ``None`` is an erased one."""

    id: str
    at: str
    facts: Mapping[str, Any]
    sender: Mapping[str, Any] | None
    recipient: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Told:
    """The NOTIFIED of the event's notice, and the notice itself as the outbox still has it."""

    facts: Mapping[str, Any]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that comes out otherwise: what the event says, and what is found now."""

    field: str
    then: object
    now: object


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it.

    ``gone``: what is missing, so that something could not be compared. ``notes``: reservations.
    ``compared``: the fields that were laid side by side, ``notice`` among them where it was.
    """

    compared: tuple[str, ...]
    differences: tuple[Difference, ...]
    gone: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether all of it could be compared, and nothing differs."""
        return not self.differences and not self.gone


@dataclass(frozen=True, slots=True)
class Replayed:
    """An event judged again, as it may be shown to who asked.

    ``policy_rule`` is the one that decided then. Where people are pseudonyms, :data:`VEILED` stands
    in the place of whatever holds an address.
    """

    id: str
    at: str
    standing: str
    entity_name: str | None
    policy_rule: str | None
    judgement: Judgement


def replay(config: Config, reading: Reading, event: str) -> Replayed:
    """Judge the event whose id begins so by the lists, rules and texts that it names.

    Raises ``LedgerError`` where no event's id begins so, or several do, and for an event that rests
    on no verdict. Raises nothing for what is gone.
    """
    stories = reading.judged(event)
    found = _observed(event, stories)
    folder = Folder(config.lists.directory)
    judgement = judge(folder, config, found, _told(reading, stories))
    rule = found.facts["policy_rule"]
    if not reading.shows_names:
        rule = _veiled(rule)
        judgement = replace(
            judgement,
            differences=tuple(
                Difference(each.field, _veiled(each.then), _veiled(each.now))
                for each in judgement.differences
            ),
        )
    facts = found.facts
    return Replayed(found.id, found.at, facts["standing"], facts["entity_name"], rule, judgement)


def judge(folder: Folder, config: Config, event: Observed, told: Told | None) -> Judgement:
    """Judge an event again. Raises nothing for what is gone."""
    texts = told.facts.get("texts") if told is not None else None
    at = moment(event.at)
    facts = event.facts
    was = past_basis.replay(folder, facts.get("snapshot"), facts.get("policy"), texts=texts, at=at)
    gone, notes = list(was.gone), list(was.notes)
    if told is None:
        # No letter was sent: its texts are nothing that could be missed.
        gone = [reason for reason in gone if not reason.startswith("the notice texts:")]
    compared: list[str] = []
    differences: list[Difference] = []
    if event.recipient is None:
        gone.append("the recipient: it was erased, and the verdict was about it")
    elif was.can_be_judged:
        if event.sender is None:
            notes.append("the sender was erased: rules that ask for one find none")
        compared += FIELDS
        differences += _differences(event, _anew(event, event.recipient, at, was))
    if told is not None:
        outcome = _letter(told, config, was)
        if isinstance(outcome, str):
            gone.append(outcome)
        else:
            compared.append("notice")
            differences += outcome
    return Judgement(tuple(compared), tuple(differences), tuple(gone), tuple(notes))


def _observed(asked: str, stories: Sequence[Story]) -> Observed:
    for story in stories:
        if story.event.kind == "OBSERVED":
            event, personal = story.event, story.personal
            return Observed(
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


def _told(reading: Reading, stories: Sequence[Story]) -> Told | None:
    sent = [
        story.facts
        for story in stories
        if story.event.kind == "NOTIFIED" and story.facts["result"] == "sent"
    ]
    return Told(sent[-1], reading.reader.notice(sent[-1]["notice"])) if sent else None


def _veiled(value: Any) -> Any:
    return VEILED if "@" in str(value) else value


def _anew(
    event: Observed, recipient: Mapping[str, Any], at: datetime, was: AsItWas
) -> dict[str, Any]:
    """The facts of the event as they come out now, what is personal put back among them."""
    assert was.snapshot is not None
    assert was.rules is not None
    address = recipient["address"]
    local, _, domain = address.rpartition("@")
    sender = (event.sender or {}).get("address") or None
    finding = classify(Address(address.encode(), local, domain), was.snapshot, at.date())
    decision = decide_one(sender, finding, was.rules, at.date())
    if decision.action is Action.REFUSE and event.facts["action"] == Action.WARN:
        # It had been admitted before that rule came into force, and was warned of instead.
        decision = replace(decision, action=Action.WARN)
    envelope = Envelope("", (sender or "").encode(), (), Client())
    sighting = Sighting("", "", event.facts["mode"], envelope, None)
    (record,) = observed(sighting, [decision], at=at, entropy=bytes)
    return _whole(
        record.facts, record.personal.get(Part.SENDER), record.personal.get(Part.RECIPIENT)
    )


def _differences(event: Observed, now: Mapping[str, Any]) -> Iterator[Difference]:
    then = _whole(event.facts, event.sender, event.recipient)
    for name in FIELDS:
        if then.get(name) != now.get(name):
            yield Difference(name, then.get(name), now.get(name))


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


def _letter(told: Told, config: Config, was: AsItWas) -> list[Difference] | str:
    """The letter's digest, then and now; or what is missing to make it again."""
    digest = told.facts.get("digest")
    if digest is None:
        return "the notice: its event bears no digest to compare it with"
    if told.notice is None:
        return "the notice: what it was made of is no longer in the outbox"
    if was.edition is None or was.texts is None:
        return "the notice: what it was made of is there, its texts are not"
    try:
        made = render.letter(told.notice, was.edition.configured(config), was.texts)
    except FaultyFile as error:
        return f"the notice: it cannot be written again: {error}"
    return [] if made.digest == digest else [Difference("notice", digest, made.digest)]
