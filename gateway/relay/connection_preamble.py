"""What some connections pass before they are sessions: a balancer's word, and TLS from the start.

A balancer's PROXY header comes first, in the clear, and TLS after it, as haproxy's ``send-proxy``
sends them. Whoever fails here is closed without a word: it has shown that it would not understand
one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import structlog

from gateway.relay import tls
from gateway.relay.connection import Connection
from gateway.smtp import proxy_protocol

if TYPE_CHECKING:
    from gateway.relay.connection import Connections

PROXY_HEADER_SECONDS = 10
"""For a PROXY header: its specification asks for 3 at least, so that a lost packet can be sent
again (section 2)."""

log = structlog.get_logger("relay")


class Preamble(asyncio.Protocol):
    """One connection on its way to becoming a :class:`gateway.relay.connection.Connection`'s."""

    __slots__ = (
        "_began",
        "_connections",
        "_has_tls",
        "_received",
        "_task",
        "_transport",
        "_waiting",
    )

    def __init__(self, connections: Connections, waiting: set[Preamble], *, has_tls: bool) -> None:
        """``waiting`` are all of them: it enters itself, and leaves."""
        self._connections = connections
        self._waiting = waiting
        self._has_tls = has_tls
        self._transport: asyncio.Transport
        self._received = b""
        self._task: asyncio.Task[None] | None = None
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is here: a balancer's header is waited for, anyone else's is not believed."""
        self._transport = cast("asyncio.Transport", transport)
        self._began = self._connections.loop.time()
        admission = self._connections.admission
        refusal = admission.let_wait(self._transport)
        if refusal is not None:
            self._reject(refusal)
            return
        self._waiting.add(self)
        if not admission.is_balancer(self._transport):
            self._enter(None)

    def _reject(self, refusal: bytes) -> None:
        """Nobody may wait here: a client that is to be greeted in the clear is told so."""
        if self._has_tls:
            # What a client reads there before its handshake is no TLS, and tells it nothing.
            self._transport.abort()
        else:
            self._connections.admission.reject(self._transport, refusal)

    def data_received(self, data: bytes) -> None:
        """Bytes of a balancer's: its header, and what the client said behind it."""
        self._received += data
        if self._task is not None:
            # uvloop reads on after `connection_made`: the handshake is given these.
            return
        header = proxy_protocol.read(self._received)
        if isinstance(header, proxy_protocol.Header):
            self._received = self._received[header.size :]
            self._enter(header.address)
        elif header is proxy_protocol.Unread.INVALID:
            log.warning("no PROXY header from a peer in relay.proxy_protocol; closed")
            self.abort()

    def _enter(self, client: str | None) -> None:
        """Become a session; ``client`` is its address, ``None`` for the connection's own."""
        if not self._has_tls:
            self._hand_over(self._transport, client, self._received)
        elif self._connections.admission.is_welcome(self._transport, client):
            self._task = self._connections.loop.create_task(self._start_tls(client))
        else:
            self.abort()

    async def _start_tls(self, client: str | None) -> None:
        context = self._connections.tls
        try:
            secured = await tls.accept(self._transport, context, received=self._received)
        finally:
            self._leave()
        if secured is not None:
            transport, early = secured
            self._hand_over(transport, client, early)

    def _hand_over(self, transport: asyncio.Transport, client: str | None, said: bytes) -> None:
        connection = Connection(self._connections, client)
        transport.set_protocol(cast("asyncio.Protocol", connection))
        self._leave()
        connection.connection_made(transport)
        if said:
            connection.data_received(said)

    def connection_lost(self, exc: Exception | None) -> None:
        """It left; during a handshake that is told elsewhere."""
        del exc
        self._leave()

    def _leave(self) -> None:
        """It has become a session, or is gone."""
        if self in self._waiting:
            self._waiting.discard(self)
            self._connections.admission.left_waiting()

    def check_timeouts(self, now: float) -> None:
        """Asked every second or so: a header that does not come ends the connection."""
        if self._task is None and now - self._began > PROXY_HEADER_SECONDS:
            log.warning("no PROXY header in time; closed", seconds=PROXY_HEADER_SECONDS)
            self.abort()

    def abort(self) -> None:
        """Close as it is."""
        if self._task is not None:
            self._task.cancel()
        self._transport.abort()
