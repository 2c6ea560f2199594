from __future__ import annotations

import os

import pytest

from gateway.compliance import actor
from gateway.config import load
from gateway.errors import LedgerError


def test_behind_sudo_it_is_the_person_before_it(monkeypatch):
    monkeypatch.setenv("SUDO_USER", "officer")
    assert actor.signed_in() == "officer"


def test_without_a_name_it_is_the_number(monkeypatch):
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr("getpass.getuser", lambda: {}["nobody"])
    assert actor.signed_in() == f"uid {os.getuid()}"


def test_a_page_says_itself_who_sits_before_it(monkeypatch):
    monkeypatch.setenv("SUDO_USER", "officer")
    assert actor.access("console", "", "j.lindqvist").by == "j.lindqvist"
    assert actor.current_actor("j.lindqvist").by == "j.lindqvist"
    assert (actor.access("audit list", None).by, actor.current_actor().by) == ("officer", "officer")


@pytest.mark.parametrize("by", ["", " ", "jane@example.edu"])
def test_a09_who_gives_no_name_that_can_be_kept_is_not_taken_for_somebody_else(monkeypatch, by):
    monkeypatch.setenv("SUDO_USER", "officer")
    with pytest.raises(ValueError, match="give a name or a function"):
        actor.access("console", "audit 12/26", by)
    with pytest.raises(ValueError, match="give a name or a function"):
        actor.current_actor(by)


def test_an_empty_reason_is_none():
    assert actor.access("audit list", "").reason is None
    assert actor.access("audit list", "audit 12/26").reason == "audit 12/26"


def test_a_name_that_is_kept_for_ever_is_no_address():
    assert actor.lasting_name("j.lindqvist") == "j.lindqvist"
    with pytest.raises(ValueError, match="is an address, and it is kept for ever"):
        actor.lasting_name("jane@example.edu")


def test_where_there_is_no_ledger_nobody_sees_one(tmp_path):
    file = tmp_path / "monition.toml"
    file.write_text(
        '[institution]\nname = "X"\ndomains = ["example.edu"]\n'
        '[compliance]\noffice = "O"\nemail = "o@example.edu"\n'
        f'[ledger]\npath = "{tmp_path}/ledger.db"\n'
        f'emergency_journal = "{tmp_path}/ledger.journal"\n'
    )
    with pytest.raises(LedgerError):
        actor.open_as(load(file, {}), None)
