"""The relay between real sockets: a test speaks for the client and for the next hop.

Every test runs twice, on uvloop and on the stock loop.
"""

import asyncio
import contextlib
import io
import json
import os
import re
import secrets
import socket
import sqlite3
import struct
import sys
from asyncio.selector_events import _SelectorSocketTransport
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
import uvloop

from gateway import log as logging
from gateway.config import settings
from gateway.config.endpoint import Endpoint
from gateway.inspection import inspector
from gateway.ledger.store.writer import LedgerWriter
from gateway.metrics import Metrics
from gateway.notices import rhythm
from gateway.relay import admission, connection, failover, rejections, server
from gateway.relay.server import Server
from gateway.serve import load_in_force

PATIENCE = 20
"""Seconds after which a peer is said to keep silent: only a failing test ever waits so long."""

REPLY = re.compile(rb"(?:[2-5][0-9]{2}-[^\r\n]*\r\n)*[2-5][0-9]{2} [^\r\n]*\r\n")


if (3, 12) <= sys.version_info < (3, 12, 9) or (3, 13) <= sys.version_info < (3, 13, 2):
    # There the stock loop's `writelines` knows no high-water mark (CPython's issue 127655): what is
    # under test is ours, which is run on uvloop. This is how Python 3.11 has it.
    _SelectorSocketTransport.writelines = asyncio.WriteTransport.writelines


def pytest_asyncio_loop_factories(config, item):
    return {"uvloop": uvloop.new_event_loop, "asyncio": asyncio.new_event_loop}


