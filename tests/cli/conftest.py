"""A ledger of three findings, and the command line as an officer types it."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.ledger.office import office_writer
from gateway.ledger.record.events import heartbeat
from gateway.ledger.store.sqlite_store import SqliteStore

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def mail():
    """The messages of tests/ledger/writing_process.py."""
    file = Path(__file__).parents[1] / "ledger" / "writing_process.py"
    spec = importlib.util.spec_from_file_location("messages", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def ledger_path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def events(mail, ledger_path):
    """Two findings of jane's, 200 days old and new, one of joe's. Their ids."""
    store = SqliteStore(ledger_path)
    ids = []
    with store.transaction():
        for number, (sender, age) in enumerate(
            [(b"jane@example.edu", 4800), (b"joe@example.edu", 1), (b"jane@example.edu", 0)]
        ):
            at = NOW - timedelta(hours=age)
            (record,) = mail.records(f"m{number}", sender=sender, at=at)
            ids.append(store.append(record).id)
    store.close()
    office_writer.append(ledger_path, [heartbeat("p", at=NOW, entropy=os.urandom)])
    return ids


@pytest.fixture
def audit(tmp_path, ledger_path, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "officer")
    configuration = tmp_path / "monition.toml"
    configuration.write_text(
        f"""
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "compliance@example.edu"
[ledger]
path = "{ledger_path}"
emergency_journal = "{tmp_path / "ledger.journal"}"
"""
    )

    def audit(verb, *arguments):
        return CliRunner().invoke(command, ["audit", verb, "-c", str(configuration), *arguments])

    return audit


@pytest.fixture
def facts_of(ledger_path):
    """The facts of all events of a kind, in order."""

    def facts_of(kind):
        with closing(sqlite3.connect(ledger_path)) as connection:
            return [
                json.loads(facts)
                for (facts,) in connection.execute(
                    "SELECT facts FROM event WHERE kind = ? ORDER BY seq", (kind,)
                )
            ]

    return facts_of


@pytest.fixture
def configure(tmp_path):
    """Add lines to the configuration."""

    def configure(text):
        file = tmp_path / "monition.toml"
        file.write_text(f"{file.read_text()}\n{text}\n")

    return configure
