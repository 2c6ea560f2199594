"""Where everything ends that a server delivers: it takes all, and remembers the envelopes."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from typing import Final, NamedTuple, Self

# Servers say it as RFC 5321 has it: what is odd in it is quoted.
_PATH: Final = re.compile(rb'[^:]*:\s*<((?:"(?:[^"\\]|\\.)*"|[^">])*)>', re.DOTALL)
_OFFERED: Final = (
    b"250-sink\r\n250-PIPELINING\r\n250-SIZE\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-DSN\r\n"
    b"250 ENHANCEDSTATUSCODES\r\n"
)


class Kept(NamedTuple):
    """One message: its envelope's commands and its content, dots and all."""

    mail: bytes
    rcpts: tuple[bytes, ...]
    content: bytes


class Sink:
    """``delivered`` has, for each envelope's sender, the recipients' paths as they were said.

    ``kept`` has the messages themselves, where they are wanted.
    """

    def __init__(self, *, keeps: bool = False) -> None:
        self.delivered: defaultdict[bytes, list[bytes]] = defaultdict(list)
        self.kept: list[Kept] | None = [] if keeps else None
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Session(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()


class _Session(asyncio.Protocol):
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._received = b""
        self._in_content = False
        self._mail = b""
        self._rcpts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        replies = []
        while (reply := self._next()) is not None:
            replies.append(reply)
        self._transport.write(b"".join(replies))

    def _next(self) -> bytes | None:
        """The reply to the next thing that is whole; ``b""`` for a line that gets none."""
        if self._in_content:
            content, ended, rest = self._received.partition(b"\r\n.\r\n")
            if not ended:
                return None
            self._received, self._in_content = rest, False
            self._sink.delivered[_path(self._mail)] += map(_path, self._rcpts)
            if self._sink.kept is not None:
                # Behind the line end that was put before it, up to the one that the dot follows.
                content = content[2:] + b"\r\n" if content else b""
                self._sink.kept.append(Kept(self._mail, tuple(self._rcpts), content))
            return b"250 2.0.0 kept\r\n"
        line, ended, rest = self._received.partition(b"\r\n")
        if not ended:
            return None
        self._received = rest
        return self._reply(line)

    def _reply(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return _OFFERED
        if verb in {b"MAIL", b"RCPT"}:
            if _PATH.match(line) is None:
                return b"501 5.5.4 no path\r\n"
            if verb == b"MAIL":
                self._mail, self._rcpts = line, []
            else:
                self._rcpts.append(line)
            return b"250 2.1.0 ok\r\n"
        if verb == b"DATA":
            self._in_content = True
            # A content of nothing begins with its end.
            self._received = b"\r\n" + self._received
            return b"354 go ahead\r\n"
        if verb == b"QUIT":
            self._transport.write(b"221 2.0.0 bye\r\n")
            self._transport.close()
            return b""
        return b"250 2.0.0 ok\r\n"


def _path(line: bytes) -> bytes:
    found = _PATH.match(line)
    assert found is not None
    return found[1]
