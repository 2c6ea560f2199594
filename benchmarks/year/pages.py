"""The ledger that is being written: what is due at what time, many events to a transaction."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

from gateway.ledger.store.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from random import Random

    from gateway.ledger.record.record import Record

TOGETHER = 1000

Work: TypeAlias = Callable[["datetime"], None]
"""Something that happens at a time, and writes what there is to write."""


class Pages:
    """A ledger under way. ``written`` counts its events, ``process`` is that of the gateway now.

    ``source`` is the only chance in it: the same seed writes the same ledger.
    """

    def __init__(self, path: Path, source: Random) -> None:
        self.store = SqliteStore(path)
        self.source = source
        self.entropy = source.randbytes
        self.written = 0
        self.process = ""
        self._due: list[tuple[datetime, int, Work]] = []
        self._order = count()
        # What is being made can be made again: no write need wait for the disk.
        self.store.database.execute("PRAGMA synchronous = off")
        self.store.database.execute(
            "UPDATE setting SET value = ? WHERE name = 'pseudonym_key'", (source.randbytes(32),)
        )

    def later(self, at: datetime, work: Work) -> None:
        """Have something happen at that time."""
        heapq.heappush(self._due, (at, next(self._order), work))

    def append(self, record: Record) -> None:
        """Write an event now."""
        self.store.append(record)
        self.written += 1

    def write(self, events: int) -> datetime | None:
        """Let happen what is due, in its order, until so many events are written; the last time."""
        at = None
        told = 0
        with ExitStack() as page:
            page.enter_context(self.store.transaction())
            while self._due and self.written < events:
                at, _, work = heapq.heappop(self._due)
                work(at)
                if self.written - told >= TOGETHER:
                    told = self.written
                    page.close()
                    page.enter_context(self.store.transaction())
        return at
