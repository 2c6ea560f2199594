"""A gateway of one's own: a configuration in a folder, on free ports; as a process; under load."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner

from gateway import packaged
from gateway.cli import main
from gateway.config import load

PATIENCE = 30
AS_USER = Path(__file__).with_name("as_user.py")
HAND_OVER = Path(__file__).with_name("hand_over.py")

CONFIGURATION = """
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "research-compliance@example.edu"
[relay]
listen = ["127.0.0.1:{listen}"]
next_hop = ["127.0.0.1:{hop}"]
drain_seconds = {drain}
workers = {workers}
{relay}
[ledger]
path = "{folder}/ledger.db"
emergency_journal = "{folder}/ledger.journal"
[policies]
directory = "{policies}"
[notices]
submit = "127.0.0.1:{hop}"
[metrics]
listen = "127.0.0.1:{metrics}"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(is_so, what="it"):
    """Ask until it is so, and give what it gave."""
    deadline = time.monotonic() + PATIENCE
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.02)
    return found


@pytest.fixture(name="until")
def _until():
    return until


@pytest.fixture
def policies(tmp_path):
    """A policies directory that a test may spoil."""
    return shutil.copytree(packaged.policies_directory(), tmp_path / "policies")


@pytest.fixture
def config(tmp_path, policies):
    """A configuration on free ports; nothing listens at its next hop."""
    ports = {name: free_port() for name in ("listen", "hop", "metrics")}
    settings = {"policies": policies, "drain": 2, "workers": 1, "relay": ""}
    text = CONFIGURATION.format(folder=tmp_path, **settings, **ports)
    path = tmp_path / "monition.toml"
    path.write_text(text)
    return load(path, {})


class NextHop:
    """A mail server that takes everything and remembers the token of each message."""

    def __init__(self):
        self.tokens: set[str] = set()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        self.port = self._controller.port
        self.close = self._controller.stop

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.tokens |= set(re.findall(r"token=(\S+)", envelope.content.decode()))
        return "250 2.0.0 taken"


@pytest.fixture
def next_hop():
    with contextlib.closing(NextHop()) as hop:
        yield hop


class Client:
    """One SMTP session, said line by line."""

    def __init__(self, address):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.sock = socket.socket(family)
        self.sock.settimeout(PATIENCE)
        try:
            self.sock.connect(address)
        except OSError:
            self.sock.close()
            raise
        self._replies = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._replies.close()
        self.sock.close()

    def code(self):
        """The next reply's code; 0 where the other side has closed."""
        while line := self._replies.readline():
            if line[3:4] != b"-":
                return int(line[:3])
        return 0

    def ask(self, line):
        self.sock.sendall(line.encode() + b"\r\n")
        return self.code()

    def open(self):
        """From the greeting to EHLO; the first reply that is not positive."""
        code = self.code()
        return self.ask("EHLO client.example") if code == 220 else code

    def envelope(self, recipient="friend@example.org"):
        for line, code in (
            ("MAIL FROM:<prof@example.edu>", 250),
            (f"RCPT TO:<{recipient}>", 250),
            ("DATA", 354),
        ):
            if (got := self.ask(line)) != code:
                return got
        return 354

    def deliver(self, token, recipient="friend@example.org"):
        """One message on an open session; the code that decides."""
        got = self.envelope(recipient)
        return self.ask(f"Subject: a test\r\n\r\ntoken={token}\r\n.") if got == 354 else got


class Load:
    """Clients that send, a connection a message, until they are stopped."""

    def __init__(self, address, clients):
        self.accepted: set[str] = set()
        self.permanent: list[int] = []
        self.refused = self.again = 0
        self._address = address
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(clients)]
        for thread in self._threads:
            thread.start()

    def _send(self, client):
        number = 0
        while not self._is_over.is_set():
            number += 1
            token = f"c{client}n{number}"
            is_matched = number % 10 == 0
            try:
                with Client(self._address) as session:
                    code = session.open()
                    if code == 250:
                        recipient = f"{token}@mipt.ru" if is_matched else "friend@example.org"
                        code = session.deliver(token, recipient)
            except ConnectionRefusedError:
                self.refused += 1
                self._is_over.wait(0.01)
                continue
            except OSError:
                code = 0
            if code == 250:
                self.accepted.add(token)
            elif code >= 500:
                self.permanent.append(code)
            else:
                self.again += 1

    def matched(self):
        return {token for token in self.accepted if int(token.partition("n")[2]) % 10 == 0}

    def stop(self):
        self._is_over.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def load_on():
    """Starts a load on an address."""
    with contextlib.ExitStack() as stack:

        def start(address, clients=6):
            load = Load(address, clients)
            stack.callback(load.stop)
            return load

        yield start


