"""What a ledger's store must do: the one deliberate interface of the room.

SQLite stands behind it today (:mod:`gateway.ledger.store.sqlite_store`). Another store keeps this
contract: what is committed survives a power cut; two writers never see the same head; an event,
once written, cannot be changed, and personal data can only be erased.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta

    from gateway.ledger.record.record import Record
    from gateway.model import Event, Notice


class StoreError(LedgerError):
    """The store itself cannot be used now, whatever was asked of it.

    ``is_busy`` says that others merely hold it; else it should be opened anew. ``is_damage`` says
    that its content is at fault.
    """

    def __init__(self, message: str, *, is_busy: bool = False, is_damage: bool = False) -> None:
        self.is_busy = is_busy
        self.is_damage = is_damage
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """An OBSERVED that has no SETTLED yet."""

    event: str
    message: str
    process: str


class Store(Protocol):
    """An open store. All but ``close`` are used inside a transaction, by one thread.

    Each raises :class:`StoreError` where the store cannot be used. Times are aware.
    """

    @property
    def is_new(self) -> bool:
        """Whether opening it began a ledger that was not there."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable at its end; the write lock is held from its beginning."""

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of a transaction that can fail alone: its neighbours stay."""

    def append(self, record: Record) -> Event:
        """Seal a record behind the head. Keeps ``awaiting``: OBSERVED enters, SETTLED leaves.

        Raises :class:`LedgerError` for an id that is there already, and for a second SETTLED.
        """

    def has(self, event: str) -> bool:
        """Whether that event is in the ledger."""

    def awaiting(self, events: Sequence[str]) -> Sequence[str]:
        """Those of the events that are not settled yet, in the order given."""

    def awaiting_of_others(self, process: str) -> Sequence[Awaiting]:
        """What other processes observed and did not settle."""

    def windows(self, sender: str, windows: Iterable[str]) -> Mapping[str, datetime | None]:
        """When each window of that canonical mailbox was last opened; ``None``: never."""

    def queue(self, notice: Notice, windows: Iterable[str]) -> None:
        """Put a notice into the outbox and open its windows."""

    def waiting(self) -> int:
        """How many notices are neither sent nor given up."""

    def claim(
        self, *, owner: str, now: datetime, lease: timedelta, limit: int, per_hour: int
    ) -> tuple[Notice, ...]:
        """Lease the notices that are due to ``owner``, until ``now + lease``, oldest first.

        At most ``limit``, and never more an hour than ``per_hour``. Each claim is an attempt.
        """

    def renew(self, notice: str, *, owner: str, lease_until: datetime) -> bool:
        """Prolong a lease. False: the owner has lost it."""

    def finish(self, notice: str, *, owner: str, at: datetime, error: str | None) -> int | None:
        """Close a notice, sent where ``error`` is ``None``; returns its attempts.

        ``None``: the owner has lost it, nothing was done.
        """

    def postpone(self, notice: str, *, owner: str, not_before: datetime, error: str) -> bool:
        """Give a lease back, to be tried again later. False: the owner has lost it."""

    def retry(self, notice: str | None, *, now: datetime) -> tuple[str, ...]:
        """Queue given-up notices anew, and let waiting ones go now: one, or all. Their ids."""

    def close(self) -> None:
        """Let go of the store. Never raises."""
