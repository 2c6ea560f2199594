"""The client's connection, as its relay sees it: written to, held back, and closed with care."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.relay import timeouts, tls

if TYPE_CHECKING:
    import asyncio

    from gateway.relay.read_buffer import Room


class ClientSide:
    """What a :class:`gateway.relay.connection.Relay` does with its client's connection."""

    __slots__ = ("_client", "_client_ended", "_client_is_full", "_client_is_paused", "_room")

    def __init__(self, room: Room) -> None:
        self._room = room
        self._client: asyncio.Transport | None = None
        self._client_ended = False  # it will say no more
        self._client_is_full = False  # it reads more slowly than it is written to
        self._client_is_paused = False  # it is not read from

    def get_buffer(self, size: int) -> memoryview:
        """Where the next bytes go, as :class:`asyncio.BufferedProtocol` has it."""
        del size
        return self._room.part

    def buffer_updated(self, size: int) -> None:
        """So many bytes have come."""
        self.data_received(self._room.take(size))

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        raise NotImplementedError

    def _write_to_client(self, pieces: list[bytes]) -> None:
        """Send what a session has for it; empties the list."""
        if self._client is not None:
            if len(pieces) == 1:
                self._client.write(pieces[0])
            else:
                self._client.writelines(pieces)
        pieces.clear()

    def _hold_client(self, *, is_held: bool) -> None:
        """Read from it only while there is room for what it says."""
        if is_held != self._client_is_paused and self._client is not None:
            self._client_is_paused = is_held
            (self._client.pause_reading if is_held else self._client.resume_reading)()

    def _linger(self, seconds: float) -> None:
        """So long it had for our last words: it is not waited for without end."""
        if self._client is None:
            return
        if seconds > timeouts.LINGER_SECONDS:
            self._client.abort()
        elif seconds > timeouts.LINGER_TLS_SECONDS:
            tls.close(self._client)

    def _take_leave_of_client(self) -> None:
        """Close lingering: a reset would take our last reply from the client's hands."""
        client = self._client
        if client is None or client.is_closing():
            return
        if self._client_ended:
            client.close()
            return
        tls.half_close(client)
        if self._client_is_paused and not client.is_closing():
            self._client_is_paused = False
            client.resume_reading()
