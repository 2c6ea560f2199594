import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gateway.config import Config, load, machine_faults

LEAST = """\
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "office@example.edu"
"""
STATE = '[ledger]\npath = "state/ledger.db"\nemergency_journal = "state/ledger.journal"\n'


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a folder that another user can enter, as pytest's own can't be."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def config(home: Path) -> Config:
    file = home / "monition.toml"
    more = '[lists]\ndirectory = "lists"\n[relay]\nlisten = ["unix:{0}/run/m.sock", "[::1]:25"]\n'
    file.write_text(LEAST + STATE + more.format(home))
    (home / "state").mkdir()
    (home / "run").mkdir()
    return load(file, {})


@pytest.fixture
def with_policies(config: Config, home: Path) -> Config:
    """The same with policies in its own folder: whoever is not root may not enter ours."""
    (home / "policies").mkdir()
    config.file.write_text(config.file.read_text() + '[policies]\ndirectory = "policies"\n')
    return load(config.file, {})


def told(config: Config) -> list[str]:
    folder = str(config.file.parent)
    return [str(fault).replace(folder + "/", "") for fault in machine_faults(config)]


def test_folders_that_are_there_are_no_fault(config: Config):
    assert told(config) == []


def test_folders_that_are_missing_are_told(config: Config, home: Path):
    (home / "state").rmdir()
    (home / "run").rmdir()
    missing = "does not exist; create it for the gateway's user"
    assert told(config) == [
        f"monition.toml:8: ledger.path: the folder state {missing}",
        f"monition.toml:9: ledger.emergency_journal: the folder state {missing}",
        f"monition.toml:13: relay.listen: unix:run/m.sock: the folder run {missing}",
    ]


def test_a_folder_in_a_files_place_is_told(config: Config, home: Path):
    (home / "state/ledger.db").mkdir()
    (home / "lists").touch()
    (home / "run").rmdir()
    (home / "run").touch()
    assert told(config) == [
        "monition.toml:8: ledger.path: state/ledger.db is not a file",
        "monition.toml:11: lists.directory: lists is not a folder",
        "monition.toml:13: relay.listen: unix:run/m.sock: run is not a folder",
    ]


REMEDY = "give it to the gateway's user, and run this check as that user"


def test_what_cannot_be_used_is_told_with_the_user(with_policies: Config, home: Path, unprivileged):
    (home / "state/ledger.db").touch()
    (home / "state/ledger.db").chmod(0)
    (home / "lists").mkdir(mode=0)
    (home / "state").chmod(0o555)
    (home / "run").chmod(0o555)
    with unprivileged():
        user = pwd.getpwuid(os.geteuid()).pw_name
        faults = told(with_policies)
    (home / "state").chmod(0o755)
    assert faults == [
        (
            f"monition.toml:8: ledger.path: state/ledger.db can't be read and written by {user};"
            f" {REMEDY}"
        ),
        (
            "monition.toml:9: ledger.emergency_journal: the folder state can't be written by"
            f" {user}; {REMEDY}"
        ),
        f"monition.toml:11: lists.directory: the folder lists can't be read by {user}; {REMEDY}",
        (
            "monition.toml:13: relay.listen: unix:run/m.sock: the folder run can't be written by"
            f" {user}; {REMEDY}"
        ),
    ]


def test_what_lies_in_a_closed_folder_is_not_called_missing(
    config: Config, home: Path, unprivileged
):
    (home / "state").chmod(0)
    with unprivileged():
        faults = told(config)
    (home / "state").chmod(0o755)
    assert ["can't be read and written by" in fault for fault in faults[:2]] == [True, True]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to act as a user without a name")
def test_a_user_without_a_name_is_told_by_number(config: Config, home: Path, unprivileged):
    (home / "run").chmod(0o555)
    with unprivileged(4242):
        assert "can't be written by user 4242;" in told(config)[-1]


def test_policies_that_are_missing_are_told(config: Config, home: Path):
    file = home / "monition.toml"
    file.write_text(file.read_text() + '[policies]\ndirectory = "ours"\n')
    assert told(load(file, {})) == [
        "monition.toml:15: policies.directory: the folder ours does not exist"
    ]
