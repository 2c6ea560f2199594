"""TLS on a connection that is open already, on uvloop and the stock loop alike."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import structlog

if TYPE_CHECKING:
    import ssl

HANDSHAKE_SECONDS = 30
"""For a whole handshake: a few packets, and seconds for a peer at the end of a bad line."""

CLOSE_SECONDS = 5
"""For the other side's close_notify after ours (RFC 8446 section 6.1)."""

WRITE_BUFFER_LIMIT = 65536
"""Bytes that wait to be written before the other side is held: the loops' own 512 KB for TLS
would be ten times what a plain session holds."""

log = structlog.get_logger("relay")


async def handshake(
    transport: asyncio.Transport,
    context: ssl.SSLContext,
    *,
    server_hostname: str | None = None,
    received: bytes = b"",
) -> tuple[asyncio.Transport, bytes]:
    """Shake hands, as the server unless there is a ``server_hostname``.

    ``received`` are bytes of the handshake that were read already. Gives the new transport,
    whose protocol is to be set now, and what the peer said at once after its handshake: the
    stock loop reads it before anyone can have set a protocol. Raises ``OSError`` (``ssl.SSLError``
    is one) where there is no TLS; the connection is closed then, as it is when cancelled.
    """
    loop = asyncio.get_running_loop()
    if transport.is_closing():
        raise ConnectionResetError("the peer left before the handshake")
    transport.pause_reading()
    early = _Early()
    handshake = loop.create_task(
        loop.start_tls(
            transport,
            early,
            context,
            server_side=server_hostname is None,
            server_hostname=server_hostname,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=CLOSE_SECONDS,
        )
    )
    if received:
        # The task's first step asks the loop to begin the handshake; what was read must follow
        # that in the same round, before anything else is read. Hence twice.
        loop.call_soon(loop.call_soon, _give, transport, received)
    try:
        secured = await handshake
    except BaseException:
        transport.abort()
        raise
    if secured is None or secured.is_closing() or early.has_ended:
        transport.abort()
        raise ConnectionResetError("the peer left during the handshake")
    secured.set_write_buffer_limits(WRITE_BUFFER_LIMIT)
    return secured, early.data


def error_text(error: BaseException) -> str:
    """Why it failed, for a log."""
    return str(error) or type(error).__name__


async def accept(
    transport: asyncio.Transport, context: ssl.SSLContext | None, *, received: bytes = b""
) -> tuple[asyncio.Transport, bytes] | None:
    """Shake hands with a client as :func:`handshake` does; ``None``, told in the log, if not."""
    assert context is not None
    try:
        return await handshake(transport, context, received=received)
    except OSError as error:
        log.info("TLS handshake failed", reason=error_text(error))
        return None


def can_half_close(transport: asyncio.Transport | None) -> bool:
    """Whether one direction can be closed alone: TLS could, the loops' TLS cannot."""
    return transport is not None and transport.can_write_eof()


def half_close(transport: asyncio.Transport) -> None:
    """Say that nothing more comes, where that can be said without ending both directions."""
    try:
        if can_half_close(transport):
            transport.write_eof()
    except OSError:
        transport.abort()


def close(transport: asyncio.Transport | None) -> None:
    """End TLS with a close_notify, where it has not ended; a plain connection stays."""
    # A second close would keep the stock loop from ever aborting it.
    if transport and not (transport.can_write_eof() or transport.is_closing()):
        transport.close()


class _Early(asyncio.Protocol):
    """Stands in for the protocol until the handshake is told to be over."""

    def __init__(self) -> None:
        self.data = b""
        self.has_ended = False

    def data_received(self, data: bytes) -> None:
        self.data += data

    def eof_received(self) -> None:
        self.has_ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.has_ended = True


def _give(transport: asyncio.Transport, data: bytes) -> None:
    """Let the handshake have bytes as if the loop had just read them."""
    if transport.is_closing():
        return
    protocol = cast("asyncio.BufferedProtocol", transport.get_protocol())
    while data:
        buffer = memoryview(protocol.get_buffer(len(data)))
        size = min(len(buffer), len(data))
        buffer[:size] = data[:size]
        protocol.buffer_updated(size)
        data = data[size:]
