"""The command line's ledger of three findings, asked as a page would ask it: without a terminal."""

from __future__ import annotations

import pytest

from gateway.compliance import actor
from gateway.config import load
from tests.cli.conftest import events, facts_of, ledger_path, mail

__all__ = ["events", "facts_of", "ledger_path", "mail"]


@pytest.fixture
def office(tmp_path, events):
    """The configuration of an office whose ledger holds the three findings."""
    file = tmp_path / "office.toml"
    file.write_text(
        f"""
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "compliance@example.edu"
[lists]
directory = "{tmp_path / "lists"}"
[ledger]
path = "{tmp_path / "ledger.db"}"
emergency_journal = "{tmp_path / "ledger.journal"}"
[retention]
open_days = 199
"""
    )
    return load(file, {})


@pytest.fixture
def who():
    return actor.access("console", "a page was opened", "j.lindqvist")


@pytest.fixture
def hand():
    return actor.current_actor("j.lindqvist")
