"""The relay's listening sockets: who may come in, how many, and how they all leave."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import stat
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

import structlog

from gateway.config import BareNewlines
from gateway.net.relay import Relay
from gateway.wire import answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.config import Config, Endpoint
    from gateway.metrics import Metrics
    from gateway.model import Outcome
    from gateway.net.watch import Watch

CHECK_SECONDS = 1
BACKLOG = 1024

log = structlog.get_logger("relay")


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a client may come in (``refusal`` is the reply if not), and use XFORWARD."""

    refusal: bytes | None
    is_trusted: bool


class Listener:
    """All client sessions of one process."""

    def __init__(self, config: Config, watch: Watch, metrics: Metrics) -> None:
        self.loop = asyncio.get_running_loop()
        self.watch = watch
        self.metrics = metrics
        self.next_hops = config.relay.next_hop
        self.refuses_lookalikes = config.relay.bare_newlines is BareNewlines.REFUSE
        self._config = config.relay
        self._relays: set[Relay] = set()
        self._served: set[Relay] = set()  # without those that are being turned away
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._is_draining = False
        # Clients are mail servers: the same few addresses over and over.
        self._admission = functools.lru_cache(maxsize=256)(self._judge)

    async def start(self) -> None:
        """Listen on every endpoint; an ``OSError`` names the one that could not be had."""
        try:
            for endpoint in self._config.listen:
                self._servers.append(await self._listen(endpoint))
        except OSError:
            self.close()
            raise
        self._sweep = self.loop.create_task(self._check_all())

    async def _listen(self, endpoint: Endpoint) -> asyncio.Server:
        try:
            if endpoint.path is not None:
                _clear_stale_socket(endpoint.path)
                return await self.loop.create_unix_server(
                    lambda: Relay(self), endpoint.path, backlog=BACKLOG
                )
            return await self.loop.create_server(
                lambda: Relay(self), endpoint.host, endpoint.port, backlog=BACKLOG
            )
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise OSError(error.errno, f"cannot listen on {endpoint}: {reason}") from error

    def close(self) -> None:
        """Accept nobody any more."""
        for server in self._servers:
            server.close()
        if self._sweep is not None:
            self._sweep.cancel()

    async def drain(self) -> None:
        """Accept nobody; let transactions finish within ``drain_seconds``, then break off."""
        self._is_draining = True
        for server in self._servers:
            server.close()
        for relay in tuple(self._relays):
            relay.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.drain_seconds):
                await self._wait_until_empty()
        if self._relays:
            log.warning("sessions broken off", sessions=len(self._relays))
        for relay in tuple(self._relays):
            relay.abandon()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._wait_until_empty()
        self.close()

    async def _wait_until_empty(self) -> None:
        while self._relays:
            self._empty.clear()
            await self._empty.wait()

    async def _check_all(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            now = self.loop.time()
            for relay in tuple(self._relays):
                relay.check(now)

    # What a relay asks.

    def admit(self, relay: Relay, client: asyncio.Transport) -> tuple[str | None, Admission]:
        """Take a new client in, or say why not; its address, where it has one."""
        peername = client.get_extra_info("peername")
        # A Unix socket has no address: the folder's permissions decide who reaches it.
        peer = peername[0] if isinstance(peername, tuple) else None
        admission = self._admission(peer)
        if admission.refusal is None and len(self._served) >= self._config.max_sessions:
            admission = Admission(answers.TOO_MANY, is_trusted=False)
        if self._is_draining:
            admission = Admission(answers.CLOSING, is_trusted=False)
        self._relays.add(relay)
        if admission.refusal is None:
            self._served.add(relay)
            self.metrics.sessions.set(len(self._served))
        return peer, admission

    def _judge(self, peer: str | None) -> Admission:
        if peer is None:
            return Admission(None, is_trusted=True)
        address = ip_address(peer.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        if not any(address in network for network in self._config.clients):
            log.warning("client turned away: not in relay.clients")
            return Admission(answers.NOT_A_CLIENT, is_trusted=False)
        return Admission(None, any(address in network for network in self._config.trusted))

    def finished(self, relay: Relay) -> None:
        """A session is over and its connections are closed."""
        self._relays.discard(relay)
        self._served.discard(relay)
        self.metrics.sessions.set(len(self._served))
        if not self._relays:
            self._empty.set()

    def count(self, outcomes: Sequence[Outcome], began: float) -> None:
        """Count messages whose end is known; empties the list it is given."""
        for outcome in outcomes:
            self.metrics.messages.labels(outcome.value).inc()
            self.metrics.relay_seconds.observe(self.loop.time() - began)
        if isinstance(outcomes, list):
            outcomes.clear()


def _clear_stale_socket(path: str) -> None:
    """Remove the socket of a process that is gone; a live one answers and is left alone."""
    import socket  # noqa: PLC0415 - only here

    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):  # noqa: PTH116
            return
    except OSError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108
        except OSError:
            return
