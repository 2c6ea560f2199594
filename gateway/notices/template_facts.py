"""What a notice's templates are told, under the names they use: see ``docs/notices.md``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.model import Action, Standing, Tier
from gateway.notices import message_headers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from gateway.config import Config
    from gateway.model import MatchedInstitution, Notice

# Beyond this a notice would be a list of addresses; the ledger has them all.
_MOST_RECIPIENTS = 20

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OLDEST = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class InstitutionFacts:
    """One matched institution as a template sees it.

    ``recipients`` are addresses, the first twenty; ``more`` is how many are left out. ``tier`` is
    its value (``export-control``). ``refused``: the message did not go to them. ``unsure``: the
    address only resembles one of the institution's.
    """

    name: str
    recipients: tuple[str, ...]
    more: int
    list: str
    programme: str | None
    listed_on: date | None
    tier: str
    refused: bool
    unsure: bool


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """All that a template may use, by its own names. Times are UTC.

    ``tiers`` are the values of those matched, strictest first. ``delivered`` and ``refused`` say
    whether the message went on for some recipient, and whether it was refused for one.
    ``sent_at`` is the message's time, ``next_at`` when a next notice about the same could go.
    ``reference`` is the event's id.
    """

    language: str
    institution: str
    office: str
    officer: str | None
    email: str
    phone: str | None
    disclosure_url: str | None
    notice_url: str | None
    matched: tuple[InstitutionFacts, ...]
    tiers: tuple[str, ...]
    delivered: bool
    refused: bool
    sent_at: datetime
    next_at: datetime
    reference: str


def facts_of(notice: Notice, config: Config, language: str) -> TemplateFacts:
    """Gather what the templates are told about a notice; texts from outside are cleaned."""
    matters = notice.request.matters
    compliance = config.compliance
    present = {str(matter.tier) for matter in matters}
    return TemplateFacts(
        language=language,
        institution=message_headers.clean(config.institution.name),
        office=message_headers.clean(compliance.office),
        officer=compliance.officer and message_headers.clean(compliance.officer),
        email=compliance.email,
        phone=compliance.phone and message_headers.clean(compliance.phone),
        disclosure_url=compliance.disclosure_url,
        notice_url=compliance.notice_url,
        matched=tuple(_matched(matters)),
        tiers=tuple(tier for tier in map(str, Tier) if tier in present),
        delivered=any(matter.action != Action.REFUSE for matter in matters),
        refused=any(matter.action == Action.REFUSE for matter in matters),
        sent_at=_observed_at(notice),
        next_at=notice.next_at,
        reference=notice.id,
    )


def variables(facts: TemplateFacts) -> dict[str, Any]:
    """Give facts by the names that templates use."""
    return {name: getattr(facts, name) for name in TemplateFacts.__slots__}


def _observed_at(notice: Notice) -> datetime:
    """When the message went on: the time in the event's ULID, else when the notice was made.

    A notice that is taken up again after it was given up counts as made anew; the message it is
    about does not.
    """
    digits = [_CROCKFORD.find(letter) for letter in notice.id[:10]]
    if len(notice.id) == 26 and min(digits) >= 0:
        milliseconds = 0
        for digit in digits:
            milliseconds = milliseconds * 32 + digit
        age = notice.created_at - _EPOCH - timedelta(milliseconds=milliseconds)
        # An id from elsewhere, or from a clock that was wrong, tells no time.
        if timedelta() <= age <= _OLDEST:
            return notice.created_at - age
    return notice.created_at


def _matched(matters: Iterable[MatchedInstitution]) -> Iterable[InstitutionFacts]:
    """Institutions in the order they were found, each with its recipients."""
    groups: dict[tuple[object, ...], list[MatchedInstitution]] = {}
    for matter in matters:
        key = (matter.entity, matter.list, matter.tier, matter.action, matter.standing)
        groups.setdefault(key, []).append(matter)
    for group in groups.values():
        first = group[0]
        recipients = tuple(dict.fromkeys(message_headers.clean(m.recipient) for m in group))
        yield InstitutionFacts(
            name=message_headers.clean(first.entity_name),
            recipients=recipients[:_MOST_RECIPIENTS],
            more=max(0, len(recipients) - _MOST_RECIPIENTS),
            list=message_headers.clean(first.list),
            programme=first.programme and message_headers.clean(first.programme),
            listed_on=message_headers.day(first.listed_on),
            tier=str(first.tier),
            refused=first.action == Action.REFUSE,
            unsure=first.standing != Standing.LISTED,
        )
