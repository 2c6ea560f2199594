"""A real gateway, a real next hop that fails on order, real clients, and books kept of all mail.

The gateway is ``monition serve`` in its own process, the next hop a process for each session
(``next_hop.py``), so that SIGKILL really takes one away. After every test :class:`Books` compares
what clients were told with what the next hop has kept and with what the ledger says.
"""

import contextlib
import itertools
import json
import os
import re
import runpy
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.ledger.verify.verification import verify_ledger
from gateway.smtp import own_replies

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

USUAL = runpy.run_path(str(HERE / "next_hop.py"))["USUAL"]
MAIL = runpy.run_path(str(HERE / "mail.py"))
Client, Letter, Told, deliver = (MAIL[name] for name in ("Client", "Letter", "Told", "deliver"))
PATIENCE: int = MAIL["PATIENCE"]
REPLY: re.Pattern[bytes] = MAIL["REPLY"]

CONFIG = """\
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[relay]
listen = ["127.0.0.1:{port}"]
next_hop = [{next_hops}]
trusted = []
[ledger]
path = "ledger.db"
emergency_journal = "ledger.journal"
[notices]
submit = "127.0.0.1:{mta}"
per_hour = 100000
[metrics]
listen = "127.0.0.1:{metrics}"
"""


def until(is_so):
    """Wait until it is so; give what made it so."""
    deadline = time.monotonic() + PATIENCE
    while not (value := is_so()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.002)
    return value


@pytest.fixture(scope="session", name="until")
def _until():
    return until


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return sock.getsockname()[1]


@dataclass
class HopSession:
    """One session of the next hop's, as its record tells."""

    folder: Path
    number: int

    def _read(self, name: str) -> bytes:
        file = self.folder / f"{self.number}.{name}"
        return file.read_bytes() if file.exists() else b""

    @property
    def has_begun(self) -> bool:
        return (self.folder / f"{self.number}.heard").exists()

    @property
    def heard(self) -> bytes:
        return self._read("heard")

    @property
    def said(self) -> bytes:
        return self._read("said")

    @property
    def replies(self) -> bytes:
        """What it said, without a reply that it did not bring to its end."""
        return b"".join(REPLY.findall(self.said))

    def hears(self, expected: bytes) -> None:
        """Wait until it has read this much, be it nothing but that it has begun."""
        until(lambda: self.has_begun and len(self.heard) >= len(expected))
        assert self.heard == expected

    def end(self) -> str:
        """Wait until it is over; how it ended."""
        return until(lambda: self._read("ended")).decode()

    def go(self) -> None:
        """Whatever it waits with, it may do now."""
        (self.folder / f"{self.number}.go").touch()


class NextHop:
    """The next hop's processes; ``folder`` holds their record."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-I", "-S", HERE / "next_hop.py", self.folder, str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        """Take all of them away at once, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def plan(self, **plan) -> HopSession:
        """The next session fails like this."""
        session = self.next_session()
        (self.folder / f"{session.number}.plan").write_text(json.dumps(plan))
        return session

    def next_session(self) -> HopSession:
        return HopSession(self.folder, self.count() + 1)

    def count(self) -> int:
        """How many sessions have begun."""
        return len(list(self.folder.glob("*.heard")))

    def sessions(self, since: int = 0) -> list[HopSession]:
        return [HopSession(self.folder, number) for number in range(since + 1, self.count() + 1)]

    def kept(self, sender: str) -> list[dict]:
        """The messages of one sender that it took."""
        file = self.folder / f"kept-{sender}"
        return list(map(json.loads, file.read_bytes().splitlines())) if file.exists() else []


