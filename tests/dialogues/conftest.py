"""Dialogue scripts: how they are written, who speaks them, and who answers.

A script is a text; ``#`` begins a remark, an empty line means nothing. In texts ``\\r``, ``\\n``,
``\\0``, ``\\\\`` and ``\\xHH`` stand for bytes, ``{n}`` for the turn of a ``repeat``; the rest is
UTF-8.

==========================  =====================================================================
``c: TEXT``                 the client says a line; CRLF is added
``c+ TEXT``                 the same, in one packet with what it says next
``r: TEXT`` and ``r+``      bytes as they stand, nothing added
``s: CODE TEXT``            a whole reply comes, with this code and this beginning of its text
``repeat N`` … ``end``      the lines between, N times
``hop: LINE => REPLY``      what the next hop answers to commands that begin so; ``content`` for
                            the final dot, ``banner`` for its greeting, ``(close)`` to hang up,
                            ``(nothing)`` to say nothing
``matched``                 the ledger gets an event
``quirk: NAME``             here we differ by design: ``docs/quirks.md`` says why
``straight: CODE``          in place of ``s:``, without the gateway
``through: CODE``           in place of ``s:``, with it
``unsent: TEXT``            bytes that reach the next hop only straight; ``unsent+`` as above
``cut``                     through the gateway the next hop hears the beginning, and no dot
``extensions``              it uses what EHLO offers, so in one packet comes only what is behind
==========================  =====================================================================

Every script ends with the next hop, or the gateway, closing the connection: mostly after QUIT.
"""

import contextlib
import errno
import os
import re
import runpy
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

HERE = Path(__file__).parent
PATIENCE = 30
RecordingHop = runpy.run_path(str(HERE / "next_hop.py"))["RecordingHop"]
REPLY = re.compile(rb"(?:[2-5][0-9]{2}-[^\r\n]*\r\n)*[2-5][0-9]{2}(?: [^\r\n]*)?\r\n")
ESCAPE = re.compile(r"\\(r|n|0|\\|x[0-9a-fA-F]{2})")


def as_bytes(text: str) -> bytes:
    """A script's text as the bytes it stands for."""
    plain = {"r": b"\r", "n": b"\n", "0": b"\0", "\\": b"\\"}
    parts = ESCAPE.split(text)
    return b"".join(
        part.encode() if at % 2 == 0 else plain.get(part) or bytes([int(part[1:], 16)])
        for at, part in enumerate(parts)
    )


@dataclass
class Dialogue:
    """A script, read. ``steps`` are ``("say", bytes)`` and ``("hear", code and text, where)``."""

    name: str
    steps: list[tuple] = field(default_factory=list)
    hop: list[tuple[bytes, bytes]] = field(default_factory=list)
    quirks: list[str] = field(default_factory=list)
    unsent: list[bytes] = field(default_factory=list)
    is_matched: bool = False
    is_cut: bool = False
    is_extensions: bool = False

    def expected(self, way: str) -> list[bytes]:
        return [text for kind, text, where in self.steps if kind == "hear" and where in ("", way)]


def read(file: Path) -> Dialogue:
    """Read a script; an unknown line is an error with its place."""
    dialogue = Dialogue(file.stem)
    lines = list(enumerate(file.read_text(encoding="utf-8").splitlines(), 1))
    parts = {"c": b"", "unsent": b""}
    for number, line in _unrolled(lines):
        word, _, text = line.partition(" ")
        kind, goes_on = word.rstrip(":+"), word.endswith("+")
        if kind in ("c", "r", "unsent"):
            pile = "unsent" if kind == "unsent" else "c"
            parts[pile] += as_bytes(text) + (b"\r\n" if kind == "c" else b"")
            if not goes_on:
                _add(dialogue, pile, parts[pile])
                parts[pile] = b""
        elif line and not line.startswith("#"):
            assert word in WORDS, f"{file}:{number}: {word!r} is no word of a script"
            _add(dialogue, kind, text)
    assert not any(parts.values()), f"{file}: the last packet is never sent"
    return dialogue


