"""One process that serves: builds the object graph, runs it, drains it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from gateway import __version__
from gateway.errors import LedgerError
from gateway.inspection.inspector import Inspector
from gateway.ledger.store.writer import LedgerWriter
from gateway.mailer.courier import Courier
from gateway.mailer.submission import configured_submission
from gateway.metrics import Metrics
from gateway.notices import render, rhythm
from gateway.relay.server import Server
from gateway.serve import list_freshness, load_in_force, sd_notify
from gateway.serve.health import stall_text
from gateway.serve.list_freshness import ListsWatch
from gateway.serve.listener_sockets import endpoint_of
from gateway.serve.sd_notify import Notifier
from gateway.serve.worker_report import WorkerReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config import Config
    from gateway.metrics import Samples
    from gateway.model import Notice
    from gateway.notices.render import RenderedNotice
    from gateway.relay.limits.session_count import SessionCount
    from gateway.serve.dns_linkage_job import DnsLinkageJob
    from gateway.serve.load_in_force import Loaded

BEAT_SECONDS = 1
COUNT_SECONDS = 10

log = structlog.get_logger("serve")


class Worker:
    """A relay with its ledger and its courier.

    Building one reads the policies, unless they are ``loaded``; what is wrong there is a
    ``FaultyFile``. Sockets that are ``listening`` take the place of ``relay.listen``. An unusable
    ledger is told loudly, and does not keep it from starting: unmatched mail must flow.
    ``session_count`` is what it counts its clients in, together with its siblings.

    ``beat`` is called by the event loop every second from the start to the very end.
    """

    def __init__(  # noqa: PLR0913 - all that a process is given by whoever started it
        self,
        config: Config,
        *,
        loaded: Loaded | None = None,
        listening: Sequence[socket.socket] = (),
        session_count: SessionCount | None = None,
        notifier: Notifier | None = None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._config = config
        self._sockets = listening
        self._session_count = session_count
        self._notifier = notifier or Notifier({}, os.getpid())
        self._beat = beat
        self._beaten_at = time.monotonic()
        self._metrics = Metrics()
        self._loaded = loaded or load_in_force.load(config, _now().date())
        self._measure_in_force()
        self._process = secrets.token_hex(8)
        self._ledger = LedgerWriter(
            config.ledger.path,
            config.ledger.emergency_journal,
            process=self._process,
            clock=_now,
            entropy=os.urandom,
            tell=self._hear_ledger,
            rhythm=rhythm.is_open,
        )
        # The ledger's thread does not inherit which worker we are.
        self._ledger_log = log.bind(**structlog.contextvars.get_contextvars())
        self._inspector: Inspector | None = None
        self._server: Server | None = None
        self._is_serving = False
        self._stopping = asyncio.Event()
        self._reload_wanted = asyncio.Event()
        self._linkage_job: DnsLinkageJob | None = None
        self._reloads_wanted = 0
        self._taken_in = 0

    async def run(self, *, ready: Callable[[], None] | None = None) -> None:
        """Serve until SIGTERM or SIGINT, then drain; ``ready`` is called when clients may come.

        ``OSError``: an endpoint cannot be listened on; its text names it.
        """
        metrics = self._metrics
        inspector = self._inspector = Inspector(
            self._config, self._loaded.in_force, self._ledger, metrics, process=self._process
        )
        server = self._server = Server(
            self._config, inspector, metrics, self._sockets, self._session_count
        )
        courier = self._courier()
        inspector.on_notice = courier.wake
        self._start_linkage_job()
        loop = asyncio.get_running_loop()
        self._hear_signals(loop)

        async with contextlib.AsyncExitStack() as stack:
            for chore in (self._beat_on(), self._reload_when_wanted(), self._count_notices()):
                stack.callback(loop.create_task(chore).cancel)
            for chore in (self._measure_lists(), self._search_for_newer()):
                stack.callback(loop.create_task(chore).cancel)
            if self._linkage_job is not None:
                stack.callback(loop.create_task(self._linkage_job.run()).cancel)
            await asyncio.to_thread(self._ledger.start)
            stack.push_async_callback(asyncio.to_thread, self._ledger.close)
            await server.start()
            stack.push_async_callback(server.drain)
            couriering = loop.create_task(courier.run())
            stack.push_async_callback(_ended, couriering)
            stack.callback(courier.stop)
            self._announce()
            self._set_serving(is_serving=True)
            if ready is not None:
                ready()
            await self._stopping.wait()
            self._notifier.notify(sd_notify.STOPPING)
            self._set_serving(is_serving=False)
            log.info("draining")
            await server.drain()
        log.info("stopped")

    def stop(self) -> None:
        """Drain and end; from the event loop's thread."""
        self._stopping.set()

    # How it is: asked from any thread.

    def stalls(self) -> list[str]:
        """Why it is not alive; empty when it is."""
        stall = stall_text(time.monotonic() - self._beaten_at)
        return [stall] if stall else []

    def faults(self) -> list[str]:
        """Why it is not ready; empty when it is."""
        away = [] if self._is_serving else ["starting or draining: no client is served"]
        return [*away, *self._faults_of_stores()]

    def samples(self) -> Samples:
        """All that it counted."""
        return self._metrics.samples()

    def report(self) -> WorkerReport:
        """All of this for a supervisor."""
        return WorkerReport(
            self._is_serving, self._faults_of_stores(), self.samples(), self._reloads_wanted
        )

    def _faults_of_stores(self) -> tuple[str, ...]:
        """What is wrong with the lists, the ledger and the journal."""
        fault = self._ledger.fault
        faults = (
            *(f"lists: {each}" for each in self._loaded.lists_faults),
            *((f"ledger: {fault}",) if fault else ()),
        )
        if self._ledger.journal.is_empty:
            return faults
        return (*faults, "emergency journal: what is in it waits to be taken into the ledger")

    def _set_serving(self, *, is_serving: bool) -> None:
        self._is_serving = is_serving
        self._metrics.workers.set(is_serving)
        self._tick()

    # What it does beside serving.

    def _hear_signals(self, loop: asyncio.AbstractEventLoop) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_wanted.set)
        # A supervisor starts us with these held back, so that none comes before its handler.
        held_back = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held_back)

    def _tick(self) -> None:
        self._beaten_at = time.monotonic()
        self._beat()

    async def _beat_on(self) -> None:
        while True:
            self._tick()
            await asyncio.sleep(BEAT_SECONDS)

    async def _count_notices(self) -> None:
        """Keep the metrics of outbox, journal and rate no older than a few seconds."""
        while True:
            with contextlib.suppress(LedgerError):
                waiting = await asyncio.wrap_future(self._ledger.waiting())
                self._metrics.notice_queue.set(waiting)
            await self._count_journal()
            if self._inspector is not None:
                self._inspector.measure_match_rate()
            await asyncio.sleep(COUNT_SECONDS)

    async def _count_journal(self) -> None:
        backlog = await asyncio.to_thread(self._ledger.journal.backlog)
        self._metrics.journal_lines.labels("waiting").set(backlog.waiting)
        self._metrics.journal_lines.labels("aside").set(backlog.set_aside)
        taken_in = self._ledger.taken_in
        self._metrics.journal_taken_in.inc(taken_in - self._taken_in)
        self._taken_in = taken_in

    async def _measure_lists(self) -> None:
        """Keep the metrics of the lists' ages no older than a few seconds."""
        while True:
            try:
                await asyncio.to_thread(list_freshness.measure, self._config, self._metrics, _now())
            except Exception:
                # Whatever lies in that directory, a number is not worth more than the mail.
                log.exception("the lists' ages cannot be told")
            await asyncio.sleep(list_freshness.MEASURE_SECONDS)

    async def _search_for_newer(self) -> None:
        """Take what an import puts in force, and miss what is gone.

        Of several workers the supervisor does; each tries again by itself what it could not read.
        """
        watch = ListsWatch(self._config)
        while True:
            loaded = self._loaded
            digest, faults = loaded.in_force.snapshot.digest, loaded.lists_faults
            is_ours = self._session_count is None or bool(faults)
            if is_ours and await asyncio.to_thread(
                watch.has_changed, digest, faults, time.monotonic()
            ):
                self._reload_wanted.set()
            await asyncio.sleep(list_freshness.SEARCH_SECONDS)

    def _courier(self) -> Courier:
        config = self._config
        return Courier(
            self._ledger,
            self._compose,
            configured_submission(config, socket.gethostname()),
            owner=self._process,
            per_hour=config.notices.per_hour,
            clock=_now,
            told=lambda result: self._metrics.notices.labels(result.value).inc(),
        )

    def _compose(self, notice: Notice) -> RenderedNotice:
        loaded = self._loaded
        return render.rendered_notice(
            notice, self._config, loaded.texts, texts_digest=loaded.texts_digest
        )

    def _start_linkage_job(self) -> None:
        if not self._config.lists.linkage:
            return
        # The DNS library takes 0.15 s to load and 4 MB a worker, which most have no use for.
        from gateway.serve import dns_linkage_job  # noqa: PLC0415

        self._linkage_job = dns_linkage_job.create_job(
            self._config,
            self._metrics,
            lambda: self._loaded.in_force.snapshot,
            self._ask_for_reload,
            self._session_count.workers if self._session_count is not None else 1,
        )
        self._hear_new_domains()

    def _hear_new_domains(self) -> None:
        if self._linkage_job is not None:
            self._loaded.in_force.known_clear.on_new_domain = self._linkage_job.enqueue

    def _ask_for_reload(self) -> None:
        """All workers are to work by one snapshot, so it is their supervisor who is asked."""
        if self._session_count is None:
            self._reload_wanted.set()
        else:
            self._reloads_wanted += 1
            self._tick()

    async def _reload_when_wanted(self) -> None:
        while True:
            await self._reload_wanted.wait()
            # Before the reading: a change during it asks for another one.
            self._reload_wanted.clear()
            await self._reload()

    async def _reload(self) -> None:
        """Swap what may change as one; keep the old, loudly, if the new does not load."""
        assert self._inspector is not None
        assert self._server is not None
        self._notifier.notify_reloading()
        # In a thread: the loop goes on with the mail.
        before = self._loaded
        loaded = await asyncio.to_thread(load_in_force.reload, self._config, _now().date(), before)
        self._loaded = loaded
        self._tell_digests()
        if loaded.in_force is not before.in_force:
            self._hear_new_domains()
            self._inspector.in_force = loaded.in_force
            self._server.reload_tls()
            log.info("reloaded", snapshot=loaded.in_force.snapshot.digest)
        self._notifier.notify(sd_notify.READY)

    def _announce(self) -> None:
        config = self._config
        self._tell_digests()
        log.info(
            "serving",
            version=__version__,
            listen=[*map(endpoint_of, self._sockets)] or [*map(str, config.relay.listen)],
            next_hop=[*map(str, config.relay.next_hop)],
            mode=config.policies.mode.value,
            snapshot=self._loaded.in_force.snapshot.digest,
            policy=self._loaded.in_force.rules.digest,
        )

    def _tell_digests(self) -> None:
        current = self._loaded.in_force
        self._metrics.snapshot_info.clear()
        self._metrics.snapshot_info.labels(current.snapshot.digest, current.rules.digest).set(1)
        self._measure_in_force()

    def _measure_in_force(self) -> None:
        institutions = len(self._loaded.in_force.snapshot.entities)
        list_freshness.measure_in_force(self._metrics, institutions, self._loaded.lists_faults)

    def _hear_ledger(self, text: str, error: Exception | None) -> None:
        """What the ledger's thread has to say to an operator."""
        if error is None:
            self._ledger_log.info("ledger", message=text)
        else:
            self._metrics.ledger_failures.inc()
            self._ledger_log.error("ledger", message=text, reason=type(error).__name__)


async def _ended(task: asyncio.Task[None]) -> None:
    await task


def _now() -> datetime:
    return datetime.now(UTC)
