"""What happens around one matched message: found, written down, settled.

The pure rooms decide; this file asks them in order and waits for the ledger. An error in any of
them never reaches a message without a finding, and never a reply code: it is counted and told,
and the message goes on.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import structlog

from gateway.addresses.canonical_mailbox import Sender, sender_of
from gateway.config import Mode, OnLedgerFailure, departments
from gateway.errors import LedgerError
from gateway.inspection.match_rate import MatchRate
from gateway.inspection.matched_message import MatchedMessage
from gateway.ledger.record.events import observed
from gateway.ledger.record.record import ENTROPY_BYTES, ulid
from gateway.log import redacted
from gateway.model import Action, Finding, Peek, Rule
from gateway.notices.header_peek import peek
from gateway.policy.decide import decide, decide_one
from gateway.screening.classify import classify_line
from gateway.screening.known_clear import KnownClear
from gateway.smtp import own_replies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

    from gateway.config import Config
    from gateway.config.departments import Departments
    from gateway.ledger.store.writer import LedgerWriter
    from gateway.metrics import Metrics
    from gateway.model import Decision, Envelope, Outcome
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot
    from gateway.smtp.transaction import Transaction

AT_ONCE: int = 8
"""Recipients that are worked on without a pause: a few milliseconds each is the most one takes."""

OBSERVE_SECONDS: float = 30
"""How long a final dot waits for its event before ``on_ledger_failure`` decides."""

SETTLE_SECONDS: float = 2
"""How long the next hop's answer waits for its settlement; what takes longer is still written."""

log = structlog.get_logger("relay")

T = TypeVar("T")


class InForce:
    """Snapshot and rules as they are in force together; swapped whole, never by half."""

    __slots__ = ("can_refuse", "departments", "known_clear", "rules", "snapshot")

    def __init__(
        self,
        snapshot: Snapshot,
        rules: Rules,
        departments: Departments = departments.NO_DEPARTMENTS,
    ) -> None:
        self.snapshot = snapshot
        self.rules = rules
        self.departments = departments
        self.known_clear = KnownClear(snapshot)
        self.can_refuse = any(rule.action is Action.REFUSE for rule in rules.rules)


