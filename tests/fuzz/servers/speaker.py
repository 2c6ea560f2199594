"""Speaks RCPT lines to a server, many in a transaction, and tells what it said to each."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS: Final = 60.0
_CONTENT: Final = b"Subject: x\r\n\r\nx\r\n.\r\n"


class OutOfStepError(Exception):
    """Replies did not fit the commands, or the server left: nothing is known of these lines."""


@dataclass(slots=True)
class Spoken:
    """One transaction: the reply to each of its lines, and the one to the message itself."""

    sender: bytes
    numbers: list[int]
    replies: list[bytes] = field(default_factory=list)
    final: bytes = b""

    @property
    def accepted(self) -> list[int]:
        """The numbers of the lines that got a 2xx, where the message was taken."""
        if not self.final.startswith(b"2"):
            return []
        pairs = zip(self.numbers, self.replies, strict=True)
        return [number for number, reply in pairs if reply.startswith(b"2")]


class Speaker:
    """One connection to a server, made when it is needed."""

    def __init__(self, port: int, *, pipelines: bool) -> None:
        self._port = port
        self._pipelines = pipelines
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def speak(self, sender: bytes, lines: Sequence[tuple[int, bytes]]) -> Spoken:
        """Say one transaction; raises :class:`OutOfStepError`."""
        spoken = Spoken(sender, [number for number, _ in lines])
        try:
            async with asyncio.timeout(_SECONDS):
                await self._speak(spoken, [line for _, line in lines])
        except (OSError, asyncio.IncompleteReadError, TimeoutError, OutOfStepError) as error:
            self.close()
            raise OutOfStepError(str(error) or type(error).__name__) from error
        return spoken

    async def _speak(self, spoken: Spoken, lines: Sequence[bytes]) -> None:
        reader, writer = self._streams or await self._connected()
        commands = [b"MAIL FROM:<" + spoken.sender + b">", *lines, b"DATA"]
        if len(lines) == 1 or not self._pipelines:
            # A server that does not know its RCPT would take what follows at once for a smuggler's.
            mail, *spoken.replies, data = [await _said(reader, writer, each) for each in commands]
        else:
            writer.write(b"".join(command + b"\r\n" for command in commands))
            mail, *spoken.replies, data = [await _reply(reader) for _ in commands]
        if not mail.startswith(b"250") or any(each[:1] == b"3" for each in spoken.replies):
            raise OutOfStepError(mail.decode("ascii", "replace"))
        if not data.startswith(b"354"):
            if any(each.startswith(b"2") for each in spoken.replies):
                raise OutOfStepError(data.decode("ascii", "replace"))
            await _said(reader, writer, b"RSET")
            return
        writer.write(_CONTENT)
        spoken.final = await _reply(reader)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        greeting = await _reply(reader)
        writer.write(b"EHLO desktop.ours.example\r\n")
        ehlo = await _reply(reader)
        if not greeting.startswith(b"220") or not ehlo.startswith(b"250"):
            raise OutOfStepError((greeting + ehlo).decode("ascii", "replace"))
        return reader, writer

    def close(self) -> None:
        """End the connection, without a word."""
        if self._streams is not None:
            with contextlib.suppress(OSError):
                self._streams[1].close()
            self._streams = None


async def _said(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: bytes
) -> bytes:
    writer.write(command + b"\r\n")
    return await _reply(reader)


async def _reply(reader: asyncio.StreamReader) -> bytes:
    reply = b""
    while True:
        line = await reader.readuntil(b"\n")
        reply += line
        if line[3:4] != b"-":
            break
    if reply.startswith(b"421"):
        raise OutOfStepError(reply.decode("ascii", "replace"))
    return reply
