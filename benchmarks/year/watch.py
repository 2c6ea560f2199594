"""The gateway's part in the year: starts, heartbeats, restarts, and two times without it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.ledger.record import events
from gateway.ledger.store import pseudonyms

if TYPE_CHECKING:
    from datetime import datetime

    from benchmarks.year.pages import Pages
    from benchmarks.year.rhythm import Gap

BEAT = timedelta(minutes=5)
RESTART = timedelta(days=30)


class Gateway:
    """One gateway, from its first start on."""

    def __init__(self, pages: Pages, gaps: tuple[Gap, ...]) -> None:
        self._pages = pages
        self._next_beat: datetime | None = None
        for gap in gaps:
            pages.later(gap.begins, self.crash if gap.is_crash else self.stop)
            pages.later(gap.ends, self.start)

    def start(self, at: datetime) -> None:
        """Begin a process's watch."""
        pages = self._pages
        is_first = not pages.process
        pages.process = pages.source.randbytes(16).hex()
        pages.append(
            events.started(
                pages.process,
                __version__,
                new_ledger=is_first,
                at=at,
                entropy=pages.entropy,
                pseudonym_key=pseudonyms.key_digest(pages.store.database.conn),
            )
        )
        self._beat_at(at + BEAT)
        if is_first:
            pages.later(at + RESTART, self.restart)

    def restart(self, at: datetime) -> None:
        """Bring up a new version: down for two seconds."""
        if self._next_beat is not None:
            self.stop(at)
            self._pages.later(at + timedelta(seconds=2), self.start)
        self._pages.later(at + RESTART, self.restart)

    def stop(self, at: datetime) -> None:
        """End the watch in good order."""
        pages = self._pages
        pages.append(events.stopped(pages.process, at=at, entropy=pages.entropy))
        self._next_beat = None

    def crash(self, _at: datetime) -> None:
        """End the watch, and nobody says so."""
        self._next_beat = None

    def _beat_at(self, at: datetime) -> None:
        self._next_beat = at
        self._pages.later(at, self._beat)

    def _beat(self, at: datetime) -> None:
        # A beat that was planned before a restart is nobody's any more.
        if at != self._next_beat:
            return
        pages = self._pages
        pages.append(events.heartbeat(pages.process, at=at, entropy=pages.entropy))
        self._beat_at(at + BEAT)
