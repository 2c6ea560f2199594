"""The parent of all workers: starts them, restarts them, and ends them together.

Its one thread waits in one selector for signals, for the workers' reports and for visitors of
the health pages. It never does what could take long, but for one thing, a reload: that proves
new policies before any worker hears of them.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from gateway.metrics import Metrics, merge
from gateway.relay.limits.session_count import SessionCount
from gateway.serve import health, load_in_force, sd_notify, worker_process, worker_report
from gateway.serve.health_server import HealthServer
from gateway.serve.list_freshness import SEARCH_SECONDS, ListsWatch, measure_in_force
from gateway.serve.process_limits.stray_signals import hear_hangup
from gateway.serve.worker_slot import WorkerSlot

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.metrics import Samples
    from gateway.serve.listener_sockets import ListenerSockets
    from gateway.serve.load_in_force import Loaded
    from gateway.serve.sd_notify import Notifier

TICK_SECONDS = 1.0
MARGIN_SECONDS = 15.0
"""How long beyond ``drain_seconds`` a worker may take to end: notices on their way, the ledger."""

log = structlog.get_logger("serve")


class Supervisor:
    """Keeps ``count`` workers going on sockets that they share."""

    def __init__(
        self,
        config: Config,
        loaded: Loaded,
        sockets: ListenerSockets,
        notifier: Notifier,
        count: int,
    ) -> None:
        self._config = config
        self._loaded = loaded
        self._sockets = sockets
        self._notifier = notifier
        self._session_count = SessionCount(count)
        self._slots = [WorkerSlot(number) for number in range(1, count + 1)]
        self._watch = ListsWatch(config)
        self._searched_at = 0.0
        self._metrics = Metrics()
        self._selector = selectors.DefaultSelector()
        self._signals, self._wakeup = socket.socketpair()
        self._health_server: HealthServer | None = None
        self._is_ready = False
        self._kill_at: float | None = None
        self._status = 0
        self._measure_lists()

    def run(self) -> int:
        """Supervise until SIGTERM or SIGINT and until every worker has ended; the exit status.

        0, or :data:`worker_process.FAULTY` where a new worker found a faulty file.
        """
        self._hear_signals()
        if self._sockets.pages is not None:
            self._health_server = HealthServer(
                self._sockets.pages, lambda path: health.page(path, self), self._selector
            )
        log.info("supervising", workers=len(self._slots))
        last_turn = time.monotonic()
        self._tick(last_turn)
        while self._kill_at is None or any(slot.pid for slot in self._slots):
            for key, _ in self._selector.select(self._pause(time.monotonic())):
                key.data()
            now = time.monotonic()
            if now - last_turn > health.STALL_SECONDS / 2:
                # The machine slept, or a reload took long: their reports may lie unread.
                for slot in self._slots:
                    slot.silence_excused(now)
            last_turn = now
            self._tick(now)
        if self._health_server is not None:
            self._health_server.close()
        log.info("all workers have ended")
        return self._status

    # What the health pages tell.

    def stalls(self) -> list[str]:
        """Which workers are missing or stuck."""
        now = time.monotonic()
        return [stall for slot in self._slots if (stall := slot.stall(now))]

    def faults(self) -> list[str]:
        """Why which workers are not ready."""
        if self._kill_at is not None:
            return ["draining"]
        ours = [f"lists: {each}" for each in self._loaded.lists_faults]
        return [*ours, *(fault for slot in self._slots for fault in slot.faults(but=ours))]

    def samples(self) -> Samples:
        """What all workers counted, the dead ones too."""
        return merge([self._metrics.samples(), *(slot.samples() for slot in self._slots)])

    # A turn of the loop.

    def _pause(self, now: float) -> float:
        due = [slot.start_at - now for slot in self._slots if slot.pid is None]
        return max(0.0, min([TICK_SECONDS, *due])) if self._kill_at is None else TICK_SECONDS

    def _tick(self, now: float) -> None:
        for slot in self._slots:
            self._reap(slot, now)
            if self._kill_at is not None:
                if now >= self._kill_at:
                    self._kill(slot, "a worker did not end in time")
            elif slot.pid is None:
                if now >= slot.start_at:
                    self._fill(slot, now)
            elif slot.is_stuck(now):
                self._kill(slot, "a worker is stuck")
        if not self._is_ready and all(slot.is_serving for slot in self._slots):
            self._is_ready = True
            self._notifier.notify(sd_notify.READY)
            log.info("all workers serve")
        self._notifier.notify_watchdog()
        if self._health_server is not None:
            self._health_server.expire(now)
        if self._is_ready and self._kill_at is None:
            self._search_for_newer(now)

    def _search_for_newer(self, now: float) -> None:
        """Take what an import or an update put in force."""
        if now - self._searched_at >= SEARCH_SECONDS:
            self._searched_at = now
            loaded = self._loaded
            digest, faults = loaded.in_force.snapshot.digest, loaded.lists_faults
            if self._watch.has_changed(digest, faults, now):
                self._reload(of_itself=True)

    def _fill(self, slot: WorkerSlot, now: float) -> None:
        """Start a worker."""
        ours, theirs = worker_report.channel()
        try:
            pid = worker_process.fork(lambda: self._become(slot, ours, theirs))
        except OSError as error:
            ours.close()
            wait = slot.worker_ended(now)
            log.error("no worker can be started", worker=slot.number, reason=str(error), wait=wait)  # noqa: TRY400
            return
        finally:
            theirs.close()
        slot.worker_started(pid, ours, now)
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear(slot))

    def _become(self, slot: WorkerSlot, ours: socket.socket, theirs: socket.socket) -> int:
        """In the new process: let go of all that is the supervisor's, and serve."""
        # Unregistering would take them from the parent's selector too: it is shared.
        self._selector.close()
        if self._health_server is not None:
            self._health_server.close_in_child()
        # A sibling that held one of these would hide the supervisor's death from the others.
        for end in (ours, self._signals, self._wakeup, *(other.end for other in self._slots)):
            if end is not None:
                end.close()
        return worker_process.run(
            self._config, self._loaded, self._sockets, self._session_count, theirs, slot.number
        )

    def _hear(self, slot: WorkerSlot) -> None:
        assert slot.end is not None
        heard, is_over = worker_report.receive(slot.end)
        if (
            heard is not None
            and slot.report_received(heard, time.monotonic())
            and self._kill_at is None
        ):
            self._reload()
        if is_over:
            self._mute(slot)

    def _mute(self, slot: WorkerSlot) -> None:
        if slot.end is not None:
            self._selector.unregister(slot.end)
            slot.end.close()
            slot.end = None

    def _reap(self, slot: WorkerSlot, now: float) -> None:
        """Notice that a worker has ended."""
        if slot.pid is None:
            return
        pid, status = os.waitpid(slot.pid, os.WNOHANG)
        if pid == 0:
            return
        if slot.end is not None:
            self._hear(slot)  # its last words
            self._mute(slot)
        code = os.waitstatus_to_exitcode(status)
        self._session_count.clear(slot.number)
        wait = slot.worker_ended(now)
        if self._kill_at is not None:
            if code:
                log.error("a worker ended badly", worker=slot.number, pid=pid, code=code)
            return
        if code == worker_process.FAULTY and not slot.has_served:
            # Whatever it is, it is as wrong for all the others.
            self._status = worker_process.FAULTY
            self._stop()
            return
        self._metrics.worker_restarts.inc()
        log.error("a worker ended", worker=slot.number, pid=pid, code=code, restart_in=wait)

    def _kill(self, slot: WorkerSlot, why: str) -> None:
        if slot.pid is not None:
            log.error(why, worker=slot.number, pid=slot.pid)
            os.kill(slot.pid, signal.SIGKILL)
            slot.silence_excused(time.monotonic())

    # Signals.

    def _hear_signals(self) -> None:
        for end in (self._signals, self._wakeup):
            end.settimeout(0)
        self._selector.register(self._signals, selectors.EVENT_READ, self._obey)
        # Each signal's number is written there; nothing is done in a handler itself.
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        for number in (*worker_process.SIGNALS, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        hear_hangup()

    def _obey(self) -> None:
        numbers = set(self._signals.recv(4096))
        if signal.SIGHUP in numbers and self._kill_at is None:
            self._reload()
        if numbers & {signal.SIGTERM, signal.SIGINT} and self._kill_at is None:
            self._notifier.notify(sd_notify.STOPPING)
            self._stop()

    def _reload(self, *, of_itself: bool = False) -> None:
        """Prove the new policies here first: refused once, and then no worker hears of them.

        ``of_itself``: nobody asked for it, so that what changes nothing is no matter of theirs.
        """
        self._notifier.notify_reloading()
        before = self._loaded
        loaded = load_in_force.reload(self._config, datetime.now(UTC).date(), before)
        # Whoever is started from now on has them from the first message on.
        self._loaded = loaded
        self._measure_lists()
        is_news = not (of_itself and loaded.lists_faults and loaded.is_same_as(before))
        if loaded.in_force is not before.in_force and is_news:
            log.info("reloading", snapshot=loaded.in_force.snapshot.digest)
            self._signal_all(signal.SIGHUP)
        self._notifier.notify(sd_notify.READY)

    def _measure_lists(self) -> None:
        loaded = self._loaded
        institutions = len(loaded.in_force.snapshot.entities)
        measure_in_force(self._metrics, institutions, loaded.lists_faults)

    def _stop(self) -> None:
        """End all workers; the last thing this supervisor does."""
        drain = self._config.relay.drain_seconds
        self._kill_at = time.monotonic() + drain + MARGIN_SECONDS
        log.info("draining", seconds=drain)
        for sock in self._sockets.relay:
            sock.close()
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: signal.Signals) -> None:
        for slot in self._slots:
            if slot.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(slot.pid, number)
