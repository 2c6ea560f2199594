from __future__ import annotations

import importlib.util
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("writing_process.py")
ROOT = PROGRAM.parents[2]


@pytest.fixture(scope="session")
def mail():
    """The messages of ``writing_process.py``."""
    spec = importlib.util.spec_from_file_location("writing_process", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def past(folder):
    """A ledger whose past a test writes: see ``tests/past.py``."""
    spec = importlib.util.spec_from_file_location("past", ROOT / "tests" / "past.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    past = module.Past(folder / "ledger.db")
    yield past
    past.close()


@pytest.fixture
def case(mail, tmp_path):
    """A closed ledger with one finding of each sort: ``case.path``, and their ids."""
    spec = importlib.util.spec_from_file_location("case", PROGRAM.with_name("case.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path = tmp_path / "case.db"
    ids = module.write(path, mail)
    ids.path, ids.addresses = path, module.ADDRESSES
    return ids


@pytest.fixture
def small_files():
    """In its block no file may grow beyond that many bytes, as on a disk that is full."""

    @contextmanager
    def small_files(most):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        # The signal comes before the error, and would end the process.
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)

    return small_files


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "ledger"
    folder.mkdir(mode=0o750)
    return folder


@pytest.fixture
def start(mail, folder):
    """Start ledgers; those still open are closed at the end."""
    ledgers = []

    def start(process="process-1", **changes):
        ledger = mail.open_ledger(folder, process, **changes)
        ledgers.append(ledger)
        ledger.start()
        return ledger

    yield start
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def ledger(start):
    return start()


@pytest.fixture
def rows(folder):
    """Ask the file, over a connection of its own."""

    def rows(sql, *values):
        with closing(sqlite3.connect(folder / "ledger.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    return rows


@pytest.fixture
def tamper(folder):
    """Change the file as someone with a shell would, guards taken away."""

    def tamper(*statements, keep=()):
        with closing(sqlite3.connect(folder / "ledger.db")) as connection:
            guards = connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            ).fetchall()
            for name, _ in guards:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(*statement) if isinstance(
                    statement, tuple
                ) else connection.execute(statement)
            for _, sql in guards:
                connection.execute(sql)
            connection.commit()

    return tamper


@pytest.fixture
def write(folder):
    """Run ``writing_process.py``; processes still alive are killed at the end."""
    processes = []

    def write(process, count, what):
        child = subprocess.Popen(
            [sys.executable, PROGRAM, folder, process, str(count), what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        processes.append(child)
        return child

    yield write
    for child in processes:
        if child.poll() is None:
            child.kill()
        child.communicate()