WORDS = ("s:", "straight:", "through:", "hop:", "quirk:", "matched", "cut", "extensions")


def _add(dialogue: Dialogue, kind: str, text) -> None:
    if kind == "c":
        dialogue.steps.append(("say", text, ""))
    elif kind == "unsent":
        dialogue.unsent.append(text)
    elif kind in ("s", "straight", "through"):
        dialogue.steps.append(("hear", as_bytes(text), "" if kind == "s" else kind))
    elif kind == "hop":
        command, _, reply = text.partition(" => ")
        dialogue.hop.append((as_bytes(command), as_bytes(reply)))
    elif kind == "quirk":
        dialogue.quirks.append(text)
    else:
        setattr(dialogue, f"is_{kind}", True)


def _unrolled(lines):
    at = 0
    while at < len(lines):
        number, line = lines[at]
        at += 1
        if not line.startswith("repeat "):
            yield number, line
            continue
        end = next(i for i in range(at, len(lines)) if lines[i][1] == "end")
        for turn in range(1, int(line.split()[1]) + 1):
            yield from ((n, text.replace("{n}", str(turn))) for n, text in lines[at:end])
        at = end + 1


@pytest.fixture(scope="session")
def dialogues():
    return {file.stem: read(file) for file in sorted(HERE.glob("*.smtp"))}


@pytest.fixture(scope="session")
def recorder():
    with RecordingHop() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Listening(SMTP):
    """aiosmtpd, with every byte that it was sent."""

    heard: ClassVar[list[bytes]] = []

    def data_received(self, data: bytes) -> None:
        self.heard.append(data)
        super().data_received(data)


@pytest.fixture(scope="session")
def aiosmtpd():
    """A real SMTP server of somebody else's; its port, and what it hears."""

    class Hop(Controller):
        def factory(self) -> Listening:
            return Listening(
                self.handler,
                hostname="next.example",
                enable_SMTPUTF8=True,
                command_call_limit=10_000,
            )

    hop = Hop(Sink(), hostname="127.0.0.1", port=free_port(), ready_timeout=PATIENCE)
    hop.start()
    yield hop.port, Listening.heard
    hop.stop()


@dataclass
class Running:
    """A gateway in a process of its own."""

    port: int
    ledger: Path

    def observed(self) -> int:
        return self.count("event WHERE kind = 'OBSERVED'")

    def count(self, what: str) -> int:
        with contextlib.closing(sqlite3.connect(self.ledger)) as database:
            return database.execute(f"SELECT count(*) FROM {what}").fetchone()[0]


@pytest.fixture(scope="session")
def start_gateway(tmp_path_factory):
    """Starts ``monition serve`` in front of a next hop's port."""
    with contextlib.ExitStack() as stack:

        def start(next_hop: int, relay: str = "") -> Running:
            folder = tmp_path_factory.mktemp("gateway")
            port = free_port()
            (folder / "monition.toml").write_text(CONFIG.format(port, next_hop, relay))
            process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", "-c", folder / "monition.toml"],
                stderr=subprocess.PIPE,
            )
            stack.callback(_stop, process)
            for line in process.stderr:
                if b'"serving"' in line:
                    break
            else:
                raise AssertionError(f"the gateway did not start, with status {process.wait()}")
            # Read on, so that it never waits for us.
            stack.callback(_read_on(process).join)
            stack.callback(process.send_signal, signal.SIGTERM)
            return Running(port, folder / "ledger.db")

        yield start


def _read_on(process) -> threading.Thread:
    reading = threading.Thread(target=process.stderr.read, daemon=True)
    reading.start()
    return reading


def _stop(process) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    process.stderr.close()


