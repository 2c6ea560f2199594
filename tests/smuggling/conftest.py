"""A real gateway before a raw capture: every byte that goes either way is kept.

Packets are really split: the second half is sent when the gateway has read the first.
"""

import asyncio
import contextlib
import re
import runpy
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PATIENCE = 30
hop_of = runpy.run_path(str(HERE / "hop.py"))
Hop, BANNER = hop_of["Hop"], hop_of["BANNER"]
# The same way to start a gateway, as the dialogue scripts know it.
start_gateway = runpy.run_path(str(HERE.parent / "dialogues" / "conftest.py"))["start_gateway"]
has_been_read = runpy.run_path(str(HERE / "kernel.py"))["has_been_read"]
NAME = re.compile(rb"EHLO (\w+)")


class Captured(asyncio.Protocol):
    """One connection to the next hop, and all that is heard there. It is known by EHLO's name."""

    def __init__(self, capture: "Capture") -> None:
        self.capture = capture
        self.hop = Hop()
        self.cut: int | None = None
        self.is_closed = False

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(BANNER)

    def data_received(self, data: bytes) -> None:
        if not self.hop.heard and (match := NAME.search(data)):
            self.capture.connections[match[1]] = self
            self.hop.scripted, self.cut = self.capture.scripts.get(match[1], ({}, None))
        said = self.hop.hear(data)
        if any(reply in said for reply in self.hop.scripted.values()):
            self.transport.write(said[: self.cut])
            self.saying = asyncio.create_task(self.say_rest(said[self.cut :]))
        elif said:
            self.transport.write(said)
        self.capture.moved.set()

    async def say_rest(self, said: bytes) -> None:
        sock = self.transport.get_extra_info("socket")
        while not (self.is_closed or has_been_read(sock)):
            await asyncio.sleep(0.001)
        if not self.is_closed:
            self.transport.write(said)

    def connection_lost(self, exc) -> None:
        self.is_closed = True
        self.capture.moved.set()


@dataclass
class Capture:
    """The next hop's listening side: all its connections, and how to answer some of them.

    A script is replies by command, the first four letters, and where they are cut into two.
    """

    sock: socket.socket
    scripts: dict[bytes, tuple[dict[bytes, bytes], int]] = field(default_factory=dict)
    connections: dict[bytes, Captured] = field(default_factory=dict)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, is_so) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                self.moved.clear()
                await self.moved.wait()


@pytest.fixture(scope="session")
def listening():
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as sock:
        sock.setblocking(False)
        yield sock


@pytest.fixture
async def capture(listening):
    made = Capture(listening)
    server = await asyncio.get_running_loop().create_server(
        lambda: Captured(made), sock=listening.dup()
    )
    yield made
    server.close()


@pytest.fixture(scope="session")
def refusing(start_gateway, listening):
    """A gateway as it is by default."""
    return start_gateway(listening.getsockname()[1])


@pytest.fixture(scope="session")
def passing(start_gateway, listening):
    """A gateway that lets look-alikes pass."""
    return start_gateway(listening.getsockname()[1], 'bare_newlines = "pass"')


class Client:
    """A client that keeps every byte it is told."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.told = b""
        self._heard = 0  # of what it was told
        self._loop = asyncio.get_running_loop()

    async def say(self, data: bytes) -> None:
        # Whoever is not listening any more has said why: it is still to be read.
        with contextlib.suppress(ConnectionError):
            await self._loop.sock_sendall(self.sock, data)

    async def hear(self, last: bytes) -> None:
        """Read on until a reply with this code ends what is new, or the end."""
        async with asyncio.timeout(PATIENCE):
            while not re.search(rb"(?m)^" + last + rb" [^\n]*\n\Z", self.told[self._heard :]):
                data = await self._loop.sock_recv(self.sock, 65536)
                if not data:
                    break
                self.told += data
        self._heard = len(self.told)

    async def ask(self, line: bytes, code: bytes = b"250") -> None:
        await self.say(line + b"\r\n")
        await self.hear(code)

    async def hear_all(self) -> bytes:
        await self.hear(b"never")
        return self.told

    async def until_read(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not has_been_read(self.sock):
                await asyncio.sleep(0.001)

    def reset(self) -> None:
        # No reply is due any more: nothing is left behind in the kernel.
        if self.sock.fileno() < 0:
            return
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


@pytest.fixture
async def connect():
    """Connect a client to a port; no packet of its waits for another."""
    made = []

    async def connect(port: int) -> Client:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.append(client := Client(sock))
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return client

    yield connect
    for client in made:
        client.reset()
