"""Messages, and real clients that send them, each on a socket of its own."""

import re
import socket
import struct
from dataclasses import dataclass, field
from typing import Self

PATIENCE = 30  # seconds: only a failing test ever waits so long
REPLY = re.compile(rb"(?:[2-5][0-9]{2}-[^\r\n]*\r\n)*[2-5][0-9]{2} [^\r\n]*\r\n")
CONTENT = (4, 5)
"""The lines of ``Letter.script`` that get no reply: they are content."""


@dataclass
class Told:
    """What a client was told at one attempt. ``final``: the reply to the dot, if one came."""

    raw: bytes = b""
    final: bytes = b""


@dataclass
class Letter:
    """A message: one sender, one recipient, and content with all that a relay could spoil."""

    number: int
    is_matched: bool
    size: int = 0
    doubles: int = 0
    """Copies that a next hop kept and no client heard of: there it is sent again (R7, R19)."""
    attempts: list[Told] = field(default_factory=list)

    @property
    def sender(self) -> str:
        return f"prof{self.number}@example.edu"

    @property
    def envelope(self) -> list[bytes]:
        domain = "mipt.ru" if self.is_matched else "example.org"
        return [
            b"EHLO client.example\r\n",
            f"MAIL FROM:<{self.sender}>\r\n".encode(),
            f"RCPT TO:<Friend{self.number}@{domain}>\r\n".encode(),
        ]

    @property
    def halves(self) -> tuple[bytes, bytes]:
        """What is sent before the final dot, in two pieces; the cut is inside a line."""
        header = f"From: {self.sender}\r\nMessage-ID: <{self.number}@example.edu>\r\n\r\nHal"
        return header.encode(), b"f of it\r\n..\r\n\0\xff\r\r\n" + b"0123456789\r\n" * self.size

    @property
    def content(self) -> bytes:
        return b"".join(self.halves)

    @property
    def script(self) -> list[bytes]:
        """All that the next hop hears when nothing is wrong."""
        return [*self.envelope, b"DATA\r\n", *self.halves, b".\r\n", b"QUIT\r\n"]

    @property
    def chunks(self) -> list[bytes]:
        """The same in chunks."""
        first, second = self.halves
        first = b"BDAT %d\r\n" % len(first) + first
        return [*self.envelope, first, b"BDAT %d LAST\r\n" % len(second) + second, b"QUIT\r\n"]


class Client:
    """A client on a socket of its own; it reads to the very end, and a reset is a failure."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.raw = b""
        self.taken = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def say(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reply(self) -> bytes:
        """The next reply; ``b""`` at the end."""
        while (match := REPLY.match(self.raw, self.taken)) is None:
            data = self.sock.recv(65536)
            if not data:
                return b""
            self.raw += data
        self.taken = match.end()
        return match[0]

    def ask(self, line: bytes) -> bytes:
        self.say(line)
        return self.reply()

    def walk(self, script: list[bytes]) -> bytes:
        """Say these lines of a script from its beginning, in turns; the last reply."""
        reply = b""
        for number, line in enumerate(script):
            self.say(line)
            reply = b"" if number in CONTENT else self.reply()
        return reply

    def end(self) -> bytes:
        """Everything to the end; all that was ever told."""
        while data := self.sock.recv(65536):
            self.raw += data
        return self.raw

    def leave(self, how: str) -> None:
        """``close``, ``reset``, or only end its own side: ``half-closed``."""
        if how == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how == "half-closed":
            self.sock.shutdown(socket.SHUT_WR)
        else:
            self.sock.close()


def deliver(port: int, letter: Letter, way: str = "in turns", sent=lambda size: None) -> Told:
    """One attempt at a message: ``in turns``, ``pipelined``, ``in chunks``, or ``at once``.

    ``sent`` is called while it says nothing, with the bytes of content that are on their way.
    """
    told = Told()
    letter.attempts.append(told)
    with Client(port) as client:
        if client.reply()[:1] == b"2":
            WAYS[way](client, letter, told, sent)
        elif client.raw:
            client.say(b"QUIT\r\n")
        told.raw = client.end()
    return told


def _in_turns(client, letter, told, sent) -> None:
    *commands, first, second, dot, goodbye = letter.script
    if all(client.ask(line)[:1] in (b"2", b"3") for line in commands):
        client.say(first)
        sent(len(first))
        client.say(second)
        sent(len(letter.content))
        told.final = client.ask(dot)
    client.say(goodbye)


def _pipelined(client, letter, told, sent) -> None:
    hello, *commands = letter.script[:4]
    if client.ask(hello)[:1] == b"2":
        client.say(b"".join(commands))
        if [client.reply()[:3] for _ in commands] == [b"250", b"250", b"354"]:
            client.say(b"".join(letter.script[4:]))
            told.final = client.reply()
            return
    client.say(b"QUIT\r\n")


def _in_chunks(client, letter, told, sent) -> None:
    *commands, first, second, goodbye = letter.chunks
    if all(client.ask(line)[:1] == b"2" for line in commands):
        # Its last octets come late, and the next hop may be gone by then.
        client.say(first[:-10])
        sent(len(letter.halves[0]) - 10)
        if client.ask(first[-10:])[:1] == b"2":
            told.final = client.ask(second)
    client.say(goodbye)


def _at_once(client, letter, told, sent) -> None:
    client.say(b"".join(letter.script))
    told.final = [client.reply() for _ in (*letter.envelope, b"DATA", b".")][-1]


WAYS = {
    "in turns": _in_turns,
    "pipelined": _pipelined,
    "in chunks": _in_chunks,
    "at once": _at_once,
}
