"""One message in which something was found, from its first matched recipient to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.addresses.path_reading import parse
from gateway.config import Mode
from gateway.ledger.record.events import Observation, SettledRecipient
from gateway.ledger.record.record import as_text
from gateway.ledger.store.settlement import Settlement
from gateway.model import Address, Outcome, Peek, Suppression
from gateway.notices import rhythm
from gateway.notices.etiquette import suppression_of
from gateway.smtp.replies import parse as parse_reply
from gateway.smtp.replies import queue_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gateway.config import Config
    from gateway.config.departments import Departments
    from gateway.ledger.record.record import Record
    from gateway.model import Decision, Envelope, NoticeRequest


@dataclass(slots=True)
class MatchedMessage:
    """A matched message under way.

    ``transaction`` is the session's number of it. ``refused`` are recipients that we refused,
    with the reply each got; ``accepted`` are decisions about those that the next hop took.
    ``records`` are durable, the refused recipients' first, all in the order of their findings.
    """

    id: str
    transaction: int
    envelope: Envelope
    at: datetime
    accepted: tuple[Decision, ...] = ()
    refused: list[tuple[Decision, str]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    peek: Peek | None = None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All decisions, the refused recipients' first."""
        return (*(decision for decision, _ in self.refused), *self.accepted)

    def observation(self, process: str, mode: Mode, departments: Departments) -> Observation:
        """What the next records share; those that are there already are counted."""
        return Observation(
            message=self.id,
            process=process,
            mode=mode.value,
            envelope=self.envelope,
            peek=self.peek,
            first_index=len(self.records),
            department=departments.of(as_text(self.envelope.sender)),
        )

    def broken_off(self, outcome: Outcome, now: datetime, every: timedelta) -> Settlement:
        """It ended without a final reply: nobody is written to.

        What we refused is refused; ``outcome`` is for what was observed and never answered.
        """
        taken = self.records[len(self.refused) :]
        return Settlement(
            message=self.id,
            at=now,
            results=(
                *self._refusals(),
                *(SettledRecipient(record.id, outcome) for record in taken),
            ),
            request=None,
            suppression=None,
            may_notify=lambda _opened, _at: False,
            every=every,
        )

    def settlement(
        self, config: Config, outcome: Outcome, final_reply: bytes, now: datetime
    ) -> Settlement:
        """How the message ended, with what its sender would be told."""
        reply = parse_reply(final_reply)
        every = timedelta(days=config.notices.every_days)
        taken = self.records[len(self.refused) :]
        suppression, request = self._notice(config)
        return Settlement(
            message=self.id,
            at=now,
            results=(
                *self._refusals(),
                *(
                    SettledRecipient(record.id, outcome, reply.kept, queue_id(reply))
                    for record in taken
                ),
            ),
            request=request,
            suppression=suppression,
            may_notify=lambda opened, at: rhythm.is_open(opened, at, every),
            every=every,
        )

    def _refusals(self) -> Iterable[SettledRecipient]:
        for record, (_, reply) in zip(self.records, self.refused, strict=False):
            yield SettledRecipient(record.id, Outcome.REFUSED, reply, refused_by_us=True)

    def _notice(self, config: Config) -> tuple[Suppression | None, NoticeRequest | None]:
        header = self.peek or Peek(readable=False)
        sender = parse(self.envelope.sender) if self.envelope.sender else None
        if sender is not None and not isinstance(sender, Address):
            return Suppression.NOT_OURS, None
        suppression = suppression_of(sender, header, config.institution.domains)
        if suppression is None and config.policies.mode is Mode.OBSERVE:
            suppression = Suppression.OBSERVE_MODE
        if sender is None:
            return suppression, None
        findings = [finding for decision in self.decisions for finding in decision.findings]
        events = {
            finding.recipient: record.id
            for finding, record in zip(findings, self.records, strict=True)
        }
        return suppression, rhythm.notice_request(
            message=self.id,
            sender=sender,
            decisions=self.decisions,
            events=events,
            peek=header,
            languages=config.notices.languages,
            on=self.at.date(),
        )
