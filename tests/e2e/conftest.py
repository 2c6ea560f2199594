"""What every end-to-end test needs: a gateway as users start it, an SMTP client that shows all
that it is told, a Maildir's mail, and patience with an end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
CLIENT_ADDRESS = "127.0.0.9"  # tells a client from a mail server, which is 127.0.0.1
PATIENCE = 60  # seconds; a shared machine can be slow, and only a failing test waits so long

# What mail servers write above a message on its way.
_STAMPED = re.compile(
    rb"(?:(?:Return-path|Delivered-To|X-Original-To|Envelope-to|Delivery-date|Received)"
    rb":.*\n(?:[ \t].*\n)*)+",
    re.IGNORECASE,
)


_logs: list[Path] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Show the end of every server's log beside a failure."""
    report = yield
    if report.failed:
        for log in filter(Path.exists, _logs):
            end = log.read_text(errors="replace").splitlines()[-60:]
            report.sections.append((f"the end of {log}", "\n".join(end)))
    return report


@pytest.fixture(scope="session")
def needs():
    """Skip where a program is missing; gives its path."""

    def needs(name: str) -> str:
        places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
        found = shutil.which(name, path=places)
        if found is None:
            pytest.skip(f"{name} is not installed")
        return found

    return needs


@pytest.fixture(scope="session")
def eventually():
    """Ask until the answer is a true one, and give it; fail when patience has run out."""

    def eventually(question, what: str):
        deadline = time.monotonic() + PATIENCE
        while not (answer := question()):
            if time.monotonic() > deadline:
                pytest.fail(f"waited {PATIENCE} s in vain for {what}")
            time.sleep(0.02)
        return answer

    return eventually


@pytest.fixture(scope="session")
def free_ports():
    """Give so many loopback ports that nobody listens on, and that no connection is given."""
    untried = list(range(20_000, 30_000))
    random.shuffle(untried)

    def free_ports(count: int) -> list[int]:
        ports = []
        while len(ports) < count:
            with socket.socket() as probe, contextlib.suppress(OSError):
                port = untried.pop()
                probe.bind(("127.0.0.1", port))
                ports.append(port)
        return ports

    return free_ports


@pytest.fixture(scope="session")
def new_folder():
    """Folders that any user of the system may pass through: mail servers give up root's rights."""
    made = []

    def new_folder() -> Path:
        folder = Path(tempfile.mkdtemp(prefix="monition-e2e-"))
        folder.chmod(0o755)
        made.append(folder)
        return folder

    yield new_folder
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


