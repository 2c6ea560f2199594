"""A client that writes down, for each try of each message, how far it came and the last word.

Shared by the programs of this folder, which Python finds beside them.
"""

import asyncio
import hashlib
import json
import os
import resource
import time
from dataclasses import asdict, dataclass, field

PATIENCE = 60
SENDERS = 8


@dataclass
class Try:
    """One try of one message, and how it ended.

    ``stage`` is what waited for its reply: ``connect`` ``greeting`` ``EHLO`` ``MAIL`` ``RCPT``
    ``DATA`` or ``dot``. ``code`` is the reply that decided, ``None`` where none came; then
    ``why`` is ``refused``, ``reset``, ``end`` or ``silence``. ``seconds`` went by until then.
    """

    message: str
    number: int
    is_matched: bool
    stage: str = "connect"
    code: int | None = None
    why: str = ""
    seconds: float = 0.0
    began: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """Of this try alone, in its recipient and in its content."""
        return f"{self.message}.{self.number}"

    @property
    def recipient(self) -> str:
        return f"{self.name}@{'mipt.ru' if self.is_matched else 'example.org'}"

    @property
    def sender(self) -> str:
        return f"prof{int(hashlib.sha256(self.message.encode()).hexdigest(), 16) % SENDERS}"

    def told(self, code: int | None, why: str = "") -> None:
        """This came, or did not."""
        self.code, self.why = code, why
        self.seconds = time.monotonic() - self.began

    def lines(self) -> list[str]:
        return [
            f"MAIL FROM:<{self.sender}@example.edu>",
            f"RCPT TO:<{self.recipient}>",
            "DATA",
        ]

    def content(self) -> str:
        """Of some 2,000 bytes."""
        header = f"From: {self.sender}@example.edu\r\nMessage-ID: <{self.name}@example.edu>\r\n"
        return f"{header}\r\n" + f"{self.name} goes on its way\r\n" * (1800 // len(self.name))


class Lost(Exception):  # noqa: N818 - what happened to a connection
    """The connection ended, or nothing came."""


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, host: str, port: int) -> "Client":
        try:
            async with asyncio.timeout(PATIENCE):
                return cls(*await asyncio.open_connection(host, port))
        except ConnectionRefusedError:
            raise Lost("refused") from None
        except OSError:
            raise Lost("reset") from None
        except TimeoutError:
            raise Lost("silence") from None

    def say(self, text: str) -> None:
        self.writer.write(text.encode())

    async def code(self) -> int:
        """The next reply's code."""
        try:
            async with asyncio.timeout(PATIENCE):
                while line := await self.reader.readline():
                    if line[3:4] != b"-":
                        return int(line[:3])
        except TimeoutError:
            raise Lost("silence") from None
        except OSError:
            raise Lost("reset") from None
        raise Lost("end")

    def close(self) -> None:
        self.writer.close()


class Book:
    """A file of tries, a line each."""

    def __init__(self, file: str) -> None:
        self.file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def enter(self, attempt: Try) -> None:
        line = {
            **asdict(attempt),
            "sender": f"{attempt.sender}@example.edu",
            "recipient": attempt.recipient,
            "content": hashlib.sha256(attempt.content().encode()).hexdigest(),
        }
        os.write(self.file, json.dumps(line).encode() + b"\n")


def allow_connections(count: int) -> None:
    """Let this process have so many; a shell's limit may be lower."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + 50:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count + 50, hard), hard))
