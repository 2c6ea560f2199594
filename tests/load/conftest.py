"""``monition serve`` under load: clients and next hop are programs, whose books are compared.

Short by default; ``MONITION_LOAD=20`` makes each test's load, and its repetitions, twenty times
as large.
"""

import contextlib
import os
import random
import runpy
import sqlite3
import subprocess
import sys
import types
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SCALE = float(os.environ.get("MONITION_LOAD", "1"))
PATIENCE = 60

# A gateway as a process is the same here as for the tests of its workers.
_serve = types.SimpleNamespace(**runpy.run_path(str(HERE.parent / "serve" / "conftest.py")))
policies, serve, until, _until = _serve.policies, _serve.serve, _serve.until, _serve._until
accounts = types.SimpleNamespace(**runpy.run_path(str(HERE / "accounts.py")))


class Program:
    """One of this folder's programs; it ends when its standard input does."""

    def __init__(self, file, *arguments):
        self.file = file
        self._process = subprocess.Popen(
            [sys.executable, HERE / arguments[0], *map(str, arguments[1:])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self):
        """The next line that it prints."""
        return self._process.stdout.readline()

    def entries(self):
        """What it has written down."""
        return accounts.read(self.file)

    def accepted(self):
        """How many tries ended well."""
        return sum(map(accounts.is_accepted, self.entries()))

    def stop(self):
        """Let it come to its end."""
        with contextlib.suppress(ValueError):
            self._process.communicate(timeout=PATIENCE * SCALE)
        assert self._process.returncode == 0

    def kill(self):
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def program(tmp_path):
    """Starts a program with a file of its own as its argument."""
    with contextlib.ExitStack() as stack:

        def start(name, *arguments):
            file = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}.jsonl"
            file.touch()
            given = [file if each is ... else each for each in arguments]
            started = Program(file, f"{name}.py", *given)
            stack.callback(started.kill)
            return started

        yield start


@pytest.fixture
def next_hop(program):
    hop = program("next_hop", ...)
    hop.port = int(hop.line())
    return hop


@pytest.fixture
def load_on(program):
    """Starts a load on an address: so many clients, each sending one message after the other.

    ``name`` tells its messages from those of other loads of the same test.
    """

    def start(address, clients=8, name=""):
        return program("sender", *address, ..., clients, name)

    return start


@pytest.fixture
def trickle_on(program):
    """Starts clients that trickle, and waits until all of them do."""

    def start(address, clients, every):
        trickler = program("trickler", *address, ..., clients, "", every)
        assert int(trickler.line()) == clients
        return trickler

    return start


@pytest.fixture
def some():
    """How many of something: a few, or many when a long run is asked for."""
    return lambda count: round(count * SCALE)


@pytest.fixture
def more(until):
    """Waits until so many more tries of a load ended well."""

    def wait(load, count):
        wanted = load.accepted()
        for _ in range(max(1, round(SCALE))):
            wanted += count
            until(lambda wanted=wanted: load.accepted() >= wanted, "messages to go through")

    return wait


@pytest.fixture
def chance():
    """Random, but told: a failure shows with which seed it came."""
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def compare():
    """What compares the books."""
    return accounts.faults


@pytest.fixture
def settle_accounts(next_hop):
    """Compares all books of a gateway that has ended, and gives what the clients were told.

    ``others`` are recipients of mail that a test sent by itself.
    """

    def settle(gateway, *programs, is_cut=False, others=frozenset()):
        tries = [each for program in programs for each in program.entries()]
        mail = [message for message in next_hop.entries() if message["sender"]]
        kept = [message for message in mail if others.isdisjoint(message["recipients"])]
        assert others <= {message["recipients"][0] for message in mail}
        with contextlib.closing(sqlite3.connect(gateway.config.ledger.path)) as ledger:
            findings = ledger.execute("SELECT recipient, outcome FROM finding").fetchall()
            events = dict(ledger.execute("SELECT kind, count(*) FROM event GROUP BY kind"))
            notices = ledger.execute("SELECT recipient FROM outbox").fetchall()
        print(accounts.figures(tries, kept))
        assert accounts.faults(tries, kept, findings, is_cut=is_cut) == []
        assert events["OBSERVED"] == events["SETTLED"] == len(findings)
        # One for each sender and window, however many messages there were.
        matches = [each for each in tries if each["is_matched"] and accounts.is_accepted(each)]
        assert {to for (to,) in notices} >= {each["sender"] for each in matches}
        assert len(notices) == len(set(notices))
        verify = [sys.executable, "-m", "gateway", "audit", "verify", "-c", gateway.config.file]
        verified = subprocess.run(verify, capture_output=True, text=True, check=False)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        return tries

    return settle
