"""One message in which something was found, from its first matched recipient to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.addresses.canonical_mailbox import sender_of
from gateway.config import Mode
from gateway.ledger.record.events import Observation, SettledRecipient
from gateway.ledger.store.settlement import Settlement
from gateway.model import Address, Outcome, Peek, Suppression
from gateway.notices import rhythm
from gateway.notices.etiquette import suppression_of
from gateway.smtp.replies import parse as parse_reply
from gateway.smtp.replies import queue_id

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gateway.addresses.canonical_mailbox import Sender
    from gateway.config import Config
    from gateway.config.departments import Departments
    from gateway.ledger.record.record import Record
    from gateway.model import Decision, Envelope, NoticeRequest


@dataclass(slots=True)
class MatchedMessage:
    """A matched message under way.

    ``transaction`` is the session's number of it. ``envelope`` bears its sender's canonical
    mailbox, ``sender`` tells how it was come by; ``None``: it is read from the envelope.
    ``refused`` are recipients that we refused, with the reply each got; ``accepted`` are decisions
    about those that the next hop took. ``records`` are durable, the refused recipients' first, all
    in the order of their findings.
    """

    id: str
    transaction: int
    envelope: Envelope
    at: datetime
    accepted: tuple[Decision, ...] = ()
    refused: list[tuple[Decision, str]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    peek: Peek | None = None
    sender: Sender | None = None

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
            department=departments.of(*self._spellings()),
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

    def _read_sender(self) -> Sender | None:
        if self.sender is None and self.envelope.sender:
            return sender_of(self.envelope.sender)
        return self.sender

    def _spellings(self) -> tuple[str, ...]:
        sender = self._read_sender()
        return () if sender is None else (sender.written, sender.mailbox)

    def _refusals(self) -> Iterable[SettledRecipient]:
        for record, (_, reply) in zip(self.records, self.refused, strict=False):
            yield SettledRecipient(record.id, Outcome.REFUSED, reply, refused_by_us=True)

    def _notice(self, config: Config) -> tuple[Suppression | None, NoticeRequest | None]:
        header = self.peek or Peek(readable=False)
        sender = self._read_sender()
        if sender is None:
            return Suppression.NULL_SENDER, None
        to = sender.answer_to
        suppression: Suppression | None = Suppression.NOT_OURS
        if to is not None:
            suppression = suppression_of(to, header, config.institution.domains)
        if suppression is None and config.policies.mode is Mode.OBSERVE:
            suppression = Suppression.OBSERVE_MODE
        findings = [finding for decision in self.decisions for finding in decision.findings]
        events = {
            finding.recipient: record.id
            for finding, record in zip(findings, self.records, strict=True)
        }
        return suppression, rhythm.notice_request(
            message=self.id,
            # Nobody is written to where there is no such address: what is kept is who it was.
            sender=to or Address(b"", sender.mailbox, ""),
            mailbox=sender.mailbox,
            decisions=self.decisions,
            events=events,
            peek=header,
            languages=config.notices.languages,
            on=self.at.date(),
        )