class Inspector:
    """What is asked at each moment of a message, for one process.

    ``peer`` is the client's address, ``None`` where it has none; what XFORWARD told goes before it.
    """

    def __init__(
        self,
        config: Config,
        in_force: InForce,
        ledger: LedgerWriter,
        metrics: Metrics,
        *,
        process: str,
    ) -> None:
        self.in_force = in_force
        self._process = process
        self._config = config
        self._ledger = ledger
        self._metrics = metrics
        self._match_rate = MatchRate(os.urandom(16))
        self.on_notice: Callable[[], None] = lambda: None
        """Called when a notice was queued."""

    def measure_match_rate(self) -> None:
        """Set the metric of unusual rates by now; asked every few seconds."""
        now = time.monotonic()
        for scope in ("sender", "all"):
            is_unusual = self._match_rate.is_unusual(scope, now)
            self._metrics.match_rate_unusual.labels(scope).set(is_unusual)

    @property
    def asks_recipients(self) -> bool:
        """Whether the policy may refuse a recipient; ``observe`` mode never does."""
        return self.in_force.can_refuse and self._config.policies.mode is Mode.WARN

    def inspect(
        self, transaction: Transaction, peer: str | None, matched: MatchedMessage | None
    ) -> MatchedMessage | None:
        """Screen the accepted recipients. ``None``: nothing found, and nothing kept.

        ``matched`` is the transaction's already, if we refused one of its recipients.
        """
        began = time.perf_counter()
        try:
            for found in self._inspect(transaction, peer, matched):
                matched = found
        except Exception as error:  # noqa: BLE001 - no message suffers for an error of ours
            self._count_failure(error)
        finally:
            self._metrics.inspect_seconds.observe(time.perf_counter() - began)
        return matched

    async def inspect_many(
        self, transaction: Transaction, peer: str | None, matched: MatchedMessage | None
    ) -> MatchedMessage | None:
        """As :meth:`inspect`, for a message of many recipients: others get their turn meanwhile."""
        began = time.perf_counter()
        try:
            for found in self._inspect(transaction, peer, matched):
                matched = found
                await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001 - as for a message of few
            self._count_failure(error)
        finally:
            self._metrics.inspect_seconds.observe(time.perf_counter() - began)
        return matched

    def _inspect(
        self, transaction: Transaction, peer: str | None, matched: MatchedMessage | None
    ) -> Iterator[MatchedMessage | None]:
        """Screen them, some at a time; the last that comes is what was found.

        An error of ours in one recipient is told once, and hides no other: what could not be
        screened goes on without a trace, and the rest is screened.
        """
        in_force, lines = self.in_force, transaction.recipient_lines
        errors: list[Exception] = []
        for start in range(0, len(lines), AT_ONCE):
            some = lines[start : start + AT_ONCE]
            if not all(_contained(in_force.known_clear.is_clear, line, errors) for line in some):
                break
            yield matched
        else:
            return
        found = matched or _new_matched_message(transaction, peer, in_force.snapshot)
        on, findings = found.at.date(), list[Finding]()

        def judge(line: bytes) -> Finding:
            return classify_line(line, in_force.snapshot, on)

        for start in range(0, len(lines), AT_ONCE):
            some = lines[start : start + AT_ONCE]
            judged = [_contained(judge, line, errors) for line in some]
            findings += filter(None, judged)
            yield matched
        if errors:
            self._count_failure(errors[0])
        if matched is not None:
            # It was begun with a recipient that we refused, and has others since.
            found.envelope = _envelope(transaction, found.id, peer, found.sender)
            yield matched
        same = in_force.snapshot.mailbox_kinds.same_mailboxes
        decisions = decide(_named(found.sender), findings, in_force.rules, on, same)
        if self._config.policies.mode is Mode.WARN:
            decisions = tuple(map(_not_refused, decisions))
        found.accepted = decisions
        yield found if found.decisions else None

    def refusal(self, transaction: Transaction, line: bytes) -> Decision | None:
        """At RCPT: the decision by which the recipient asked about is refused, if it is.

        ``line`` is the command as it came.
        """
        try:
            if not transaction.is_open:
                return None
            in_force, on = self.in_force, datetime.now(UTC).date()
            if not in_force.known_clear.is_clear(line):
                finding = classify_line(line, in_force.snapshot, on)
                named = _named(_sender(transaction, in_force.snapshot))
                same = in_force.snapshot.mailbox_kinds.same_mailboxes
                decision = decide_one(named, finding, in_force.rules, on, same)
                if decision.action is Action.REFUSE:
                    return decision
        except Exception as error:  # noqa: BLE001 - as for a message
            self._count_failure(error)
        return None

    async def refuse(
        self,
        transaction: Transaction,
        peer: str | None,
        matched: MatchedMessage | None,
        decision: Decision,
    ) -> tuple[MatchedMessage | None, bytes]:
        """Make a refusal durable.

        Gives the matched message it belongs to, and the reply that the client gets.
        """
        rule = self.in_force.rules.named(decision.rule)
        words = " ".join(filter(None, (rule.text, rule.url))) if rule else "refused by policy"
        reply = f"550 5.7.1 {words}"
        snapshot = self.in_force.snapshot
        matched = matched or _new_matched_message(transaction, peer, snapshot)
        matched.refused.append((decision, reply))
        if not await self._record(matched, [decision]):
            matched.refused.pop()
            return (matched if matched.records else None), own_replies.NOT_RECORDED
        return matched, f"{reply}\r\n".encode("ascii", "replace")

    async def observe(
        self, matched: MatchedMessage, header: bytes | None, *, is_cut: bool = False
    ) -> bool:
        """Make the matched message durable; whether its final dot may go on.

        ``header`` is its header block as far as it was captured, ``is_cut`` where that is not all
        of it; ``None``: it was not captured.
        """
        try:
            matched.peek = peek(header, cut=is_cut) if header is not None else Peek(readable=False)
        except Exception as error:  # noqa: BLE001 - what cannot be read is a value
            self._count_failure(error)
            matched.peek = Peek(readable=False)
        if await self._record(matched, matched.accepted):
            return True
        matched.accepted = ()
        return self._config.relay.on_ledger_failure is OnLedgerFailure.DELIVER

    async def _record(self, matched: MatchedMessage, decisions: Sequence[Decision]) -> bool:
        began = time.perf_counter()
        try:
            observation = matched.observation(
                self._process, self._config.policies.mode, self.in_force.departments
            )
            at = datetime.now(UTC)
            if sum(len(decision.findings) for decision in decisions) > AT_ONCE:
                records = await asyncio.to_thread(
                    observed, observation, decisions, at=at, entropy=os.urandom
                )
            else:
                records = observed(observation, decisions, at=at, entropy=os.urandom)
            if not records:
                return True
            written = asyncio.wrap_future(self._ledger.observe(records))
            await asyncio.wait_for(written, OBSERVE_SECONDS)
        except Exception as error:  # noqa: BLE001 - it is told, and decides the reply
            self._tell("a match could not be recorded", matched, error)
            return False
        if not matched.records:
            self._count_match(matched)
        matched.records.extend(records)
        self._metrics.ledger_write_seconds.observe(time.perf_counter() - began)
        for decision in decisions:
            for finding in decision.findings:
                if finding.rule is Rule.UNREADABLE:
                    self._metrics.unreadable.inc()
                tier = finding.tier.value if finding.tier else "none"
                self._metrics.findings.labels(
                    finding.standing.value, tier, decision.action.value
                ).inc()
        log.info("matched", message=matched.id, events=[record.id for record in records])
        return True

    def _count_match(self, matched: MatchedMessage) -> None:
        """A flood is told, so that it hides nothing: nothing else is made of it."""
        for scope, bound in self._match_rate.count(matched.envelope.sender, time.monotonic()):
            self._metrics.match_rate_unusual.labels(scope).set(1)
            # The message leads to the sender, in the ledger: no address is in the log.
            log.warning("an unusual rate of matches", of=scope, above=bound, message=matched.id)

    async def settle(self, matched: MatchedMessage, reply: bytes, outcome: Outcome) -> None:
        """Record how it ended, and queue the notice; in two seconds at most.

        ``reply`` is the final one, as the client gets it.
        """
        if not matched.records:
            return
        try:
            make, now = matched.settlement, datetime.now(UTC)
            if len(matched.records) > AT_ONCE:
                settlement = await asyncio.to_thread(make, self._config, outcome, reply, now)
            else:
                settlement = make(self._config, outcome, reply, now)
            settled = asyncio.wrap_future(self._ledger.settle(settlement))
            # Shielded: what takes longer is still written, only the sender does not wait for it.
            notice = await asyncio.wait_for(asyncio.shield(settled), SETTLE_SECONDS)
        except Exception as error:  # noqa: BLE001 - the next hop's answer goes back all the same
            self._tell("a settlement is late or lost", matched, error)
            return
        log.info("settled", message=matched.id, outcome=outcome.value, notice=notice)
        if notice == "queued":
            self.on_notice()

    def close(self, matched: MatchedMessage, outcome: Outcome) -> None:
        """The transaction ended without a final reply: settle what was recorded in it."""
        every = timedelta(days=self._config.notices.every_days)

        def told(done: Future[str]) -> None:
            if (error := done.exception()) is not None:
                self._tell("a settlement is late or lost", matched, error)

        settlement = matched.broken_off(outcome, datetime.now(UTC), every)
        self._ledger.settle(settlement).add_done_callback(told)

    def _count_failure(self, error: Exception) -> None:
        # A message must not suffer for an error of ours, and this one may be anybody's.
        self._metrics.screening_errors.inc()
        log.error("screening failed, the message goes on", exc_info=redacted(error))

    def _tell(self, event: str, matched: MatchedMessage, error: BaseException) -> None:
        expected = isinstance(error, (LedgerError, TimeoutError))
        log.error(
            event,
            message=matched.id,
            on_ledger_failure=self._config.relay.on_ledger_failure.value,
            reason=str(error) if isinstance(error, LedgerError) else type(error).__name__,
            exc_info=None if expected else redacted(error),
        )


