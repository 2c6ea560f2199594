"""Clients that are turned away: each is told 421 and let go, without a session of its own."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, cast

import structlog

from gateway.log_rate_limit import LogRateLimit
from gateway.relay.client_transport import ClientTransport

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from gateway.metrics import Metrics
    from gateway.relay.limits.read_buffer import ReadBuffer

MOST_LINGERING = 32
"""How many may keep their connection for a moment, so that our reply reaches whoever is speaking.

It is a descriptor each, of those that no session gets (``gateway/serve/descriptor_budget.py``).
Of more the connection is closed at once: their 421 is out, and a client that waits for its
greeting, as it must (RFC 5321 section 3.1), loses nothing by it.
"""

log = structlog.get_logger("relay")


class RejectionReason(StrEnum):
    """Why a client is turned away: a label of a metric."""

    SESSIONS = "sessions"
    DESCRIPTORS = "descriptors"
    STRANGER = "stranger"
    CLOSING = "closing"


_WORTH_A_LINE = {
    RejectionReason.SESSIONS: "clients turned away: relay.max_sessions is reached",
    RejectionReason.DESCRIPTORS: (
        "clients turned away: too few descriptors are left, raise LimitNOFILE="
    ),
}


class Rejection:
    """A client on its way out. What it still says is read, so that it can read our reply.

    It is the protocol of the client's connection, as :class:`asyncio.BufferedProtocol` describes
    one; a compiled build cannot have its classes.
    """

    __slots__ = ("_began", "_client", "_ended", "_read_buffer")

    def __init__(
        self,
        client: asyncio.Transport,
        now: float,
        read_buffer: ReadBuffer,
        ended: Callable[[Rejection], None],
    ) -> None:
        """``ended`` is called when its connection is closed."""
        self._client = ClientTransport()
        self._client.transport = client
        self._began = now
        self._read_buffer = read_buffer
        self._ended = ended

    def send(self, reply: bytes, *, lingers: bool) -> None:
        """Send the reply, and close: lingering, or at once."""
        transport = self._client.transport
        if transport is not None:
            transport.write(reply)
            if lingers:
                self._client.close_lingering()
            else:
                transport.close()

    def get_buffer(self, size: int) -> memoryview:
        """Where the next bytes go."""
        del size
        return self._read_buffer.view

    def buffer_updated(self, size: int) -> None:
        """So many bytes have come, and nobody is here to listen."""

    def data_received(self, data: bytes) -> None:
        """As :meth:`buffer_updated`, for a loop that knows its protocols by their class."""

    def eof_received(self) -> bool:
        """It will say no more, and it has our reply: there is nothing left to wait for."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        del exc
        self._client.transport = None
        self._ended(self)

    def check_timeouts(self, now: float) -> None:
        """Asked every second or so: it need not stay for ever."""
        self._client.check_lingering(now - self._began)

    def abort(self) -> None:
        """Close as it is."""
        self._client.abort()


class Rejections:
    """All that one process turns away: counted, told to the operator, and bounded in number."""

    def __init__(
        self, read_buffer: ReadBuffer, metrics: Metrics, one_left: Callable[[], None]
    ) -> None:
        """``one_left`` is called whenever one of them is gone."""
        self._read_buffer = read_buffer
        self._metrics = metrics
        self._one_left = one_left
        self._open: set[Rejection] = set()
        self._lines = {reason: LogRateLimit() for reason in _WORTH_A_LINE}

    def __len__(self) -> int:
        return len(self._open)

    def reject(self, client: asyncio.Transport, reply: bytes, now: float, *, lingers: bool) -> None:
        """Send a client this reply and let it go; it lingers only where there is room for it."""
        rejection = Rejection(client, now, self._read_buffer, self._ended)
        client.set_protocol(cast("asyncio.Protocol", rejection))
        lingers = lingers and len(self._open) < MOST_LINGERING
        self._open.add(rejection)
        rejection.send(reply, lingers=lingers)

    def count(self, reason: RejectionReason, now: float) -> None:
        """Count one that is turned away; of some reasons an operator hears once a minute."""
        self._metrics.turned_away.labels(reason.value).inc()
        if reason in _WORTH_A_LINE:
            left_out = self._lines[reason].suppressed(now)
            if left_out is not None:
                log.warning(_WORTH_A_LINE[reason], left_out=left_out)

    def _ended(self, rejection: Rejection) -> None:
        """Its connection is closed."""
        self._open.discard(rejection)
        self._one_left()

    def check_timeouts(self, now: float) -> None:
        """Asked every second or so."""
        for rejection in tuple(self._open):
            rejection.check_timeouts(now)

    def abort(self) -> None:
        """The process ends."""
        for rejection in tuple(self._open):
            rejection.abort()
