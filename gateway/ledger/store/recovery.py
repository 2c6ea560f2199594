"""Setting right after a fault: the journal is taken in, and what dead processes left is settled."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from gateway.errors import LedgerError
from gateway.ledger.record.events import Entropy, NoticeState, SettledRecipient, journalled, settled
from gateway.ledger.store import settlement as settlements
from gateway.ledger.store.emergency_journal import Entry, Journal, record_from_json
from gateway.ledger.store.store_contract import Store, StoreError
from gateway.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from gateway.ledger.store.process_lock import ProcessLock
    from gateway.ledger.store.settlement import Rhythm


@dataclass(frozen=True, slots=True)
class WritingProcess:
    """Who writes: the process, its clock and its source of random bytes."""

    process: str
    clock: Callable[[], datetime]
    entropy: Entropy


@dataclass(slots=True)
class JournalIntake:
    """How many entries of the journal were new, known already, or put aside.

    ``reason`` is why the last of these was.
    """

    events: int = 0
    settlements: int = 0
    known: int = 0
    set_aside: int = 0
    reason: str | None = None


def take_journal_in(
    store: Store, journal: Journal, writer: WritingProcess, rhythm: Rhythm
) -> JournalIntake:
    """Bring the journal's entries into the store, each once, in order; then empty the journal.

    Raises :class:`StoreError` or ``LedgerError`` with the journal as it was.
    """
    taken = JournalIntake()
    unfit: list[bytes] = []
    with ExitStack() as stack:
        with store.transaction():
            held = stack.enter_context(journal.locked())
            for entry in held.entries():
                try:
                    with store.savepoint():
                        _take(store, entry, taken, writer, rhythm)
                except StoreError:
                    raise
                except (LedgerError, KeyError, TypeError, ValueError, AttributeError) as error:
                    taken.reason = str(error)
                    unfit.append(entry.line)
            taken.set_aside = len(unfit)
            if taken.events or taken.settlements or unfit:
                facts = {
                    "events": taken.events,
                    "settlements": taken.settlements,
                    "known": taken.known,
                    "set_aside": taken.set_aside,
                }
                store.append(
                    journalled(
                        facts, process=writer.process, at=writer.clock(), entropy=writer.entropy
                    )
                )
        # Durable now. A crash before the next line offers all of it again: the ids are known.
        held.empty(unfit)
    return taken


def settle_dead_processes(store: Store, process_lock: ProcessLock, writer: WritingProcess) -> int:
    """Settle what processes that died left open: outcome unknown, no notice. How many events.

    Raises ``LedgerError``; then none is settled.
    """
    settled_for_them = 0
    with store.transaction():
        awaiting = sorted(store.awaiting_of_others(writer.process), key=attrgetter("process"))
        for process, theirs in groupby(awaiting, key=attrgetter("process")):
            if not process_lock.is_dead(process):
                continue
            for one in theirs:
                store.append(
                    settled(
                        SettledRecipient(one.event, Outcome.UNKNOWN),
                        NoticeState("none"),
                        message=one.message,
                        process=writer.process,
                        at=writer.clock(),
                        entropy=writer.entropy,
                    )
                )
                settled_for_them += 1
    return settled_for_them


def _take(
    store: Store, entry: Entry, taken: JournalIntake, writer: WritingProcess, rhythm: Rhythm
) -> None:
    match entry.type:
        case "record":
            record = record_from_json(entry.content)
            if store.has(record.id):
                taken.known += 1
            else:
                store.append(record)
                taken.events += 1
        case "settlement":
            settlement = settlements.from_json(entry.content, rhythm=rhythm)
            is_new = bool(store.awaiting([result.observed for result in settlement.results]))
            settlements.write_settlement(
                store,
                settlement,
                now=writer.clock(),
                process=writer.process,
                entropy=writer.entropy,
            )
            taken.settlements += is_new
            taken.known += not is_new
        case "":
            raise ValueError("the line is not whole")
        case other:
            raise ValueError(f"{other!r} is nothing that this version knows")