def _contained(ask: Callable[[bytes], T], line: bytes, errors: list[Exception]) -> T | None:
    """What is asked about a recipient; ``None`` after an error, which is added to the others."""
    try:
        return ask(line)
    except Exception as error:  # noqa: BLE001 - it is this recipient's alone
        errors.append(error)
        return None


def _new_matched_message(
    transaction: Transaction, peer: str | None, snapshot: Snapshot
) -> MatchedMessage:
    now = datetime.now(UTC)
    id_ = ulid(now, os.urandom(ENTROPY_BYTES))
    sender = _sender(transaction, snapshot)
    envelope = _envelope(transaction, id_, peer, sender)
    return MatchedMessage(id_, transaction.number, envelope, now, sender=sender)


def _envelope(
    transaction: Transaction, id_: str, peer: str | None, sender: Sender | None
) -> Envelope:
    """The envelope with its sender as the mailbox under which people look for it."""
    envelope = transaction.envelope(id_, peer)
    mailbox = "" if sender is None else sender.mailbox
    return replace(envelope, sender=mailbox.encode("utf-8"))


def _sender(transaction: Transaction, snapshot: Snapshot) -> Sender | None:
    """The sender as it was read; ``None``: the null sender."""
    path = transaction.sender
    return sender_of(path, snapshot.mailbox_kinds.same_mailboxes) if path else None


def _named(sender: Sender | None) -> str | None:
    """The sender as rules take it, which read it themselves."""
    return None if sender is None else sender.mailbox


def _not_refused(decision: Decision) -> Decision:
    """A rule that refuses came into force after the recipient was admitted: it was not refused."""
    return replace(decision, action=Action.WARN) if decision.action is Action.REFUSE else decision
