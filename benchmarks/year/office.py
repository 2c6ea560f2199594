"""The office's part in the year: decisions, holds, and who looked at whose records."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.ledger.record import office_events
from gateway.model import Disposition, Kind, Standing

if TYPE_CHECKING:
    from datetime import date, datetime

    from benchmarks.year.pages import Pages
    from benchmarks.year.staff import Person
    from gateway.inspection.matched_message import MatchedMessage
    from gateway.ledger.store.pseudonyms import Pseudonyms
    from gateway.model import Finding

OFFICERS = ("m.okafor", "j.lindqvist", "a.rossi")
AUDITOR = "k.weber"
LICENCE = "BIS-D1247753"
DECIDED = 0.22
"""The share of the findings that somebody ever looked at."""

ORDINARY = (
    (Disposition.PERSONAL, 34),
    (Disposition.REMEDIATED, 24),
    (Disposition.EXEMPT, 14),
    (Disposition.FALSE_POSITIVE, 12),
    (Disposition.LICENSED, 9),
    (Disposition.ESCALATED, 7),
)
REASONS = {
    Disposition.PERSONAL: "An old friend; moves to a private address.",
    Disposition.REMEDIATED: "Spoken to; the exchange has ended.",
    Disposition.EXEMPT: "Peer review of a published paper.",
    Disposition.FALSE_POSITIVE: "Not that institution.",
    Disposition.LICENSED: "Covered by the detector licence.",
    Disposition.ESCALATED: "To counsel: samples were offered.",
}


class Office:
    """Decides what is found, in its own time; ``last_day`` is that of the licence."""

    def __init__(self, pages: Pages, names: Pseudonyms, last_day: date) -> None:
        self._pages = pages
        self._names = names
        self._last_day = last_day
        self._recent: list[tuple[str, Person]] = []

    def found(self, events: list[str], sender: Person, matched: MatchedMessage) -> None:
        """Hear of a message's events; some will be looked at."""
        source = self._pages.source
        findings = [finding for each in matched.decisions for finding in each.findings]
        for event, finding in zip(events, findings, strict=True):
            self._recent.append((event, sender))
            doubtful = finding.standing is Standing.REVIEW
            if source.random() < (0.7 if doubtful else DECIDED):
                wait = timedelta(days=min(60, 1 + source.expovariate(1 / 6)))
                self._pages.later(
                    _at_work(matched.at + wait),
                    lambda at, event=event, finding=finding: self._decide(event, finding, at),
                )
        del self._recent[:-500]

    def hold(self, at: datetime) -> None:
        """Keep a recent finding for an inquiry; half of them are released after two months."""
        if not self._recent:
            return
        source = self._pages.source
        event, _ = source.choice(self._recent)
        matter = f"INQ-{at.year}-{source.randint(1, 60):03}"
        reason = "Counsel asked to keep it."
        self._pages.append(office_events.held(event, self._hand(at), matter=matter, reason=reason))
        if source.random() < 0.5:
            self._pages.later(
                at + timedelta(days=60),
                lambda then: self._pages.append(office_events.released(event, self._hand(then))),
            )

    def look(self, at: datetime) -> None:
        """Somebody lists, or shows one event; an auditor every tenth time."""
        source = self._pages.source
        some = source.sample(self._recent, min(len(self._recent), source.choice((1, 1, 8, 40))))
        senders = {sender.address for _, sender in some}
        is_audit = source.random() < 0.1
        self._pages.append(
            office_events.accessed(
                "audit show" if len(some) == 1 else "audit list",
                office_events.Actor(
                    AUDITOR if is_audit else source.choice(OFFICERS), at, source.randbytes
                ),
                rows=len(some),
                filters={"since": at.date().isoformat()}
                if len(some) > 1
                else {"event": some[0][0]}
                if some
                else {},
                subjects=sorted(map(self._names.person, senders)),
                reason="Yearly audit" if is_audit else source.choice((None, "Daily review")),
            )
        )

    def _decide(self, event: str, finding: Finding, at: datetime) -> None:
        source = self._pages.source
        disposition = self._disposition(finding)
        is_licensed = disposition is Disposition.LICENSED
        self._pages.append(
            office_events.disposed(
                event,
                disposition,
                self._hand(at),
                reason=REASONS[disposition],
                licence=LICENCE if is_licensed else None,
                expires_on=self._last_day if is_licensed else None,
            )
        )
        if disposition is Disposition.ESCALATED or source.random() < 0.02:
            # Decided anew: the last one counts.
            self._pages.later(
                _at_work(at + timedelta(days=source.uniform(3, 30))),
                lambda then: self._pages.append(
                    office_events.disposed(
                        event, Disposition.REMEDIATED, self._hand(then), reason="Closed by counsel."
                    )
                ),
            )

    def _disposition(self, finding: Finding) -> Disposition:
        source = self._pages.source
        if finding.standing is Standing.REVIEW and source.random() < 0.8:
            return Disposition.FALSE_POSITIVE
        if finding.kind is Kind.ALUMNI and source.random() < 0.6:
            return Disposition.PERSONAL
        return source.choices(
            [each for each, _ in ORDINARY], [weight for _, weight in ORDINARY]
        )[0]  # fmt: skip

    def _hand(self, at: datetime) -> office_events.Actor:
        source = self._pages.source
        return office_events.Actor(source.choice(OFFICERS), at, source.randbytes)


def _at_work(at: datetime) -> datetime:
    """In the hours of an office: never at night, nor on a week-end."""
    at = at.replace(hour=9 + at.hour % 8)
    return at + timedelta(days=(7 - at.weekday()) % 7) if at.weekday() > 4 else at
