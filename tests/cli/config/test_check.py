"""``config check`` finds what would keep a gateway from starting, or from taking a reload."""

import shutil

import pytest
from click.testing import CliRunner

from gateway.cli.main import command

CONFIG = """
[institution]
name = "U"
domains = ["{ours}"]
[compliance]
office = "O"
email = "o@example.edu"
[ledger]
path = "ledger.db"
emergency_journal = "ledger.journal"
[lists]
directory = "lists"
[policies]
directory = "policies"
"""
EXAMPLE = '[[example]]\naddress = "a@written.ru"\nstanding = "{}"\n'


@pytest.fixture
def policies(tmp_path, small_policies):
    return small_policies(tmp_path / "policies")


@pytest.fixture
def check(tmp_path, policies, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(ours="example.edu"):
        (tmp_path / "monition.toml").write_text(CONFIG.format(ours=ours))
        words = ["config", "check", "-c", "monition.toml"]
        return CliRunner().invoke(command, words, catch_exceptions=False)

    return run


def test_p04_examples_that_hold_are_told_to(check, policies):
    (policies / "examples.toml").write_text(EXAMPLE.format("listed"))
    done = check()
    assert done.exit_code == 0, done.output
    assert "policies: 1 example: no fault" in done.stderr


def test_p04_an_example_that_fails_is_a_fault_with_its_line(check, policies):
    (policies / "examples.toml").write_text("# one\n" + EXAMPLE.format("clear"))
    done = check()
    assert done.exit_code == 1
    assert done.stdout.strip() == (
        f"{policies}/examples.toml:2: example failed: a@written.ru: standing: expected clear, got "
        "listed"
    )


def test_s08_a_lost_list_is_a_fault_and_what_serves_instead_is_told(check, policies, tmp_path):
    (tmp_path / "own.csv").write_text("name,domains\nInstitute,a.example.org\n")
    check()
    words = ["lists", "import", "own.csv", "--source", "own", "-c", "monition.toml"]
    assert CliRunner().invoke(command, words).exit_code == 0
    assert check().exit_code == 0
    (tmp_path / "lists" / "sources" / "own.jsonl").unlink()
    done = check()
    assert done.exit_code == 1
    assert "own.jsonl: is gone" in done.stdout
    assert "note: the last good snapshot stays in force" in done.stderr


def test_p05_an_override_that_is_wrong_is_a_fault(check, policies):
    (policies / "overrides.toml").write_text("[[override]]\nlist = 7\n")
    done = check()
    assert done.exit_code == 1
    assert "overrides.toml:2: override[1].list" in done.stdout


def test_a_domain_of_our_own_is_a_warning_and_no_fault(check):
    done = check(ours="written.ru")
    assert done.exit_code == 0
    assert (
        "Warning: written.ru, your own, is listed as a domain of Written Institute" in done.stderr
    )


def test_the_examples_of_a_policy_that_cannot_be_read_are_not_tried(check, policies):
    (policies / "examples.toml").write_text(EXAMPLE.format("clear"))
    shutil.rmtree(policies / "entities")
    done = check()
    assert done.exit_code == 1
    assert "example failed" not in done.stdout