class Peer:
    """One end of a connection. It reads only when it is asked to, and not a byte more."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.loop = asyncio.get_running_loop()
        self.heard = b""

    async def say(self, data: bytes) -> "Peer":
        async with asyncio.timeout(PATIENCE):
            await self.loop.sock_sendall(self.sock, data)
        return self

    async def more(self, size: int = 65536) -> bytes:
        """What comes next, in whatever size; ``b""`` at the end."""
        async with asyncio.timeout(PATIENCE):
            return await self.loop.sock_recv(self.sock, size)

    async def hear(self, expected: bytes) -> "Peer":
        """Exactly these bytes come next."""
        while len(self.heard) < len(expected) and expected.startswith(self.heard):
            data = await self.more()
            if not data:
                break
            self.heard += data
        got, self.heard = self.heard[: len(expected)], self.heard[len(expected) :]
        assert got == expected
        return self

    async def reply(self, *codes: int) -> bytes:
        """The next replies bear these codes; their bytes."""
        said = b""
        for code in codes:
            while (match := REPLY.match(self.heard)) is None:
                data = await self.more()
                assert data, f"the end came instead of {code}, after {self.heard!r}"
                self.heard += data
            assert match[0].startswith(b"%d" % code), match[0]
            said += match[0]
            self.heard = self.heard[match.end() :]
        return said

    async def ask(self, line: bytes, code: int = 250) -> bytes:
        await self.say(line + b"\r\n")
        return await self.reply(code)

    async def end(self) -> bytes:
        """All that still comes until the other side closes; a reset fails the test."""
        while data := await self.more():
            self.heard += data
        rest, self.heard = self.heard, b""
        return rest

    async def silence(self) -> None:
        """Nothing is to be read, after the loop had every chance to bring it."""
        for _ in range(20):
            await asyncio.sleep(0.002)
        with pytest.raises(BlockingIOError):
            self.sock.recv(1, socket.MSG_PEEK)
        assert self.heard == b""

    def say_no_more(self) -> None:
        self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class NextHop:
    """A listening socket; the test speaks for whoever answers there."""

    def __init__(self, peers: list[Peer]) -> None:
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.sock.setblocking(False)
        self.peers = peers
        self.endpoint = Endpoint(*self.sock.getsockname())

    async def accept(self) -> Peer:
        async with asyncio.timeout(PATIENCE):
            sock, _ = await asyncio.get_running_loop().sock_accept(self.sock)
        self.peers.append(Peer(sock))
        return self.peers[-1]

    async def greet(self) -> Peer:
        return await (await self.accept()).say(b"220 next.example ESMTP\r\n")


@dataclass
class Gateway:
    """A running relay with its ledger, and what can be asked of it afterwards."""

    server: Server
    ledger: LedgerWriter
    metrics: Metrics
    folder: Path
    log: io.StringIO
    hop: NextHop
    peers: list[Peer]
    address: tuple[str, int] = ("", 0)

    async def connect(self) -> Peer:
        sock = socket.socket()
        self.peers.append(Peer(sock))
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().sock_connect(sock, self.address)
        return self.peers[-1]

    async def meet(self) -> tuple[Peer, Peer]:
        """A client and its next hop, past EHLO."""
        client = await self.connect()
        hop = await self.hop.greet()
        await client.hear(b"220 next.example ESMTP\r\n")
        await client.say(b"EHLO client.example\r\n")
        await (await hop.hear(b"EHLO client.example\r\n")).say(b"250 next.example\r\n")
        await client.reply(250)
        return client, hop

    async def content(self, *recipients: bytes, **options) -> tuple[Peer, Peer]:
        """A client and its next hop in the content of a message."""
        client, hop = await self.meet()
        await envelope(client, hop, *recipients, **options)
        return client, hop

    def rows(self, sql: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self.folder / "ledger.db")) as database:
            return database.execute(sql).fetchall()

    def kinds(self) -> list[str]:
        """The kinds of all events but the ones about the gateway itself."""
        kinds = self.rows("SELECT kind FROM event WHERE kind NOT IN ('STARTED', 'STOPPED')")
        return [kind for (kind,) in kinds]

    def findings(self) -> list[tuple[str, str, str]]:
        return self.rows("SELECT recipient, outcome, notice FROM finding ORDER BY seq")

    def logged(self) -> list[dict]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def count(self, outcome: str) -> float:
        return self.metrics.messages.labels(outcome)._value.get()

    async def until(self, is_so) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                await asyncio.sleep(0.005)


async def envelope(client, hop, *recipients, sender=b"prof@example.edu"):
    """MAIL to 354 on an open session; every command is answered 250."""
    recipients = recipients or (b"friend@example.org",)
    for line in (
        b"MAIL FROM:<" + sender + b">\r\n",
        *(b"RCPT TO:<" + recipient + b">\r\n" for recipient in recipients),
    ):
        await client.say(line)
        await (await hop.hear(line)).say(b"250 2.1.0 Ok\r\n")
        await client.reply(250)
    await client.say(b"DATA\r\n")
    await (await hop.hear(b"DATA\r\n")).say(b"354 go on\r\n")
    await client.hear(b"354 go on\r\n")


@pytest.fixture(name="envelope")
def _envelope():
    return envelope


@pytest.fixture(scope="session")
def loaded():
    """The packaged policies, read once."""
    return load_in_force.load(_config(Path("/nonexistent")), datetime.now(UTC).date()).in_force


def _config(folder: Path, mode: settings.Mode = settings.Mode.WARN, **relay_options):
    office = "research-compliance@example.edu"
    return settings.Config(
        settings.Institution("Example University", ("example.edu",)),
        settings.Compliance("Research Compliance", office),
        settings.Relay(listen=(Endpoint("127.0.0.1", 0),), **relay_options),
        settings.LedgerFiles(folder / "ledger.db", folder / "ledger.journal"),
        settings.Lists(),
        settings.Policies(mode=mode),
        settings.Notices(office, office),
    )


@pytest.fixture
def log(monkeypatch):
    """What the relay logs, as an operator would get it."""
    stream = io.StringIO()
    before = structlog.get_config()
    logging.set_up(stream)
    for module in (admission, connection, failover, rejections, server, inspector):
        # A logger keeps the stream it first wrote to: these are new.
        monkeypatch.setattr(module, "log", structlog.get_logger("relay"))
    yield stream
    structlog.configure(**before)


@pytest.fixture
async def gateway(tmp_path, loaded, log):
    """Starts gateways; ``folder`` is the ledger's, ``hops`` are the next hops in their order."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(folder=tmp_path, hops=None, **options) -> Gateway:
            peers: list[Peer] = []
            hop = NextHop(peers)
            stack.callback(hop.sock.close)
            options["next_hop"] = hops or (hop.endpoint,)
            rules = options.pop("rules", loaded.rules)
            config, metrics = _config(folder, **options), Metrics()
            ledger = LedgerWriter(
                config.ledger.path,
                config.ledger.emergency_journal,
                process=secrets.token_hex(8),
                clock=lambda: datetime.now(UTC),
                entropy=os.urandom,
                tell=lambda text, error: structlog.get_logger().info(text),
                rhythm=rhythm.is_open,
            )
            await asyncio.to_thread(ledger.start)
            stack.push_async_callback(asyncio.to_thread, ledger.close)
            # A reload may swap what is in force: each gateway has its own.
            mine = inspector.InForce(loaded.snapshot, rules)
            look_out = inspector.Inspector(config, mine, ledger, metrics, process="test")
            listening = Server(config, look_out, metrics)
            started = Gateway(listening, ledger, metrics, folder, log, hop, peers)
            await started.server.start()
            started.address = started.server._servers[0].sockets[0].getsockname()
            stack.push_async_callback(_stop, started)
            return started

        yield start


async def _stop(gateway: Gateway) -> None:
    for peer in gateway.peers:
        peer.close()
    await gateway.server.drain()
