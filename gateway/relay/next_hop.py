"""The next hop's connection, as one session sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gateway.config import Endpoint

CONNECT_SECONDS: float = 30


class NextHopUser(Protocol):
    """Who speaks with a next hop and is told what becomes of it, as a protocol is by its loop.

    What stands behind it is the client's connection, which has a next hop: named here, so that
    neither file imports the other.
    """

    @property
    def name(self) -> str:
        """The session's name in the log: it tells nothing of anybody."""

    def next_hop_connected(self, hop: NextHop) -> bool:
        """A next hop is connected and may speak at once; whether it is still wanted."""

    def next_hop_said(self, data: bytes) -> None:
        """Bytes from the next hop."""

    def next_hop_lost(self) -> None:
        """The next hop closed, or its connection broke."""

    def next_hop_buffer_changed(self) -> None:
        """The next hop has fallen behind in reading, or caught up."""

    def next_hop_not_reached(self) -> None:
        """That one is not to be had."""

    def connecting_ended(self, error: BaseException | None) -> None:
        """A next hop was reached, unless there is an ``error``: then something of ours failed."""


def connect(endpoint: Endpoint, user: NextHopUser) -> Coroutine[Any, Any, object]:
    """Connect to a next hop; awaited, it gives an ``OSError`` where that fails.

    It waits as long as the system does: whoever awaits it sees to ``CONNECT_SECONDS``.
    """
    loop = asyncio.get_running_loop()
    hop = cast("asyncio.Protocol", NextHop(user))
    if endpoint.path is not None:
        return loop.create_unix_connection(lambda: hop, endpoint.path)
    return loop.create_connection(lambda: hop, endpoint.host, endpoint.port)


class NextHop:
    """A connected next hop. Once it was closed it says nothing more to its user.

    It is the protocol of the hop's connection, as :class:`asyncio.Protocol` describes one; a
    compiled build cannot have its classes.
    """

    __slots__ = ("_beneath", "_is_paused", "_transport", "_user", "is_writing_paused")

    def __init__(self, user: NextHopUser, beneath: asyncio.Transport | None = None) -> None:
        """``beneath`` is what carries the TLS, where there is any."""
        self._user: NextHopUser | None = user
        self._beneath = beneath
        self._transport: asyncio.Transport
        self._is_paused = False  # it is not read from
        self.is_writing_paused = False
        """Whether it reads more slowly than it is written to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It may speak at once; a session that is over by now does not want it."""
        self._transport = cast("asyncio.Transport", transport)
        if self._user is not None and not self._user.next_hop_connected(self):
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Tell the session."""
        if self._user is not None:
            self._user.next_hop_said(data)

    def eof_received(self) -> None:
        """It says no more: that it closes as well arrives in :meth:`connection_lost`."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the session."""
        del exc
        if self._user is not None:
            self._user.next_hop_lost()

    def pause_writing(self) -> None:
        """Tell the session."""
        self._set_full(is_full=True)

    def resume_writing(self) -> None:
        """Tell the session."""
        self._set_full(is_full=False)

    def _set_full(self, *, is_full: bool) -> None:
        self.is_writing_paused = is_full
        if self._user is not None:
            self._user.next_hop_buffer_changed()

    def write(self, pieces: list[bytes]) -> None:
        """Send what a session has for it."""
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        else:
            self._transport.writelines(pieces)

    def set_reading(self, *, is_paused: bool) -> None:
        """Read from it only while there is room for what it says."""
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            (self._transport.pause_reading if is_paused else self._transport.resume_reading)()

    def close(self) -> None:
        """Close without another byte."""
        # What the kernel has not taken yet is the middle of a message: it must not be flushed.
        if self._transport.get_write_buffer_size() or (
            self._beneath is not None and self._beneath.get_write_buffer_size()
        ):
            self.abort()
        else:
            self._user = None
            self._transport.close()

    def abort(self) -> None:
        """End the connection as it is."""
        self._user = None
        self._transport.abort()