class Gateway:
    """``monition serve`` as a process."""

    def __init__(self, config_file, stderr, environ, handed, most_descriptors, user=None):  # noqa: PLR0917
        self.config = load(config_file, {})
        endpoint = self.config.relay.listen[0]
        self.address = (endpoint.host, endpoint.port)
        self.pages = f"http://{self.config.metrics.listen}"
        self.stderr = stderr
        self._seen: set[int] = set()
        self._first_line = len(stderr.read_text().splitlines()) if stderr.exists() else 0
        start = ["-m", "gateway"] if user is None else [str(AS_USER), str(user)]
        command = [sys.executable, *start, "serve", "--config", str(config_file)]
        if handed:
            spec = ",".join(f"{sock.fileno()}={name}" for name, sock in handed)
            command = [sys.executable, str(HAND_OVER), spec, *command]
        if most_descriptors:
            command = ["prlimit", f"--nofile={most_descriptors}", *command]
        with stderr.open("a") as log:
            self.process = subprocess.Popen(
                command,
                stderr=log,
                # Unbuffered, Python writes a line and its end apart, and workers' lines mix.
                env={**os.environ, **environ},
                pass_fds=[sock.fileno() for _, sock in handed],
            )

    def client(self):
        return Client(self.address)

    def get(self, path):
        """Status and text of a health page; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.pages + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def is_well(self):
        assert self.process.poll() is None, self.stderr.read_text()
        return self.get("/readyz")[0] == 200 and self.get("/livez")[0] == 200

    def number(self, sample):
        found = re.search(rf"^{re.escape(sample)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)
        return float(found[1]) if found else None

    def workers(self):
        pid = self.process.pid
        try:
            found = {int(each) for each in _read(f"/proc/{pid}/task/{pid}/children").split()}
        except OSError:
            return set()
        self._seen |= found
        return found

    def worker_of(self, client):
        """Which worker serves a session: whose descriptor is the other end of the connection."""
        port = client.sock.getsockname()[1]
        for row in _read("/proc/net/tcp").splitlines()[1:]:
            fields = row.split()
            if int(fields[2].partition(":")[2], 16) == port and fields[9] != "0":
                inode = f"socket:[{fields[9]}]"
                for pid in self.workers():
                    with contextlib.suppress(OSError):
                        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                            if str(descriptor.readlink()) == inode:
                                return pid
        return None

    def logged(self, event=None):
        """What it logged, this process and its workers alone."""
        lines = self.stderr.read_text().splitlines()[self._first_line :]
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        return [entry for entry in entries if event in (None, entry["event"])]

    def send(self, number):
        self.process.send_signal(number)

    def ended(self):
        return self.process.wait(PATIENCE)

    def kill(self):
        """For the end of a test that failed: nothing of it may stay."""
        self.workers()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self._seen:
            with contextlib.suppress(OSError):
                # Only a worker of this gateway: a process id may have been given out again.
                if str(self.config.file) in _read(f"/proc/{pid}/cmdline"):
                    os.kill(pid, signal.SIGKILL)


def _read(path):
    return Path(path).read_text()


@pytest.fixture
def serve(tmp_path, policies, next_hop):
    """Starts ``monition serve``, and waits until it is ready unless told not to.

    ``handed`` are pairs of a name and a listening socket, handed over as systemd does; ``relay``
    among the changes are further lines of that section. It works in ``folder``, as ``user``.
    """
    ports = {name: free_port() for name in ("listen", "metrics")}
    with contextlib.ExitStack() as stack:

        def start(
            *,
            workers=3,
            drain=5,
            handed=(),
            environ=(),
            ready=True,
            most_descriptors=0,
            folder=tmp_path,
            user=None,
            **changes,
        ):
            text = CONFIGURATION.format(
                folder=folder,
                policies=folder / policies.name,
                hop=next_hop.port,
                drain=drain,
                workers=workers,
                **{"relay": "", **ports, **changes},
            )
            file = folder / "monition.toml"
            file.write_text(text)
            stderr = tmp_path / "stderr"
            gateway = Gateway(file, stderr, dict(environ), handed, most_descriptors, user)
            stack.callback(gateway.kill)
            if ready:
                until(gateway.is_well, "the gateway to be ready")
            return gateway

        yield start


NOBODY = 65534
"""A user to whom the modes and owners of files mean something."""


@pytest.fixture
def home(policies):
    """A folder of nobody's with policies in it, where nobody can start a gateway.

    Not below the tests' own folder, which only its owner may enter.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    folder = Path(tempfile.mkdtemp(prefix="monition-"))
    try:
        shutil.copytree(policies, folder / policies.name)
        shutil.copytree(packaged.policies_directory(), folder / "packaged" / "policies")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a gateway that ends takes files away, too


@pytest.fixture
def monition(home, unprivileged):
    """Runs a verb as nobody, with the configuration in ``home``; gives what it printed."""

    def run(*arguments, status=0):
        with unprivileged(reads_all=True):
            done = CliRunner().invoke(main.command, [*arguments, "-c", str(home / "monition.toml")])
        assert done.exit_code == status, done.output
        return done.output

    return run
