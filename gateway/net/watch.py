"""What happens around one matched message: found, written down, settled.

The pure rooms decide; this file asks them in order and waits for the ledger. An error in any of
them never reaches a message without a finding, and never a reply code: it is counted and told,
and the message goes on.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from gateway.config import Mode, OnLedgerFailure
from gateway.errors import LedgerError
from gateway.ledger.events import Settled, Sighting, observed
from gateway.ledger.record import ENTROPY_BYTES, ulid
from gateway.ledger.settlement import Settlement
from gateway.model import Address, Outcome, Peek, Suppression
from gateway.notice import rhythm
from gateway.notice.etiquette import suppress
from gateway.notice.peek import peek
from gateway.policy.decide import decide
from gateway.screen.address import parse
from gateway.screen.classify import classify
from gateway.screen.screener import Screener
from gateway.wire.reply import parse as parse_reply
from gateway.wire.reply import queue_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config import Config
    from gateway.ledger.record import Record
    from gateway.ledger.writer import Ledger
    from gateway.metrics import Metrics
    from gateway.model import Decision, Envelope
    from gateway.policy.rules import Rules
    from gateway.screen.snapshot import Snapshot
    from gateway.wire.message import Message
    from gateway.wire.session import Session

OBSERVE_SECONDS = 30
"""How long a final dot waits for its event before ``on_ledger_failure`` decides."""

SETTLE_SECONDS = 2
"""How long the next hop's answer waits for its settlement, which is then journalled."""

log = structlog.get_logger("relay")


class Orders:
    """Snapshot and rules as they are in force together; swapped whole, never by half."""

    __slots__ = ("rules", "screener", "snapshot")

    def __init__(self, snapshot: Snapshot, rules: Rules) -> None:
        self.snapshot = snapshot
        self.rules = rules
        self.screener = Screener(snapshot)


@dataclass(slots=True)
class Case:
    """One matched message under way."""

    id: str
    envelope: Envelope
    decisions: tuple[Decision, ...]
    at: datetime
    peek: Peek | None = None
    records: tuple[Record, ...] = ()