class Process:
    """A server in the foreground; it dies with the tests, however they end."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command = ["setpriv", "--pdeathsig", "TERM", *command]
        self._log = log
        _logs.append(log)
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command, cwd=REPO, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def end(self) -> int:
        """Stop it by SIGTERM; its exit status."""
        running, self._running = self._running, None
        if running is None:
            return 0
        running.send_signal(signal.SIGTERM)
        try:
            return running.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            raise

    @property
    def has_ended(self) -> bool:
        return self._running is None or self._running.poll() is not None

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""


@pytest.fixture(scope="session")
def process(needs):
    """Make a server of a command line and the log that it writes."""
    needs("setpriv")
    return Process


class Gateway:
    """``monition serve`` with a configuration of its own, and what its ledger says."""

    def __init__(self, folder: Path, ports: tuple[int, int, int, int]) -> None:
        self.listen, self.next_hop, self.submit, self.metrics = ports
        self.folder = folder
        self.config = folder / "monition.toml"
        self.config.write_text(f"""
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[relay]
listen = ["127.0.0.1:{self.listen}"]
next_hop = ["127.0.0.1:{self.next_hop}"]
[ledger]
path = "{folder}/ledger.db"
emergency_journal = "{folder}/ledger.journal"
[lists]
directory = "{folder}/lists"
[notices]
submit = "127.0.0.1:{self.submit}"
[metrics]
listen = "127.0.0.1:{self.metrics}"
""")
        self._process = Process(self._monition("serve"), folder / "monition.log")

    def _monition(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "gateway", *words, "-c", str(self.config)]

    def start(self, eventually) -> None:
        self._process.start()
        eventually(self._is_ready, "the gateway to be ready")

    def _is_ready(self) -> bool:
        if self._process.has_ended:
            pytest.fail(f"the gateway ended:\n{self.log}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/readyz", timeout=5) as it:
                return it.status == 200
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    def stop(self) -> None:
        assert self._process.end() == 0, self.log

    @property
    def log(self) -> str:
        return self._process.log

    def events(self, **filters: str) -> list[dict]:
        """What ``monition audit list`` shows, newest first."""
        options = [f"--{name}={value}" for name, value in filters.items()]
        listed = subprocess.run(
            self._monition("audit", "list", "--format=json", *options),
            cwd=REPO,
            capture_output=True,
            text=True,
            check=False,
        )
        assert listed.returncode == 0, listed.stderr
        return [json.loads(line) for line in listed.stdout.splitlines()]

    @property
    def delivered(self) -> int:
        """How many messages the metrics count as delivered."""
        sample = 'monition_messages_total{outcome="delivered"} '
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=5) as page:
            for line in page.read().decode().splitlines():
                if line.startswith(sample):
                    return int(float(line.removeprefix(sample)))
        return 0


@pytest.fixture(scope="session")
def gateway_for(new_folder, free_ports, eventually):
    """Make a gateway, not started yet, between two ports; it has ended when the tests have."""
    made = []

    def gateway_for(listen: int, next_hop: int, *, submit: int) -> Gateway:
        gateway = Gateway(new_folder(), (listen, next_hop, submit, *free_ports(1)))
        made.append(gateway)
        return gateway

    yield gateway_for
    for gateway in made:
        gateway.stop()


class Client:
    """An SMTP client that keeps every reply as it came, line ends and all."""

    def __init__(self, port: int, address: str = CLIENT_ADDRESS) -> None:
        self._socket = socket.create_connection(
            ("127.0.0.1", port), timeout=PATIENCE, source_address=(address, 0)
        )
        self._replies = self._socket.makefile("rb")
        self.greeting = self.reply()
        self.offer = b""

    def reply(self) -> bytes:
        lines = []
        while not lines or lines[-1][3:4] == b"-":
            lines.append(self._replies.readline())
        return b"".join(lines)

    def say(self, line: bytes) -> bytes:
        self._socket.sendall(line + b"\r\n")
        return self.reply()

    def send(self, sender: str, *recipients: str, content: bytes) -> list[bytes]:
        """Go through one transaction; the replies to MAIL, each RCPT, DATA and the final dot."""
        said = [self.say(f"MAIL FROM:<{sender}>".encode())]
        said += [self.say(f"RCPT TO:<{recipient}>".encode()) for recipient in recipients]
        said.append(self.say(b"DATA"))
        if said[-1].startswith(b"354"):
            stuffed = re.sub(rb"(?m)^\.", b"..", content)
            self._socket.sendall(stuffed + b".\r\n")
            said.append(self.reply())
        return said

    def close(self) -> None:
        self._replies.close()
        self._socket.close()


@pytest.fixture
def client(request):
    """Connect to a port and say EHLO; closed again with the test."""

    def client(port: int, address: str = CLIENT_ADDRESS) -> Client:
        made = Client(port, address)
        request.addfinalizer(made.close)
        assert made.greeting.startswith(b"220"), made.greeting
        made.offer = made.say(b"EHLO desktop.example.edu")
        assert made.offer.startswith(b"250"), made.offer
        return made

    return client


@dataclass(frozen=True)
class Delivered:
    """One file of a Maildir."""

    raw: bytes

    @property
    def message(self):
        return message_from_bytes(self.raw, policy=default)

    @property
    def content(self) -> bytes:
        """The content as the sender wrote it: without what mail servers stamped above it."""
        stamped = _STAMPED.match(self.raw)
        content = self.raw[stamped.end() :] if stamped else self.raw
        return content.replace(b"\n", b"\r\n")


@pytest.fixture(scope="session")
def maildir():
    """The mail in a Maildir for one recipient; ``None``: for all."""

    def maildir(folder: Path, recipient: str | None = None) -> list[Delivered]:
        wanted = recipient and f"\n{recipient}\n".lower()
        mail = [Delivered(path.read_bytes()) for path in sorted(folder.glob("new/*"))]
        return [
            each for each in mail if wanted is None or wanted in _delivered_to(each.message).lower()
        ]

    return maildir


def _delivered_to(message) -> str:
    fields = ("X-Original-To", "Delivered-To", "Envelope-To")
    named = [str(value) for field in fields for value in message.get_all(field, [])]
    return "\n".join(["", *named, ""])
