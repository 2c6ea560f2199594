"""A sender that keeps to a timetable, a process: ``python -m benchmarks.traffic.sender``.

Every message has a moment when it is due, fixed before the first one is sent. When all sessions
are busy it waits, and its latency counts from when it was due: so a gateway that stalls cannot
keep us from noticing by making us send less (coordinated omission). The timetable is the same
for the same seed: mail comes independently of other mail, and so its gaps are exponential.

One thread, non-blocking sockets and epoll; no event loop, as uvloop's timers are exact to a
millisecond only and a message takes a quarter of one. An ``Order`` comes as JSON on stdin, what
was ``Sent`` goes as JSON to stdout; status 1 and a line on stderr where the dialogue went wrong.
"""

from __future__ import annotations

import contextlib
import gc
import json
import select
import socket
import sys
import time
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.traffic.order import Order, Sent, timetable

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 256 * 1024
DOT = b".\r\n"
LEAD_SECONDS = 0.02
"""Between the last session's opening and the timetable's beginning."""


class DialogueError(Exception):
    """The other side did not say what was expected of it."""


class Step(NamedTuple):
    """What to send, and the code of the reply to wait for."""

    data: bytes | memoryview
    code: bytes
    is_content: bool = False


GREETING = Step(b"", b"220")
HELLO = Step(b"EHLO mail.example.edu\r\n", b"250")
GO_AHEAD = Step(b"DATA\r\n", b"354")
PARTING = Step(b"QUIT\r\n", b"221")


class Link:
    """One connection: what is to come in its dialogue, and the reply that is arriving."""

    __slots__ = ("is_writing", "message", "received", "sock", "step", "steps", "unsent")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.steps: deque[Step] = deque()
        self.step = GREETING
        self.received = b""
        self.unsent = memoryview(b"")
        self.is_writing = False
        self.message = -1

    def replied(self) -> bool:
        """Take what has come; whether the reply is whole now.

        Raises :class:`DialogueError` where it is another than expected, or the other side hung up.
        """
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return False
        if not data:
            raise DialogueError(f"hung up where {self.step.code.decode()} was due")
        self.received += data
        # The last line of a reply has a space behind its code (RFC 5321, section 4.2.1).
        if not self.received.endswith(b"\r\n"):
            return False
        last = self.received.rfind(b"\n", 0, -1) + 1
        if self.received[last + 3 : last + 4] == b"-":
            return False
        if not self.received.startswith(self.step.code):
            said = self.received[:200].decode("ascii", "replace").strip()
            raise DialogueError(f"said {said!r} where {self.step.code.decode()} was due")
        self.received = b""
        return True


