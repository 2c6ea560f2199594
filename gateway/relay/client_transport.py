"""The client's connection: written to, paused, and closed so that our last reply arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.relay import timeouts, tls

if TYPE_CHECKING:
    import asyncio


class ClientTransport:
    """An :class:`asyncio.Transport`, or ``None`` before it is there and when it is gone."""

    __slots__ = ("_is_paused", "has_ended", "is_writing_paused", "transport")

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.has_ended = False
        """Whether the client will say no more."""
        self.is_writing_paused = False
        """Whether the client reads more slowly than it is written to."""
        self._is_paused = False  # it is not read from

    def start_over(self, transport: asyncio.Transport) -> None:
        """Go on with the transport that TLS gave in the old one's place."""
        self.transport = transport
        self.is_writing_paused = self._is_paused = False

    def write(self, pieces: list[bytes]) -> None:
        """Send what a session has for the client; empties the list."""
        if self.transport is not None:
            if len(pieces) == 1:
                self.transport.write(pieces[0])
            else:
                self.transport.writelines(pieces)
        pieces.clear()

    def set_reading(self, *, is_paused: bool) -> None:
        """Read from it only while there is room for what it says."""
        if is_paused != self._is_paused and self.transport is not None:
            self._is_paused = is_paused
            (self.transport.pause_reading if is_paused else self.transport.resume_reading)()

    def close_lingering(self) -> None:
        """Close so that the client can read our last reply, which a reset would take from it.

        It is read from until it closes, or until :meth:`check_lingering` gives it up.
        """
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if self.has_ended:
            transport.close()
            return
        tls.half_close(transport)
        if self._is_paused and not transport.is_closing():
            self._is_paused = False
            transport.resume_reading()

    def check_lingering(self, seconds: float) -> None:
        """So many seconds it has had to read our last reply: it is not waited for without end."""
        if self.transport is None:
            return
        if seconds > timeouts.LINGER_SECONDS:
            self.transport.abort()
        elif seconds > timeouts.LINGER_TLS_SECONDS:
            tls.close(self.transport)

    def abort(self) -> None:
        """Close as it is."""
        if self.transport is not None:
            self.transport.abort()