class Watch:
    """The look-out of one process: what the relay asks at each moment of a message."""

    def __init__(
        self, config: Config, orders: Orders, ledger: Ledger, metrics: Metrics, *, process: str
    ) -> None:
        self.orders = orders
        self._process = process
        self._config = config
        self._ledger = ledger
        self._metrics = metrics
        self._every = timedelta(days=config.notices.every_days)
        self.on_notice: Callable[[], None] = lambda: None
        """Called when a notice was queued."""

    def inspect(self, session: Session, peer: str | None) -> Case | None:
        """Screen the accepted recipients. ``None``: nothing found, and nothing kept."""
        began = time.perf_counter()
        try:
            orders = self.orders
            for path in session.transaction.paths:
                if not orders.screener.is_clear(path):
                    return self._open_case(session, peer, orders)
        except Exception as error:
            # A message must not suffer for an error of ours, and this one may be anybody's.
            self._metrics.screening_errors.inc()
            log.exception("screening failed, the message goes on", exc_info=without_words(error))
        finally:
            self._metrics.inspect_seconds.observe(time.perf_counter() - began)
        return None

    def _open_case(self, session: Session, peer: str | None, orders: Orders) -> Case | None:
        now = datetime.now(UTC)
        envelope = session.transaction.envelope(ulid(now, os.urandom(ENTROPY_BYTES)), peer)
        findings = [
            classify(parse(recipient.path), orders.snapshot, now.date())
            for recipient in envelope.recipients
        ]
        sender = parse(envelope.sender)
        named = str(sender) if isinstance(sender, Address) else None
        decisions = decide(named, findings, orders.rules, now.date())
        return Case(envelope.id, envelope, decisions, now) if decisions else None

    async def observe(self, case: Case, message: Message | None) -> bool:
        """Make the case durable; whether its final dot may go on."""
        began = time.perf_counter()
        try:
            header = message.header if message else None
            case.peek = peek(header.block, cut=header.is_cut) if header else Peek(readable=False)
            sighting = Sighting(
                message=case.id,
                process=self._process,
                mode=self._config.policies.mode.value,
                envelope=case.envelope,
                peek=case.peek,
            )
            records = observed(sighting, case.decisions, at=case.at, entropy=os.urandom)
            written = asyncio.wrap_future(self._ledger.observe(records))
            await asyncio.wait_for(written, OBSERVE_SECONDS)
            case.records = records
        except Exception as error:  # noqa: BLE001 - it is told, and decides the reply
            return self._unrecorded(case, error)
        self._metrics.ledger_write_seconds.observe(time.perf_counter() - began)
        for decision in case.decisions:
            for finding in decision.findings:
                tier = finding.tier.value if finding.tier else "none"
                self._metrics.findings.labels(
                    finding.standing.value, tier, decision.action.value
                ).inc()
        log.info("matched", message=case.id, events=[record.id for record in case.records])
        return True

    def _unrecorded(self, case: Case, error: Exception) -> bool:
        delivers = self._config.relay.on_ledger_failure is OnLedgerFailure.DELIVER
        expected = isinstance(error, (LedgerError, TimeoutError))
        log.error(
            "a match could not be recorded",
            message=case.id,
            then="delivered without an event" if delivers else "deferred with 451",
            reason=str(error) if isinstance(error, LedgerError) else type(error).__name__,
            exc_info=None if expected else without_words(error),
        )
        return delivers

    async def settle(self, case: Case, message: Message) -> None:
        """Record how it ended, and queue the notice; in two seconds at most."""
        if not case.records:
            return
        try:
            settled = asyncio.wrap_future(
                self._ledger.settle(self._settlement(case, message.outcome, message.reply))
            )
            # Shielded: what takes longer is still written, only the sender does not wait for it.
            notice = await asyncio.wait_for(asyncio.shield(settled), SETTLE_SECONDS)
        except Exception as error:
            expected = isinstance(error, (LedgerError, TimeoutError))
            log.exception(
                "a settlement is late or lost",
                message=case.id,
                reason=str(error) if isinstance(error, LedgerError) else type(error).__name__,
                exc_info=None if expected else without_words(error),
            )
            return
        log.info("settled", message=case.id, outcome=message.outcome.value, notice=notice)
        if notice == "queued":
            self.on_notice()

    def _settlement(self, case: Case, outcome: Outcome, final_reply: bytes) -> Settlement:
        reply = parse_reply(final_reply)
        config, now = self._config, datetime.now(UTC)
        sender = parse(case.envelope.sender) if case.envelope.sender else None
        header = case.peek or Peek(readable=False)
        suppression: Suppression | None
        request = None
        if sender is None or isinstance(sender, Address):
            suppression = suppress(sender, header, config.institution.domains)
            if sender is not None:
                request = rhythm.request(
                    message=case.id,
                    sender=sender,
                    decisions=case.decisions,
                    events=_events(case.decisions, case.records),
                    peek=header,
                    languages=config.notices.languages,
                    on=case.at.date(),
                )
        else:
            suppression = Suppression.NOT_OURS
        if suppression is None and config.policies.mode is Mode.OBSERVE:
            suppression = Suppression.OBSERVE_MODE
        return Settlement(
            message=case.id,
            at=now,
            results=tuple(
                Settled(record.id, outcome, reply.text, queue_id(reply)) for record in case.records
            ),
            request=request,
            suppression=suppression,
            may_notify=lambda opened, at: rhythm.is_open(opened, at, self._every),
            every=self._every,
        )


def _events(decisions: Sequence[Decision], records: Sequence[Record]) -> dict[Address, str]:
    """The event of each matched recipient: both go through the decisions in the same order."""
    findings = [finding for decision in decisions for finding in decision.findings]
    return {finding.recipient: record.id for finding, record in zip(findings, records, strict=True)}


class Unworded(Exception):  # noqa: N818 - it stands for another
    """An error's kind and place without its text, which may hold an address."""


def without_words(error: BaseException) -> Exception:
    """The error as a log may show it."""
    return Unworded(type(error).__name__).with_traceback(error.__traceback__)