class Run:
    """Sends one order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._content = memoryview(Path(order.content).read_bytes() + DOT)
        self._sender = Step(f"MAIL FROM:<{order.sender}>\r\n".encode(), b"250")
        self._epoll = select.epoll()
        self._links: dict[int, Link] = {}
        self._free: deque[Link] = deque()
        self._latencies = [0.0] * order.messages
        self._delays = [0.0] * order.messages
        self._due: list[float] = []
        self._next = self._done = self._in_content = self._most_in_content = 0

    def go(self) -> Sent:
        """Send all of it. Raises :class:`DialogueError`, and ``OSError``."""
        order = self._order
        if order.is_kept:
            for _ in range(order.sessions):
                self._open([])
            self._until(lambda: len(self._free) == order.sessions)
        cpu, began = time.process_time(), time.perf_counter()
        if order.rate is not None:
            began += LEAD_SECONDS
        self._due = [began + at for at in timetable(order.messages, order.rate, order.seed)]
        self._until(lambda: self._done == order.messages)
        took = time.perf_counter() - began
        used = time.process_time() - cpu
        for link in self._free:
            self._converse(link, [PARTING])
        self._free.clear()
        self._until(lambda: not self._links)
        return Sent(self._latencies, self._delays, took, used, self._most_in_content)

    def _until(self, is_over: Callable[[], bool]) -> None:
        while not is_over():
            self._start_what_is_due()
            for number, events in self._wait():
                link = self._links[number]
                if events & select.EPOLLOUT:
                    self._write(link)
                if events & ~select.EPOLLOUT and link.replied():
                    self._go_on(link)

    def _wait(self) -> list[tuple[int, int]]:
        """What has happened, once something has or a message is due."""
        ready = self._epoll.poll(0)
        if ready:
            return ready
        if self._next < len(self._due) and self._can_start():
            # select() takes microseconds, where epoll_wait() takes milliseconds.
            pause = self._due[self._next] - time.perf_counter()
            select.select([self._epoll], [], [], max(pause, 0))
            return self._epoll.poll(0)
        ready = self._epoll.poll(self._order.patience)
        if not ready:
            raise DialogueError(f"said nothing for {self._order.patience:g} seconds")
        return ready

    def _can_start(self) -> bool:
        return bool(self._free) if self._order.is_kept else len(self._links) < self._order.sessions

    def _start_what_is_due(self) -> None:
        while self._next < len(self._due) and self._can_start():
            now = time.perf_counter()
            if self._due[self._next] > now:
                return
            number, self._next = self._next, self._next + 1
            self._delays[number] = now - self._due[number]
            recipient = f"RCPT TO:<{number}{self._order.recipient}>\r\n".encode()
            content = Step(self._content, b"250", is_content=True)
            steps = [self._sender, Step(recipient, b"250"), GO_AHEAD, content]
            if self._order.is_kept:
                link = self._free.popleft()
                link.message = number
                self._converse(link, steps)
            else:
                self._open([*steps, PARTING]).message = number

    def _open(self, steps: list[Step]) -> Link:
        sock = socket.socket()
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # On the way; where it is refused, the first recv() says so.
        sock.connect_ex(("127.0.0.1", self._order.port))
        link = Link(sock)
        link.steps.extend([HELLO, *steps])
        self._links[sock.fileno()] = link
        self._epoll.register(sock.fileno(), select.EPOLLIN)
        return link

    def _converse(self, link: Link, steps: list[Step]) -> None:
        link.steps.extend(steps)
        self._say_next(link)

    def _say_next(self, link: Link) -> None:
        link.step = link.steps.popleft()
        if link.step.is_content:
            self._in_content += 1
            self._most_in_content = max(self._most_in_content, self._in_content)
        link.unsent = memoryview(link.step.data)
        self._write(link)

    def _write(self, link: Link) -> None:
        with contextlib.suppress(BlockingIOError):
            link.unsent = link.unsent[link.sock.send(link.unsent[:CHUNK]) :]
        # The kernel is told only of a change: a small message goes in one piece, and costs nothing.
        if bool(link.unsent) != link.is_writing:
            link.is_writing = bool(link.unsent)
            wanted = select.EPOLLIN | (select.EPOLLOUT if link.is_writing else 0)
            self._epoll.modify(link.sock.fileno(), wanted)

    def _go_on(self, link: Link) -> None:
        """The reply to the present step is here."""
        if link.step.is_content:
            now = time.perf_counter()
            self._latencies[link.message] = now - self._due[link.message]
            self._in_content -= 1
            self._done += 1
        if link.steps:
            self._say_next(link)
        elif link.step is PARTING:
            self._epoll.unregister(link.sock.fileno())
            del self._links[link.sock.fileno()]
            link.sock.close()
        else:
            self._free.append(link)


def main() -> int:
    """Read an order, send it, tell how it went; 0 done, 1 it did not go as it should."""
    order = Order(**json.load(sys.stdin))
    with contextlib.suppress(OSError):
        # Otherwise the kernel may let a sleeper lie for 50 µs more (prctl(2), PR_SET_TIMERSLACK).
        Path("/proc/self/timerslack_ns").write_text("1")
    gc.disable()
    try:
        sent = Run(order).go()
    except (DialogueError, OSError) as error:
        print(f"the gateway on port {order.port}: {error}", file=sys.stderr)
        return 1
    json.dump(asdict(sent), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
