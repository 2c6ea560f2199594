"""A next hop that reads slowly, as a process of its own: PORT BYTES_A_SECOND.

It takes so many bytes of content a second from all of its clients together, each in its turn,
and throws them away. Those who wait are not read from, so what they send stays where it is.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import cast

import uvloop

BACKLOG = 1000
END = b"\r\n.\r\n"


class Budget:
    """When the next bytes may be taken."""

    def __init__(self, bytes_a_second: float) -> None:
        self._seconds = 1 / bytes_a_second
        self._until = 0.0

    def spend(self, count: int, now: float) -> float:
        """Give the seconds to pause after so many bytes at a time of the loop's clock."""
        self._until = max(self._until, now) + count * self._seconds
        return self._until - now


class Client(asyncio.Protocol):
    """One session, without pipelining: each packet is one command, or content."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._is_content = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        # uvloop's transports do all that asyncio's do, and inherit nothing from them.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 slow.example.org ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer a command, or take content at its pace."""
        if self._is_content:
            self._take(data)
            return
        self._tail += data
        if not self._tail.endswith(b"\n"):
            return
        verb, self._tail = self._tail[:4].upper(), b""
        if verb == b"DATA":
            self._is_content, self._tail = True, b"\r\n"
            self._transport.write(b"354 go on\r\n")
        elif verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
        elif verb == b"EHLO":
            self._transport.write(b"250-slow.example.org\r\n250-8BITMIME\r\n250 SIZE\r\n")
        else:
            self._transport.write(b"250 ok\r\n")

    def _take(self, data: bytes) -> None:
        # No client of ours sends anything behind the dot before its reply.
        self._tail = (self._tail + data[-len(END) :])[-len(END) :]
        if self._tail == END:
            self._is_content, self._tail = False, b""
            self._transport.write(b"250 taken\r\n")
            return
        loop = asyncio.get_running_loop()
        pause = self._budget.spend(len(data), loop.time())
        self._transport.pause_reading()
        loop.call_later(pause, self._read_on)

    def _read_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()


async def serve(port: int, bytes_a_second: float) -> None:
    """Take mail until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    budget = Budget(bytes_a_second)
    server = await loop.create_server(lambda: Client(budget), "127.0.0.1", port, backlog=BACKLOG)
    await over.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2])))
