"""The relay's listening sockets: opened, watched over, drained."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, cast

import structlog

from gateway.config import certificate
from gateway.errors import ConfigError
from gateway.relay import client_address
from gateway.relay.admission import AdmissionControl
from gateway.relay.bind_sockets import BACKLOG, bind_all
from gateway.relay.connection import Connection, Connections
from gateway.relay.connection_preamble import Preamble
from gateway.relay.limits.read_buffer import ReadBuffer
from gateway.relay.limits.session_count import SessionCount
from gateway.relay.rejections import Rejections

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config import Config
    from gateway.errors import Fault
    from gateway.inspection.inspector import Inspector
    from gateway.metrics import Metrics

CHECK_SECONDS: float = 1
"""How often all connections are asked whether somebody has been silent for too long."""

log = structlog.get_logger("relay")


class Server:
    """All client sessions of one process.

    ``listening`` are sockets that are bound already; without them those of ``relay.listen`` and
    ``relay.listen_tls`` are bound. ``session_count`` is what all processes count together, for
    ``relay.max_sessions``. ``ConfigError``: the certificate cannot be used.
    """

    def __init__(
        self,
        config: Config,
        inspector: Inspector,
        metrics: Metrics,
        listening: Sequence[socket.socket] = (),
        session_count: SessionCount | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        relay, read_buffer = config.relay, ReadBuffer()
        self._whole_config = config
        self._config = relay
        self._listening = listening
        self._rejections = Rejections(read_buffer, metrics, self._one_left)
        self._admission = AdmissionControl(
            relay, session_count or SessionCount(), self._rejections, loop.time
        )
        self.connections = Connections(relay, inspector, self._admission, read_buffer, metrics)
        self.connections.tls = certificate.load(config)
        self._waiting: set[Preamble] = set()
        self._servers: list[asyncio.Server] = []
        self._sweep: asyncio.Task[None] | None = None
        self._is_drained = False
        metrics.sessions.set_function(lambda: len(self.connections.open))

    async def start(self) -> None:
        """Listen on every endpoint; an ``OSError`` names the one that could not be had."""
        relay, loop = self._config, self.connections.loop
        for sock in self._listening or bind_all((*relay.listen, *relay.listen_tls)):
            serve = loop.create_server
            if sock.family == socket.AF_UNIX:
                serve = loop.create_unix_server  # type: ignore[assignment]
            self._servers.append(await serve(self._protocol(sock), sock=sock, backlog=BACKLOG))
        self._sweep = loop.create_task(self._check_all())

    def _protocol(self, sock: socket.socket) -> Callable[[], asyncio.Protocol]:
        """What a connection to that socket meets first."""
        has_tls = client_address.is_endpoint_of(self._config.listen_tls, sock)
        if has_tls or self._config.proxy_protocol:
            return lambda: Preamble(self.connections, self._waiting, has_tls=has_tls)
        return lambda: cast("asyncio.Protocol", Connection(self.connections))

    def reload_tls(self) -> tuple[Fault, ...]:
        """Read certificate and key again; keep the old ones, loudly, where the new do not serve.

        Sessions under way keep what they began with. Gives what is wrong with the new ones.
        """
        try:
            self.connections.tls = certificate.load(self._whole_config)
        except ConfigError as error:
            log.error("certificate refused, the old one stays", faults=list(map(str, error.faults)))  # noqa: TRY400
            return error.faults
        return ()

    def close(self) -> None:
        """Accept nobody any more."""
        for server in self._servers:
            server.close()
        if self._sweep is not None:
            self._sweep.cancel()

    async def drain(self) -> None:
        """Accept nobody; let transactions finish within ``drain_seconds``, then break off.

        A second time there is nothing left to wait for.
        """
        if self._is_drained:
            return
        connections = self.connections
        self._admission.is_draining = True
        for server in self._servers:
            server.close()
        for preamble in tuple(self._waiting):
            preamble.abort()
        for connection in tuple(connections.open):
            connection.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._config.drain_seconds):
                await self._wait_until_empty()
        if connections.open:
            log.warning("sessions broken off", sessions=len(connections.open))
        for connection in tuple(connections.open):
            connection.abort()
        self._rejections.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self._wait_until_empty()
        self.close()
        self._is_drained = True

    async def _wait_until_empty(self) -> None:
        connections = self.connections
        while connections.open or self._rejections:
            connections.one_left.clear()
            await connections.one_left.wait()

    def _one_left(self) -> None:
        self.connections.one_left.set()

    async def _check_all(self) -> None:
        connections = self.connections
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            now = connections.loop.time()
            self._admission.measure_descriptors()
            self._rejections.check_timeouts(now)
            for connection in tuple(connections.open):
                connection.check_timeouts(now)
            for preamble in tuple(self._waiting):
                preamble.check_timeouts(now)
