"""The next hop's connection, as one relay sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gateway.config import Endpoint
    from gateway.relay.connection import Relay

CONNECT_SECONDS: float = 30


def connect(endpoint: Endpoint, relay: Relay) -> Coroutine[Any, Any, object]:
    """Connect a relay to a next hop; awaited, it gives an ``OSError`` where that fails.

    It waits as long as the system does: whoever awaits it sees to ``CONNECT_SECONDS``.
    """
    loop = asyncio.get_running_loop()
    hop = cast("asyncio.Protocol", Hop(relay))
    if endpoint.path is not None:
        return loop.create_unix_connection(lambda: hop, endpoint.path)
    return loop.create_connection(lambda: hop, endpoint.host, endpoint.port)


class Hop:
    """A connected next hop. Once it was let go it says nothing more to its relay.

    It is the protocol of the hop's connection, as :class:`asyncio.Protocol` describes one; a
    compiled build cannot have its classes.
    """

    __slots__ = ("_beneath", "_is_held", "_relay", "_transport", "is_full")

    def __init__(self, relay: Relay, beneath: asyncio.Transport | None = None) -> None:
        """``beneath`` is what carries the TLS, where there is any."""
        self._relay: Relay | None = relay
        self._beneath = beneath
        self._transport: asyncio.Transport
        self._is_held = False
        self.is_full = False
        """Whether it reads more slowly than it is written to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It may speak at once; a relay that is over by now does not want it."""
        self._transport = cast("asyncio.Transport", transport)
        if self._relay is not None and not self._relay.hop_reached(self):
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Tell the relay."""
        if self._relay is not None:
            self._relay.hop_said(data)

    def eof_received(self) -> None:
        """It says no more: that it closes as well arrives in :meth:`connection_lost`."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the relay."""
        del exc
        if self._relay is not None:
            self._relay.hop_lost()

    def pause_writing(self) -> None:
        """Tell the relay."""
        self._set_full(is_full=True)

    def resume_writing(self) -> None:
        """Tell the relay."""
        self._set_full(is_full=False)

    def _set_full(self, *, is_full: bool) -> None:
        self.is_full = is_full
        if self._relay is not None:
            self._relay.hop_moved()

    def write(self, pieces: list[bytes]) -> None:
        """Send what a session has for it."""
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        else:
            self._transport.writelines(pieces)

    def hold(self, *, is_held: bool) -> None:
        """Read from it only while there is room for what it says."""
        if is_held != self._is_held:
            self._is_held = is_held
            (self._transport.pause_reading if is_held else self._transport.resume_reading)()

    def let_go(self) -> None:
        """Close without another byte."""
        # What the kernel has not taken yet is the middle of a message: it must not be flushed.
        if self._transport.get_write_buffer_size() or (
            self._beneath is not None and self._beneath.get_write_buffer_size()
        ):
            self.abort()
        else:
            self._relay = None
            self._transport.close()

    def abort(self) -> None:
        """End the connection as it is."""
        self._relay = None
        self._transport.abort()
