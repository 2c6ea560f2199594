"""One process: builds the object graph, runs it, drains it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from gateway import __version__
from gateway.errors import FaultyFile, LedgerError
from gateway.ledger.writer import Ledger
from gateway.metrics import Metrics
from gateway.net.courier import Courier
from gateway.net.listener import Listener
from gateway.net.submission import submission
from gateway.net.watch import Watch
from gateway.notice import render, rhythm
from gateway.serve import orders
from gateway.serve.health import Health, HealthServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config import Config
    from gateway.model import Notice
    from gateway.notice.render import Letter

COUNT_SECONDS = 10

log = structlog.get_logger("serve")


class Worker:
    """A relay with its ledger and its courier.

    Building one reads the policies; what is wrong there is a ``FaultyFile``. An unusable ledger
    is told loudly, and does not keep it from starting: unmatched mail must flow.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._metrics = Metrics()
        self._loaded = orders.load(config, _now().date())
        self._process = secrets.token_hex(8)
        self._ledger = Ledger(
            config.ledger.path,
            config.ledger.emergency_journal,
            process=self._process,
            clock=_now,
            entropy=os.urandom,
            tell=self._hear_ledger,
            rhythm=rhythm.is_open,
        )
        self._watch: Watch | None = None
        self._stopping = asyncio.Event()

    async def run(self, *, ready: Callable[[], None] | None = None) -> None:
        """Serve until SIGTERM or SIGINT, then drain; ``ready`` is called when clients may come.

        ``OSError``: an endpoint cannot be listened on; its text names it.
        """
        config, metrics = self._config, self._metrics
        watch = self._watch = Watch(
            config, self._loaded.orders, self._ledger, metrics, process=self._process
        )
        listener = Listener(config, watch, metrics)
        courier = self._courier()
        watch.on_notice = courier.wake
        health = Health(metrics, self._faults)
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload)

        async with contextlib.AsyncExitStack() as stack:
            if config.metrics is not None:
                pages = _health_server(config, health)
                stack.callback(pages.close)
            await asyncio.to_thread(self._ledger.start)
            stack.push_async_callback(asyncio.to_thread, self._ledger.close)
            await listener.start()
            stack.push_async_callback(listener.drain)
            couriering = loop.create_task(courier.run())
            stack.push_async_callback(_ended, couriering)
            stack.callback(courier.stop)
            self._announce()
            if ready is not None:
                ready()
            counting = loop.create_task(self._count_notices())
            stack.callback(counting.cancel)
            while not self._stopping.is_set():
                health.beat()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), 1)
            log.info("draining")
            await listener.drain()
        log.info("stopped")

    async def _count_notices(self) -> None:
        """Keep the metric of the outbox no older than a few seconds."""
        while True:
            with contextlib.suppress(LedgerError):
                waiting = await asyncio.wrap_future(self._ledger.waiting())
                self._metrics.notice_queue.set(waiting)
            await asyncio.sleep(COUNT_SECONDS)

    def stop(self) -> None:
        """Drain and end; from the event loop's thread."""
        self._stopping.set()

    def _courier(self) -> Courier:
        config = self._config
        return Courier(
            self._ledger,
            self._compose,
            submission(config, socket.gethostname()),
            owner=self._process,
            per_hour=config.notices.per_hour,
            clock=_now,
            told=lambda result: self._metrics.notices.labels(result.value).inc(),
        )

    def _compose(self, notice: Notice) -> Letter:
        return render.letter(notice, self._config, self._loaded.texts)

    def _reload(self) -> None:
        """Swap policies and snapshot as one; keep the old ones, loudly, if the new do not load."""
        assert self._watch is not None
        try:
            loaded = orders.load(self._config, _now().date())
        except FaultyFile as error:
            log.error("reload refused, the old policies stay", faults=list(map(str, error.faults)))  # noqa: TRY400
            return
        self._loaded = loaded
        self._watch.orders = loaded.orders
        self._tell_digests()
        log.info("reloaded", snapshot=loaded.orders.snapshot.digest)

    def _announce(self) -> None:
        config = self._config
        self._tell_digests()
        log.info(
            "serving",
            version=__version__,
            listen=[str(endpoint) for endpoint in config.relay.listen],
            next_hop=[str(endpoint) for endpoint in config.relay.next_hop],
            mode=config.policies.mode.value,
            snapshot=self._loaded.orders.snapshot.digest,
            policy=self._loaded.orders.rules.digest,
        )
        if config.relay.workers != 1:
            log.warning("relay.workers is not in use yet: one process serves")
        if os.geteuid() == 0:
            log.warning("running as root; run it as a user of its own")

    def _tell_digests(self) -> None:
        current = self._loaded.orders
        self._metrics.snapshot_info.clear()
        self._metrics.snapshot_info.labels(current.snapshot.digest, current.rules.digest).set(1)

    def _hear_ledger(self, text: str, error: Exception | None) -> None:
        """What the ledger's thread has to say to an operator."""
        if error is None:
            log.info("ledger", message=text)
        else:
            self._metrics.ledger_failures.inc()
            log.error("ledger", message=text, reason=type(error).__name__)

    def _faults(self) -> list[str]:
        """Why this process is not ready; empty when it is."""
        fault = self._ledger.fault
        return [f"ledger: {fault}"] if fault else []


def _health_server(config: Config, health: Health) -> HealthServer:
    assert config.metrics is not None
    endpoint = config.metrics.listen
    try:
        server = HealthServer(endpoint, health)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OSError(error.errno, f"cannot listen on {endpoint}: {reason}") from error
    server.start()
    return server


async def _ended(task: asyncio.Task[None]) -> None:
    await task


def _now() -> datetime:
    return datetime.now(UTC)
