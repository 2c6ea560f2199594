"""``monition audit export`` and ``snapshot``, as an officer or a SIEM's script types them."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import os
import pty
import sqlite3
import stat
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from gateway.cli.main import command
from gateway.ledger.query.logged_reading import COLUMNS

LEDGER_TESTS = Path(__file__).parents[2] / "ledger"


def loaded(name):
    spec = importlib.util.spec_from_file_location(name, LEDGER_TESTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def program():
    """The modules of tests/ledger that write messages and the ledger of all sorts."""
    return loaded("writing_process"), loaded("case")


@pytest.fixture
def case(program, tmp_path):
    mail, case = program
    return case.write(tmp_path / "ledger.db", mail)


@pytest.fixture
def configuration(tmp_path):
    path = tmp_path / "monition.toml"
    path.write_text(
        f"""
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "compliance@example.edu"
[ledger]
path = "{tmp_path / "ledger.db"}"
emergency_journal = "{tmp_path / "ledger.journal"}"
enterprise_number = 99
"""
    )
    return path


@pytest.fixture
def audit(configuration, monkeypatch):
    monkeypatch.setenv("SUDO_USER", "officer")

    def audit(verb, *arguments):
        words = ["audit", verb, "-c", str(configuration), *map(str, arguments)]
        return CliRunner().invoke(command, words)

    return audit


@pytest.fixture
def accessed(tmp_path):
    def accessed():
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
            rows = connection.execute("SELECT facts FROM event WHERE kind = 'ACCESSED'")
            return [json.loads(facts) for (facts,) in rows]

    return accessed


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("options", [(), ("--sender", "jane@*"), ("--pseudonyms",)])
def test_a08_an_export_is_what_the_screen_shows(case, audit, tmp_path, form, options):
    shown = audit("list", "--format", form, "--limit", 0, *options).stdout
    if options == ("--sender", "jane@*"):
        assert shown.count("\n") == (2 if form == "csv" else 1)
    assert audit("export", "--format", form, *options).stdout == shown
    out = tmp_path / "out"
    result = audit("export", "--format", form, "--to", out, *options)
    assert (result.exit_code, result.stdout) == (0, "")
    assert out.read_text() == shown
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert f"in {out}." in result.stderr


@pytest.mark.parametrize("form", ["syslog", "ocsf"])
def test_a08_what_a_siem_reads_is_the_same_findings_one_a_line(case, audit, form):
    ids = [
        json.loads(line)["id"] for line in audit("export", "--format", "json").stdout.splitlines()
    ]
    lines = audit("export", "--format", form).stdout.splitlines()
    if form == "ocsf":
        assert [json.loads(line)["finding_info"]["uid"] for line in lines] == ids
    else:
        assert [line.split('id="')[1][:26] for line in lines] == ids
        assert "[finding@99 " in lines[0]


@pytest.mark.parametrize("verb", [("export",), ("list", "--limit", "0")])
def test_a08_a_workbook_goes_to_a_file_and_through_a_pipe(case, audit, tmp_path, verb):
    result = audit(*verb, "--format", "xlsx")
    assert result.exit_code == 0
    book = load_workbook(io.BytesIO(result.stdout_bytes))
    rows = [[cell.value for cell in row] for row in book["Findings"].iter_rows()]
    assert (tuple(rows[0]), len(rows)) == (COLUMNS, 6)
    about = {row[0].value: row[1].value for row in book["About"].iter_rows()}
    assert about["filters"] == "none: all findings"
    assert about["people"] == "by name"
    assert about["head of the chain"].startswith("row 14, ")
    assert len(about["SHA-256 of the findings"]) == 64


@pytest.mark.parametrize("verb", ["export", "list"])
def test_a_terminal_gets_no_workbook_and_nobody_is_recorded(
    case, configuration, accessed, verb, monkeypatch
):
    end, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        words = ["audit", verb, "-c", str(configuration), "--format", "xlsx"]
        with pytest.raises(click.UsageError, match="xlsx is for a file"):
            command.main(words, standalone_mode=False)
    os.close(end)
    assert accessed() == []


@pytest.mark.parametrize("form", ["csv", "json", "xlsx", "syslog", "ocsf"])
def test_a09_every_export_is_one_reading_and_by_pseudonyms_none(
    case, audit, accessed, form, tmp_path
):
    assert audit("export", "--format", form, "--pseudonyms", "--to", tmp_path / "a").exit_code == 0
    assert accessed() == []
    audit("export", "--format", form, "--reason", "audit 12/26", "--to", tmp_path / "b")
    (facts,) = accessed()
    assert (facts["verb"], facts["by"], facts["rows"]) == ("audit export", "officer", 5)


@pytest.mark.parametrize("form", ["csv", "json", "xlsx", "syslog", "ocsf"])
def test_a08_by_pseudonyms_no_format_has_an_address(case, audit, program, form, tmp_path):
    out = tmp_path / "out"
    assert audit("export", "--format", form, "--pseudonyms", "--to", out).exit_code == 0
    content = out.read_bytes()
    if form == "xlsx":
        with zipfile.ZipFile(out) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    for address in program[1].ADDRESSES:
        assert address.lower().encode() not in content.lower()
    assert b"person-" in content


def test_a08_a_pack_is_made_and_checks_itself(case, audit, tmp_path, accessed):
    pack = tmp_path / "case.zip"
    result = audit("export", "--pack", pack, "--sender", "jane@example.edu", "--reason", "a test")
    assert result.exit_code == 0, result.output
    assert f"1 finding in {pack}." in result.stderr
    assert "The pack is not signed" in result.stderr
    assert stat.S_IMODE(pack.stat().st_mode) == 0o600
    assert [facts["rows"] for facts in accessed()] == [1]
    with zipfile.ZipFile(pack) as files:
        manifest = json.loads(files.read("manifest.json"))
        (tmp_path / "verify.py").write_bytes(files.read("verify.py"))
    assert manifest["filters"] == {"sender": "jane@example.edu"}
    assert (manifest["by"], manifest["reason"]) == ("officer", "a test")
    command = [sys.executable, "-I", "-S", tmp_path / "verify.py", pack]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.splitlines()[-2]) == (0, "The pack is sound.")


def test_a08_a_pack_is_signed_where_a_key_is_configured(case, audit, configuration, tmp_path):
    key = tmp_path / "key.pem"
    told = audit("checkpoint", "--make-key", key).stdout.splitlines()[-1].split()[-1]
    with configuration.open("a") as file:
        file.write(f'checkpoint_key_file = "{key}"\n')
    result = audit("export", "--pack", tmp_path / "p.zip", "--chain", "chosen", "--pseudonyms")
    assert (result.exit_code, "not signed" in result.stderr) == (0, False)
    with zipfile.ZipFile(tmp_path / "p.zip") as files:
        (tmp_path / "verify.py").write_bytes(files.read("verify.py"))
    command = [sys.executable, "-I", "-S", tmp_path / "verify.py", tmp_path / "p.zip"]
    ran = subprocess.run(
        [*command, "--fingerprint", told], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "agrees with itself" in ran.stdout.splitlines()[-1]) == (0, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "--to"),
        ("export", "--format", "xlsx", "--to"),
        ("export", "--pack"),
        ("snapshot",),
    ],
)
def test_a08_a_file_that_is_there_stays_and_a_folder_that_is_not_is_told(
    case, audit, tmp_path, arguments
):
    out = tmp_path / "out"
    out.write_text("before")
    result = audit(*arguments, out)
    assert (result.exit_code, "is there already" in result.stderr) == (2, True)
    assert out.read_text() == "before"
    assert audit(*arguments, out, "--force").exit_code == 0
    assert out.read_bytes() != b"before"
    result = audit(*arguments, tmp_path / "no" / "out")
    assert (result.exit_code, "cannot be written" in result.stderr) == (2, True)
    assert not list(tmp_path.glob(".unfinished-*"))


def test_a_file_and_a_pack_at_once_are_wrong_usage(case, audit, tmp_path):
    result = audit("export", "--to", tmp_path / "a", "--pack", tmp_path / "b")
    assert (result.exit_code, "--pack names the file itself" in result.stderr) == (2, True)


def test_nothing_that_fits_is_an_empty_export_and_no_reading(case, audit, tmp_path, accessed):
    result = audit("export", "--sender", "nobody@example.edu")
    assert list(csv.reader(io.StringIO(result.stdout))) == [list(COLUMNS)]
    assert audit("export", "--format", "ocsf", "--sender", "nobody@example.edu").stdout == ""
    assert accessed() == []


def test_a08_a_snapshot_is_written_by_pseudonyms_and_recorded_nowhere(
    case, audit, tmp_path, program, accessed
):
    out = tmp_path / "monition.db"
    result = audit("snapshot", out, "--since", "2026-11-22")
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"5 findings by pseudonym in {out}." in result.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    content = out.read_bytes().lower()
    assert not [each for each in program[1].ADDRESSES if each.lower().encode() in content]
    assert accessed() == []
    result = audit("snapshot", tmp_path / "x.db", "--sender", "jane@example.edu")
    assert (result.exit_code, "asked for by pseudonym" in result.stderr) == (2, True)


@pytest.mark.parametrize("verb", ["export", "snapshot", "checkpoint"])
def test_each_verb_has_an_example_in_its_help(verb):
    result = CliRunner().invoke(command, ["audit", verb, "--help"])
    assert result.exit_code == 0
    assert f"monition audit {verb}" in result.stdout.partition("Example")[2]