@dataclass
class Gateway:
    """A gateway in a process of its own."""

    folder: Path
    hop: NextHop
    port: int
    metrics: int
    process: subprocess.Popen

    def rows(self, sql: str, *values: str) -> list[tuple]:
        with contextlib.closing(sqlite3.connect(self.folder / "ledger.db")) as database:
            return database.execute(sql, values).fetchall()

    def findings(self, sender: str) -> list[tuple[str, str]]:
        """Outcome and notice of each finding about that sender, when all of them are settled."""
        sql = "SELECT outcome, notice FROM finding WHERE sender = ? ORDER BY seq"
        until(lambda: all(outcome != "pending" for outcome, _ in self.rows(sql, sender)))
        return self.rows(sql, sender)

    def log(self) -> list[dict]:
        return [json.loads(line) for line in (self.folder / "log").read_bytes().splitlines()]

    def measured(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics") as page:
            return page.read().decode()

    def is_idle(self) -> bool:
        return "\nmonition_sessions 0.0\n" in self.measured()

    def hop_errors(self) -> str:
        """How many next hops were refused, lost or silent so far."""
        pattern = r"^monition_next_hop_errors_total .*$"
        return re.search(pattern, self.measured(), re.MULTILINE)[0]


class Books:
    """All mail of one test; :meth:`close` fails unless every message is where it must be."""

    def __init__(self, gateway: Gateway, numbers) -> None:
        self.gateway = gateway
        self.hop = gateway.hop
        self.ours, self.usual = own_replies, USUAL
        self.numbers = numbers
        self.letters: list[Letter] = []
        self.began = self.hop.count()

    def letter(self, *, is_matched: bool, size: int = 0) -> Letter:
        letter = Letter(next(self.numbers), is_matched, size)
        self.letters.append(letter)
        return letter

    def deliver(self, letter: Letter, way: str = "in turns", sent=lambda size: None) -> Told:
        return deliver(self.gateway.port, letter, way, sent)

    def connect(self) -> Client:
        return Client(self.gateway.port)

    def note(self, letter: Letter, client: Client, final: bytes = b"") -> None:
        """An attempt that a test made by itself; ``final`` is the reply to the dot, if any."""
        letter.attempts.append(Told(client.raw, final))

    def pause(self, session: HopSession, plan: dict):
        """In the content a client in turns says no more until the gateway knows of the fault."""
        errors = self.gateway.hop_errors()

        def sent(size: int) -> None:
            is_here = plan["at"] == "content" and size >= plan["bytes"]
            end = session.end() if is_here or plan["at"] == "after DATA" else ""
            if end in ("killed", "reset"):
                until(lambda: self.gateway.hop_errors() != errors)

        return sent

    def outcomes(self, letter: Letter) -> list[str]:
        """How each finding about it ended."""
        return [outcome for outcome, _ in self.gateway.findings(letter.sender)]

    def close(self) -> None:
        for letter in self.letters:
            if not any(told.final[:1] == b"2" for told in letter.attempts):
                # A mail server tries again what nobody took, and now nothing is in its way.
                assert self.deliver(letter).final == USUAL["dot"]
        sessions = self.hop.sessions(self.began)
        said = b"".join(session.said for session in sessions)
        envelopes = [(session, session.heard[:256]) for session in sessions]
        for letter in self.letters:
            mine = [each for each, envelope in envelopes if letter.envelope[1] in envelope]
            self._compare(letter, mine)
            # No 5xx that the next hop did not say.
            told = b"".join(told.raw for told in letter.attempts)
            assert all(reply in said for reply in REPLY.findall(told) if reply[:1] == b"5")

    def _compare(self, letter: Letter, sessions: list[HopSession]) -> None:
        # Nothing lost, nothing spoilt, nothing doubled but where it has to be.
        accepted = sum(told.final[:1] == b"2" for told in letter.attempts)
        copies = self.hop.kept(letter.sender)
        assert len(copies) == accepted + letter.doubles
        assert {copy["content"].encode("latin-1") for copy in copies} == {letter.content}
        assert all(copy["recipients"] == [letter.envelope[2].decode()] for copy in copies)
        # The ledger knows of a match what the next hop knows, and of anybody else nothing.
        findings = self.gateway.findings(letter.sender)
        if not letter.is_matched:
            assert findings == []
            return
        delivered = [notice for outcome, notice in findings if outcome == "delivered"]
        assert len(delivered) == sum(USUAL["dot"] in session.replies for session in sessions)
        assert all(notice == "none" for outcome, notice in findings if outcome != "delivered")
        # One notice, however often it was sent.
        assert delivered[0] in ("queued", "sent")
        assert set(delivered[1:]) <= {"suppressed:rhythm"}


@pytest.fixture(scope="session")
def keep_books():
    """Books of a gateway, closed at the end; every message has its own number, and so sender."""
    numbers = itertools.count(1)

    @contextlib.contextmanager
    def keep_books(gateway: Gateway):
        books = Books(gateway, numbers)
        yield books
        books.close()

    return keep_books


@pytest.fixture(scope="session")
def start_gateway(tmp_path_factory):
    """Starts a gateway with its next hop, and an MTA for its notices; ends it in peace."""
    with contextlib.ExitStack() as stack:

        def start_hop() -> NextHop:
            hop = NextHop(tmp_path_factory.mktemp("hop"))
            stack.callback(hop.kill)
            return hop

        def start(*program: object, before: tuple[int, ...] = ()) -> Gateway:
            hop, mta = start_hop(), start_hop()
            folder = tmp_path_factory.mktemp("gateway")
            port, metrics = free_port(), free_port()
            next_hops = ", ".join(f'"127.0.0.1:{each}"' for each in (*before, hop.port))
            places = {"port": port, "next_hops": next_hops, "mta": mta.port, "metrics": metrics}
            (folder / "monition.toml").write_text(CONFIG.format(**places))
            command = [sys.executable, *program, "serve", "-c", folder / "monition.toml"]
            environ = os.environ | {"PYTHONPATH": str(ROOT)}
            with (folder / "log").open("wb") as log:
                process = subprocess.Popen(command, stderr=log, cwd=ROOT, env=environ)
            gateway = Gateway(folder, hop, port, metrics, process)
            stack.callback(stop, gateway, mta)
            until(lambda: b'"serving"' in (folder / "log").read_bytes() or process.poll())
            assert process.poll() is None, (folder / "log").read_text()
            return gateway

        yield start


def stop(gateway: Gateway, mta: NextHop) -> None:
    """Its last account: nobody left inside, one notice a sender, nothing pending, no error."""
    try:
        until(gateway.is_idle)
        until(lambda: gateway.rows("SELECT count(*) FROM outbox WHERE state <> 'sent'") == [(0,)])
    finally:
        gateway.process.send_signal(signal.SIGTERM)
        status = gateway.process.wait(PATIENCE)
    assert status == 0
    assert gateway.rows("SELECT count(*) FROM finding WHERE outcome = 'pending'") == [(0,)]
    noticed = gateway.rows("SELECT DISTINCT sender FROM finding WHERE outcome = 'delivered'")
    told = [copy["recipients"][0] for copy in mta.kept("")]
    assert sorted(told) == sorted(f"RCPT TO:<{sender}>\r\n" for (sender,) in noticed)
    assert [line for line in gateway.log() if line["level"] == "error"] == []
    assert verify_ledger(gateway.folder / "ledger.db").is_intact


@pytest.fixture(scope="session")
def gateway(start_gateway):
    """As it is run."""
    return start_gateway("-m", "gateway")


@pytest.fixture(scope="session")
def start_hasty(start_gateway):
    """Starts one whose waits are seconds; ``hasty.py`` says which. ``before``: hops before ours."""
    return lambda *before: start_gateway(HERE / "hasty.py", before=before)


@pytest.fixture
def books(gateway, keep_books):
    with keep_books(gateway) as books:
        yield books


@pytest.fixture
def clients(gateway):
    """Opens connections to the gateway, and closes what is left of them."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(Client(gateway.port))
