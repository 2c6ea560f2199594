"""STARTTLS towards the next hop, before the dialogue with it begins (RFC 3207).

We read the hop's banner, say EHLO and STARTTLS, and shake hands. Then the hop belongs to the
session, which is given the banner as if nothing had happened, and the client's own EHLO goes on
through the TLS: the hop forgets what was said before (RFC 3207 section 4.2).
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import structlog

from gateway.config import Tls
from gateway.errors import NextHopError, RemoteProtocolError
from gateway.relay import next_hop, tls
from gateway.relay.next_hop import NextHop, connect
from gateway.smtp.ehlo_keywords import keywords
from gateway.smtp.replies import ReplyFramer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from gateway.config import Endpoint
    from gateway.relay.next_hop import NextHopUser

BEFORE_TLS_SECONDS = 90
"""For all that is said up to the end of the handshake, as for any one reply before the dot."""

log = structlog.get_logger("relay")


class Connector(NamedTuple):
    """How a session is connected to a next hop, and within how many seconds at the latest.

    Awaited, ``connect`` raises ``OSError``, ``TimeoutError`` or ``NextHopError`` where that hop is
    not to be had. Whoever awaits it sees to the ``seconds``.
    """

    connect: Callable[[Endpoint, NextHopUser], Coroutine[Any, Any, object]]
    seconds: float


def connector(mode: Tls) -> Connector:
    """How next hops are reached; reads the system's certificates where it must."""
    if mode is Tls.NONE:
        return Connector(connect, next_hop.CONNECT_SECONDS)
    context = ssl.create_default_context()
    if mode is Tls.OPPORTUNISTIC:
        # RFC 7435: unverified TLS still keeps those who only listen out.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    secure = functools.partial(_connect, context=context, is_required=mode is Tls.VERIFY)
    # Each step has a timer of its own, and there may be a second connection, without TLS.
    return Connector(
        secure, next_hop.CONNECT_SECONDS + BEFORE_TLS_SECONDS + next_hop.CONNECT_SECONDS
    )


async def _connect(
    endpoint: Endpoint, user: NextHopUser, *, context: ssl.SSLContext, is_required: bool
) -> None:
    if endpoint.path is not None:
        # Nobody listens between two processes of one machine.
        await _connect_plain(endpoint, user)
        return
    try:
        await _connect_secured(endpoint, user, context, is_required=is_required)
    except _HandshakeError as error:
        if is_required:
            raise
        log.warning(
            "TLS with the next hop failed, going on without",
            next_hop=str(endpoint),
            reason=tls.error_text(error),
        )
        await _connect_plain(endpoint, user)


async def _connect_plain(endpoint: Endpoint, user: NextHopUser) -> None:
    async with asyncio.timeout(next_hop.CONNECT_SECONDS):
        await connect(endpoint, user)


class _HandshakeError(NextHopError):
    """The hop offers TLS and cannot do it, or not so that we trust it."""


async def _connect_secured(
    endpoint: Endpoint, user: NextHopUser, context: ssl.SSLContext, *, is_required: bool
) -> None:
    loop = asyncio.get_running_loop()
    before_tls = _DialogueBeforeTls()
    async with asyncio.timeout(next_hop.CONNECT_SECONDS):
        await loop.create_connection(lambda: before_tls, endpoint.host, endpoint.port)
    connection = before_tls.transport
    try:
        async with asyncio.timeout(BEFORE_TLS_SECONDS):
            banner = await _ask_for_tls(before_tls, is_required=is_required)
            early = b""
            if before_tls.may_start_tls:
                secured, early = await _handshake(connection, context, endpoint)
                hop = NextHop(user, beneath=connection)
            else:
                secured, hop = connection, NextHop(user)
    except BaseException:
        connection.abort()
        raise
    secured.set_protocol(cast("asyncio.Protocol", hop))
    hop.connection_made(secured)
    secured.resume_reading()
    hop.data_received(banner + early)


async def _ask_for_tls(before_tls: _DialogueBeforeTls, *, is_required: bool) -> bytes:
    """Say what comes before TLS; the banner. ``before_tls.may_start_tls`` tells what came of it."""
    code, banner = await before_tls.reply()
    if code < 300:
        name = _our_name(before_tls.transport)
        code, offered = await before_tls.ask(b"EHLO " + name + b"\r\n")
        if code < 300 and b"STARTTLS" in keywords(offered):
            code, _ = await before_tls.ask(b"STARTTLS\r\n")
            before_tls.may_start_tls = code == 220
    if is_required and not before_tls.may_start_tls:
        raise NextHopError(f"TLS is required, and it answers {code} without starting any")
    return banner


async def _handshake(
    connection: asyncio.Transport, context: ssl.SSLContext, endpoint: Endpoint
) -> tuple[asyncio.Transport, bytes]:
    try:
        return await tls.handshake(connection, context, server_hostname=endpoint.host.rstrip("."))
    except OSError as error:
        raise _HandshakeError(tls.error_text(error)) from error


def _our_name(connection: asyncio.Transport) -> bytes:
    """For an EHLO of our own: this machine's full name, else its address (RFC 5321, 4.1.3)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name.encode()
    host = str(connection.get_extra_info("sockname")[0]).partition("%")[0]
    tag = "IPv6:" if ip_address(host).version == 6 else ""
    return f"[{tag}{host}]".encode()


class _DialogueBeforeTls(asyncio.Protocol):
    """One command, one reply. It reads only while a reply is awaited.

    A peer that says more than it was asked has said it before TLS, where anybody could have put
    it in: ``NextHopError``, as for a reply that is none and for a connection that ends.
    """

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.may_start_tls = False
        self._hop_replies = ReplyFramer()
        self._has_left = False
        self._more = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.transport.pause_reading()
        self._hop_replies.feed(data)
        self._more.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._has_left = True
        self._more.set()

    async def ask(self, command: bytes) -> tuple[int, bytes]:
        """Say a command; the code of its reply, and the reply."""
        self.transport.write(command)
        return await self.reply()

    async def reply(self) -> tuple[int, bytes]:
        """The next reply."""
        try:
            while (framed := self._hop_replies.next()) is None:
                if self._has_left:
                    raise NextHopError("it closed the connection before TLS began")
                self._more.clear()
                self.transport.resume_reading()
                await self._more.wait()
        except RemoteProtocolError as error:
            raise NextHopError(f"before TLS: {error}") from error
        if self._hop_replies.size:
            raise NextHopError("it said more before TLS than it was asked")
        return framed
