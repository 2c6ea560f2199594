"""A web server for three small pages, which never waits for whoever reads them.

The supervisor must be the only thread of its process, since it forks, and must never be held up,
since it restarts workers: so these pages are answered from its own selector, a step at a time.
One process alone answers from a thread, so that a stuck event loop cannot hide itself.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING

import structlog

from gateway.serve.health import TEXT, Page

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 10  # for one visitor, from connecting to having read
MOST_CONNECTIONS = 32
LONGEST_REQUEST = 8192

_log = structlog.get_logger("serve")


class HealthServer:
    """The pages on one listening socket, driven by a selector.

    ``answer`` makes the page of a path. Each registration's ``data`` is what to call when it is
    ready; whoever drives the selector also calls :meth:`expire`.
    """

    def __init__(
        self,
        sock: socket.socket,
        answer: Callable[[str], Page],
        selector: selectors.BaseSelector,
    ) -> None:
        self._sock = sock
        self._answer = answer
        self._selector = selector
        self._connections: set[_Connection] = set()
        sock.settimeout(0)
        selector.register(sock, selectors.EVENT_READ, self._accept)

    def expire(self, now: float) -> None:
        """Send away who takes too long; asked every second or so. ``now`` is monotonic seconds."""
        for visitor in tuple(self._connections):
            if now - visitor.came_at > PATIENCE_SECONDS:
                self._part(visitor)

    def close(self) -> None:
        """Answer no more."""
        for visitor in tuple(self._connections):
            self._part(visitor)
        self._selector.unregister(self._sock)
        self._sock.close()

    def close_in_child(self) -> None:
        """Close the descriptors alone: in a forked child, whose parent goes on with the pages."""
        for visitor in self._connections:
            visitor.sock.close()
        self._sock.close()

    def _accept(self) -> None:
        try:
            sock, _ = self._sock.accept()
        except OSError:
            return  # gone again, or no descriptor free: whoever asks asks again
        if len(self._connections) >= MOST_CONNECTIONS:
            # Whoever holds a place in silence gives it up: a watchdog that asks must be answered.
            self._part(min(self._connections, key=_Connection.rank))
        sock.settimeout(0)
        visitor = _Connection(sock)
        self._connections.add(visitor)
        self._selector.register(sock, selectors.EVENT_READ, lambda: self._hear(visitor))

    def _hear(self, visitor: _Connection) -> None:
        if visitor not in self._connections:
            return  # it was sent away in this very turn
        try:
            data = visitor.sock.recv(LONGEST_REQUEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._part(visitor)
            return
        visitor.heard += data
        if b"\r\n\r\n" in visitor.heard or len(visitor.heard) > LONGEST_REQUEST:
            visitor.to_say = memoryview(self._reply(bytes(visitor.heard)))
            self._selector.modify(visitor.sock, selectors.EVENT_WRITE, lambda: self._speak(visitor))

    def _speak(self, visitor: _Connection) -> None:
        if visitor not in self._connections:
            return
        try:
            sent = visitor.sock.send(visitor.to_say)
        except BlockingIOError:
            return
        except OSError:
            sent = len(visitor.to_say)
        visitor.to_say = visitor.to_say[sent:]
        if not visitor.to_say:
            self._part(visitor)

    def _part(self, visitor: _Connection) -> None:
        self._connections.discard(visitor)
        self._selector.unregister(visitor.sock)
        visitor.sock.close()

    def _reply(self, request: bytes) -> bytes:
        words = request.partition(b"\r\n")[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or len(request) > LONGEST_REQUEST:
            page = Page("400 Bad Request", TEXT, b"this is no request that can be read\n")
        elif words[0] not in {"GET", "HEAD"}:
            page = Page("405 Method Not Allowed", TEXT, b"only GET and HEAD\n")
        else:
            page = self._page(words[1].partition("?")[0])
        head = (
            f"HTTP/1.1 {page.status}\r\nContent-Type: {page.kind}\r\n"
            f"Content-Length: {len(page.body)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + (b"" if words[0] == "HEAD" else page.body)

    def _page(self, path: str) -> Page:
        try:
            return self._answer(path)
        except Exception:  # noqa: BLE001 - see below
            # What is watched over matters more than the page about it.
            _log.exception("a health page could not be made")
            return Page("500 Internal Server Error", TEXT, b"the log has the reason\n")


class _Connection:
    __slots__ = ("came_at", "heard", "sock", "to_say")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.came_at = time.monotonic()
        self.heard = bytearray()
        self.to_say = memoryview(b"")

    def rank(self) -> tuple[bool, float]:
        """The smaller, the sooner it is sent away: the silent first, then who came first."""
        return bool(self.to_say), self.came_at


class HealthServerThread:
    """The pages, answered from a thread of their own until :meth:`close`."""

    def __init__(self, sock: socket.socket, answer: Callable[[str], Page]) -> None:
        self._selector = selectors.DefaultSelector()
        self._server = HealthServer(sock, answer, self._selector)
        self._bell, self._ring = socket.socketpair()
        self._selector.register(self._bell, selectors.EVENT_READ, self._end)
        self._is_ended = False
        self._thread = threading.Thread(target=self._run, name="pages", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._ring.close()
        self._thread.join()

    def _end(self) -> None:
        self._is_ended = True

    def _run(self) -> None:
        with contextlib.closing(self._selector), contextlib.closing(self._bell):
            while not self._is_ended:
                for key, _ in self._selector.select(1):
                    key.data()
                self._server.expire(time.monotonic())
            self._server.close()