CONFIG = """\
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[relay]
listen = ["127.0.0.1:{}"]
next_hop = ["127.0.0.1:{}"]
{}
[ledger]
path = "ledger.db"
emergency_journal = "ledger.journal"
[policies]
mode = "observe"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


@pytest.fixture(scope="session")
def gateway(start_gateway, recorder):
    return start_gateway(recorder.server_address[1])


@pytest.fixture(scope="session")
def gateway_before_aiosmtpd(start_gateway, aiosmtpd):
    return start_gateway(aiosmtpd[0])


@pytest.fixture(scope="session")
def smtp_sink():
    """Postfix's test sink, if it is here; its port."""
    if (program := shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")) is None:
        pytest.skip("smtp-sink is not here (Debian package postfix)")
    port = free_port()
    user = [] if os.geteuid() else ["-u", "nobody"]
    options = [*user, "-h", "next.example", f"127.0.0.1:{port}", "100"]
    process = subprocess.Popen([program, *options])
    for _ in range(PATIENCE * 100):
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            break
        time.sleep(0.01)
    yield port
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def gateway_before_smtp_sink(start_gateway, smtp_sink):
    return start_gateway(smtp_sink)


@dataclass
class Client:
    """Speaks a dialogue to a port, and keeps all replies."""

    port: int
    replies: list[bytes] = field(default_factory=list)
    raw: bytes = b""

    def speak(self, dialogue: Dialogue, way: str, size: int | None) -> "Client":
        """In turns, ``size`` bytes a packet; ``None``: everything at once, then listen.

        ``way`` is ``straight`` or ``through``; ``real`` where the next hop follows no script.
        """
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as self.sock:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            steps = dialogue.steps
            if size is None:
                waits = 3 if dialogue.is_extensions or way == "real" else 0
                self.take_turns(steps[:waits], way, 1 << 20)
                texts = [text for kind, text, _ in steps[waits:] if kind == "say"]
                self.sock.sendall(b"".join(texts))
            else:
                self.take_turns(steps, way, size)
            self.listen_to_the_end()
        return self

    def live(self, steps: list[tuple], way: str, last_words: bytes, end: str) -> "Client":
        """In turns through these steps, then some last words, then the ``end``.

        ``close`` and ``reset`` come at once, whatever is still to be heard; ``stop talking`` says
        that nothing more will be said, and listens.
        """
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as self.sock:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.take_turns(steps, way, 1 << 20)
            with contextlib.suppress(ConnectionError):
                self.sock.sendall(last_words)
                if end == "stop talking":
                    self.stop_talking()
                    self.listen_to_the_end()
            if end == "reset":
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return self

    def stop_talking(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            # The other side has gone: the one way of many to say so that is no ConnectionError.
            if error.errno != errno.ENOTCONN:
                raise

    def take_turns(self, steps: list[tuple], way: str, size: int) -> None:
        for kind, text, where in steps:
            if kind == "say":
                # Whoever is not listening any more has said why: it is read below.
                with contextlib.suppress(ConnectionError):
                    for at in range(0, len(text), size):
                        self.sock.sendall(text[at : at + size])
            elif where in ("", way):
                reply = self.reply()
                assert matches(reply, text), f"{reply!r} is not {text!r}"

    def reply(self) -> bytes:
        while (match := REPLY.match(self.raw, sum(map(len, self.replies)))) is None:
            data = self.sock.recv(65536)
            assert data, f"the end came behind {self.replies[-2:]!r}"
            self.raw += data
        self.replies.append(match[0])
        return match[0]

    def listen_to_the_end(self) -> None:
        try:
            while data := self.sock.recv(65536):
                self.raw += data
        except ConnectionResetError:
            # A server that has closed with our last words unread.
            pass


def matches(reply: bytes, expected: bytes) -> bool:
    """Whether a reply has this code, and its last line this beginning of a text."""
    return reply.splitlines()[-1].startswith(expected)


@pytest.fixture(scope="session")
def speak():
    def speak(dialogue, port, way, size):
        return Client(port).speak(dialogue, way, size)

    return speak


@pytest.fixture(scope="session")
def live():
    def live(port, *life):
        return Client(port).live(*life)

    return live
