"""One worker's place: who fills it now, what was heard of them, and when the next one starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.metrics import merge, without_gauges
from gateway.serve.health import stall_text

if TYPE_CHECKING:
    import socket
    from collections.abc import Collection

    from gateway.metrics import Samples
    from gateway.serve.worker_report import WorkerReport

FIRST_DELAY = 0.1
LONGEST_DELAY = 30.0
HEALTHY_SECONDS = 60.0
"""How long a worker must have lived for its end to count as the first in a row."""

STUCK_SECONDS = 30.0
"""How long a worker may show no sign of life before it is killed, and another one started."""


class WorkerSlot:
    """The place of worker ``number``, from 1. Times are monotonic seconds, given by the caller."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.pid: int | None = None
        self.end: socket.socket | None = None
        """Our end of the channel to whoever fills the place."""
        self.report: WorkerReport | None = None
        self.has_served = False
        """Whether anyone in this place ever served."""
        self.start_at = 0.0
        """While the place is empty: when to fill it."""
        self._delay = FIRST_DELAY
        self._started_at = 0.0
        self._heard_at = 0.0
        self._retired: Samples = {}

    @property
    def is_serving(self) -> bool:
        """Whether clients are served here."""
        return self.pid is not None and self.report is not None and self.report.is_serving

    def worker_started(self, pid: int, end: socket.socket, now: float) -> None:
        """A worker was started here; ``end`` is our end of the channel to it."""
        self.pid, self.end = pid, end
        self._started_at = self._heard_at = now

    def report_received(self, report: WorkerReport, now: float) -> bool:
        """It reported; whether it asks that all reload."""
        before = self.report.reloads_wanted if self.report is not None else 0
        self.report = report
        self.has_served = self.has_served or report.is_serving
        self._heard_at = now
        return report.reloads_wanted > before

    def silence_excused(self, now: float) -> None:
        """We could not listen for a while: its silence counts from now."""
        self._heard_at = now

    def worker_ended(self, now: float) -> float:
        """Whoever was here is dead; how many seconds until the next one starts.

        0.1 s at first, doubled with each death in a row, 30 s at most. What was counted stays.
        """
        if self._started_at and now - self._started_at >= HEALTHY_SECONDS:
            self._delay = FIRST_DELAY
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST_DELAY)
        if self.report is not None:
            self._retired = merge([self._retired, without_gauges(self.report.samples)])
        self.pid = self.end = self.report = None
        self.start_at = now + delay
        return delay

    def is_stuck(self, now: float) -> bool:
        """Whether it lives, and shows no sign of it."""
        return self.pid is not None and now - self._heard_at > STUCK_SECONDS

    def stall(self, now: float) -> str | None:
        """Why this worker is not alive, in words; ``None`` when it is."""
        if self.pid is None:
            return f"worker {self.number} is not running"
        quiet = stall_text(now - self._heard_at)
        return f"worker {self.number}: {quiet}" if quiet else None

    def faults(self, but: Collection[str] = ()) -> list[str]:
        """Why this worker is not ready, in words, but for what is told already."""
        if not self.is_serving:
            return [f"worker {self.number} does not serve yet"]
        assert self.report is not None
        return [
            f"worker {self.number}: {fault}" for fault in self.report.faults if fault not in but
        ]

    def samples(self) -> Samples:
        """All that was counted here, by the dead too."""
        return merge([self._retired, self.report.samples if self.report else {}])
