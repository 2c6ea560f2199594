"""A ledger with a past that a test writes itself: who wrote to whom, and what the office did."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway.ledger.record import events, office_events
from gateway.ledger.record.events import NoticeState, Observation, SettledRecipient
from gateway.ledger.record.office_events import Actor
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.model import (
    Action,
    Address,
    Client,
    Decision,
    Disposition,
    Entity,
    Envelope,
    Finding,
    Kind,
    Listing,
    Outcome,
    Peek,
    Rule,
    Standing,
    Tier,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.ledger.record.record import Record

MIPT = ("us-ofac-38316", "Moscow Institute of Physics and Technology")
BUAA = ("us-bis-el-beihang", "Beihang University")
SETTLED_AFTER = timedelta(seconds=2)


def moment(text: str) -> datetime:
    """``2026-03-01`` or ``2026-03-01T09:30``, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Past:
    """Writes events with the times that a test gives, through the ledger's own writer."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._store = SqliteStore(path)

    def close(self) -> None:
        self._store.close()

    def _write(self, records: Sequence[Record]) -> str:
        with self._store.transaction():
            for record in records:
                self._store.append(record)
        return records[0].id

    def saw(
        self,
        at: str,
        sender: str,
        recipient: str = "ivan@stud.mipt.ru",
        *,
        entity: tuple[str, str] = MIPT,
        department: str | None = None,
        outcome: str | None = "delivered",
        notice: str = "none",
        **changes: Any,
    ) -> str:
        """A recipient that matched, and how it ended; ``notice="sent"`` is one sent 3 s later."""
        when = moment(at)
        local, _, domain = recipient.rpartition("@")
        listing = Listing("US-OFAC-SDN", "RUSSIA-EO14024", "38316", when.date())
        fields = {
            "recipient": Address(recipient.encode(), local, domain),
            "standing": Standing.LISTED,
            "kind": Kind.INDIVIDUAL,
            "snapshot": "sha256:5a",
            "entity": Entity(*entity, listings=(listing,)),
            "listing": listing,
            "tier": Tier.BLOCKING,
            "matched": domain.partition(".")[2],
            "rule": Rule.SUBDOMAIN,
            "evidence": (f"{domain}: ROR 00v0z9322, reviewed 2026-11-22",),
            **changes,
        }
        envelope = Envelope("m", sender.encode(), (), Client("192.0.2.7", "pc", "4XyZ"))
        decision = Decision(
            Action.WARN, "listed institutions: warn", (Finding(**fields),), "sha256:b0"
        )
        (record,) = events.observed(
            Observation("m", "p", "warn", envelope, Peek(), department=department),
            [decision],
            at=when,
            entropy=os.urandom,
        )
        written = [record]
        if outcome is not None:
            is_notified = notice in {"sent", "failed", "queued"}
            state = NoticeState("queued", record.id) if is_notified else NoticeState(notice)
            written.append(
                events.settled(
                    SettledRecipient(record.id, Outcome(outcome), "250 Ok", "5Abc"),
                    state,
                    message="m",
                    process="p",
                    at=when + SETTLED_AFTER,
                    entropy=os.urandom,
                )
            )
            if notice in {"sent", "failed"}:
                facts = {"notice": record.id, "result": notice, "attempts": 1}
                sent_at = when + SETTLED_AFTER + timedelta(seconds=1)
                written.append(events.notified(facts, process="p", at=sent_at, entropy=os.urandom))
        return self._write(written)

    def decided(self, event: str, as_: str, at: str, *, by: str = "j.doe", **more: Any) -> str:
        """The office's decision."""
        return self._write(
            [office_events.disposed(event, Disposition(as_), self._hand(by, at), **more)]
        )

    def held(self, event: str, at: str, *, matter: str = "INQ-1", by: str = "j.doe") -> str:
        return self._write([office_events.held(event, self._hand(by, at), matter=matter)])

    def released(self, event: str, at: str, *, by: str = "j.doe") -> str:
        return self._write([office_events.released(event, self._hand(by, at))])

    def erased(self, at: str, *, by: str = "j.doe") -> str:
        actor = self._hand(by, at)
        return self._write([office_events.erased("request", {}, events=3, kept=1, actor=actor)])

    def looked(
        self,
        at: str,
        subjects: Sequence[str],
        *,
        by: str = "k.weber",
        reason: str | None = None,
    ) -> str:
        actor = self._hand(by, at)
        return self._write(
            [
                office_events.accessed(
                    "audit list", actor, rows=2, filters={}, subjects=subjects, reason=reason
                )
            ]
        )

    def process(self, *signs: tuple[str, str], id_: str = "p") -> None:
        """Signs of life: a kind (started, heartbeat, stopped) and a time each."""
        for kind, at in signs:
            told = {"at": moment(at), "entropy": os.urandom}
            if kind == "started":
                self._write([events.started(id_, "1", new_ledger=False, **told)])
            else:
                self._write([getattr(events, kind)(id_, **told)])

    def journalled(self, at: str, count: int) -> None:
        facts = {"events": count, "settlements": 0, "known": 0, "set_aside": 0}
        self._write([events.journalled(facts, process="p", at=moment(at), entropy=os.urandom)])

    @staticmethod
    def _hand(by: str, at: str) -> Actor:
        return Actor(by, moment(at), os.urandom)
