"""A gateway in a process of its own, a next hop that keeps all, clients that never give up."""

import contextlib
import email.message
import email.parser
import json
import os
import random
import signal
import smtplib
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 60

CONFIG = """\
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[relay]
listen = ["127.0.0.1:{port}"]
next_hop = ["127.0.0.1:{next_hop}"]
drain_seconds = 10
{relay}
[ledger]
path = "{ledger}"
emergency_journal = "{journal}"
[notices]
submit = "127.0.0.1:{next_hop}"
"""


class Session(socketserver.StreamRequestHandler):
    """As much of an SMTP server as keeps mail; slow at the dot, so that a kill falls there."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            self.say(b"220 next.example ESMTP")
            while line := self.rfile.readline():
                if line.upper().startswith(b"DATA"):
                    self.say(b"354 go on")
                    if not self.content():
                        return
                else:
                    if line.upper().startswith(b"MAIL"):
                        self.sender = line.split(b"<")[1].split(b">")[0].decode()
                        self.recipients = []
                    elif line.upper().startswith(b"RCPT"):
                        self.recipients.append(line.split(b"<")[1].split(b">")[0].decode())
                    quits = line.upper().startswith(b"QUIT")
                    self.say(b"221 bye" if quits else b"250 2.0.0 Ok")
                    if quits:
                        return

    def content(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                return False
            lines.append(line)
        message = Kept(self.sender, tuple(self.recipients), b"".join(lines))
        self.server.keep(message)
        time.sleep(random.uniform(0, 0.004))
        self.say(b"250 2.0.0 Ok: queued as 4NEXT")
        return True

    def say(self, reply: bytes) -> None:
        self.wfile.write(reply + b"\r\n")


@dataclass(frozen=True)
class Kept:
    """A message as the next hop got it."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def header(self) -> email.message.Message:
        return email.parser.BytesParser().parsebytes(self.content, headersonly=True)


class NextHop(socketserver.ThreadingTCPServer):
    """Takes all mail, the notices too."""

    daemon_threads = True
    request_queue_size = 500

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.kept: list[Kept] = []
        self.port: int = self.server_address[1]

    def keep(self, message: Kept) -> None:
        self.kept.append(message)

    def mail(self) -> list[Kept]:
        return [message for message in self.kept if message.sender]

    def notices(self) -> list[Kept]:
        return [message for message in self.kept if not message.sender]


@dataclass
class House:
    """Where a gateway lives through its lives."""

    folder: Path
    hop: NextHop
    port: int
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen | None = None

    @property
    def config(self) -> Path:
        return self.folder / "monition.toml"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def write_config(self) -> None:
        places = {
            "port": self.port,
            "next_hop": self.hop.port,
            "relay": "",
            "ledger": self.ledger,
            "journal": self.folder / "ledger.journal",
        }
        self.config.write_text(CONFIG.format(**{**places, **self.settings}), encoding="utf-8")

    def monition(self, *arguments: object) -> subprocess.CompletedProcess:
        """Run a verb to its end."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            cwd=ROOT,
        )

    def start(self) -> None:
        """Start it, and wait until it says that it serves."""
        lives = self.log.count('"serving"') if (self.folder / "log").exists() else 0
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", "-c", self.config],
                stderr=log,
                cwd=ROOT,
            )
        self.until(lambda: self.log.count('"serving"') > lives or self.process.poll() is not None)
        assert self.process.poll() is None, self.log

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        status = self.process.wait(PATIENCE)
        self.process = None
        return status

    def until(self, is_so) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, f"never; the log: {self.log[-3000:]}"
            time.sleep(0.005)

    def rows(self, sql: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self.ledger)) as database:
            return database.execute(sql).fetchall()

    def logged(self) -> list[dict]:
        return [json.loads(line) for line in self.log.splitlines()]

    def memory(self) -> int:
        """Resident bytes of the process."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Letters:
    """Matched messages from a few senders, each sent until somebody says 250 to it."""

    house: House
    count: int
    senders: int = 8
    accepted: set[int] = field(default_factory=set)
    tries: Counter = field(default_factory=Counter)

    def sender(self, number: int) -> str:
        return f"prof{number % self.senders}@example.edu"

    def content(self, number: int) -> bytes:
        header = f"From: {self.sender(number)}\r\nMessage-ID: <{number}@example.edu>\r\n\r\n"
        return header.encode() + b"%d\r\n" % number * 50

    def send(self, number: int) -> None:
        """One message, again and again until it is accepted."""
        deadline = time.monotonic() + PATIENCE
        while number not in self.accepted:
            assert time.monotonic() < deadline, f"message {number} is never accepted"
            self.tries[number] += 1
            try:
                with smtplib.SMTP("127.0.0.1", self.house.port, timeout=PATIENCE) as client:
                    recipient = f"friend{number}@mipt.ru"
                    client.sendmail(self.sender(number), [recipient], self.content(number))
                    self.accepted.add(number)
            except (OSError, smtplib.SMTPException):
                # 4xx, a reset, nobody there: a mail server tries again.
                time.sleep(0.02)

    @contextlib.contextmanager
    def under_way(self):
        """Send them all from eight clients; at the end they are all accepted."""
        with ThreadPoolExecutor(8) as clients:
            jobs = [clients.submit(self.send, number) for number in range(self.count)]
            yield
            for job in jobs:
                job.result()
        assert self.accepted == set(range(self.count))


@pytest.fixture
def next_hop():
    with NextHop() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def house(tmp_path, next_hop):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    house = House(tmp_path, next_hop, port)
    house.write_config()
    yield house
    if house.process is not None:
        house.end(signal.SIGKILL)


@pytest.fixture
def letters(house):
    def letters(count: int) -> Letters:
        return Letters(house, count)

    return letters


@pytest.fixture
def chance():
    """Random, but told: a failure shows with which seed it came."""
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)
