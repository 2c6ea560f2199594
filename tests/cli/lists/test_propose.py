"""``monition lists propose``: proposals as a person sees them, and what a yes or a no does."""

import contextlib
import csv
import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import command

CONFIG = """
[institution]
name = "U"
domains = ["example.edu"]
[compliance]
office = "O"
email = "o@example.edu"
[lists]
directory = "lists"
"""
ROR = {
    "id": "https://ror.org/00v0z9322",
    "status": "active",
    "names": [{"value": "Technopark Skolkovo", "types": ["ror_display"]}],
    "locations": [{"geonames_details": {"country_code": "RU"}}],
    "domains": ["technopark-made-up.ru"],
    "links": [],
}


@pytest.fixture
def lists(tmp_path):
    """Run a verb of the lists, with the packaged policies and the registry imported."""
    (tmp_path / "monition.toml").write_text(CONFIG)
    (tmp_path / "ror.json").write_text(json.dumps([ROR]))

    def run(*arguments):
        config = ["-c", str(tmp_path / "monition.toml")]
        return CliRunner().invoke(command, ["lists", *arguments, *config], catch_exceptions=False)

    imported = run("import", str(tmp_path / "ror.json"), "--source", "ror")
    assert imported.exit_code == 0, imported.output
    return run


@pytest.fixture
def row(lists):
    """Give the one proposal there is."""
    (line,) = lists("propose", "--format", "json").stdout.splitlines()
    return json.loads(line)


def test_s13_a_proposal_is_shown_with_score_evidence_and_id(lists, row):
    assert row["domain"] == "technopark-made-up.ru"
    assert row["entity"] == "us-ofac-38223"
    assert row["score"] >= 60
    result = lists("propose")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == [str(row["score"]), row["domain"]]
    assert lines[-1].split() == ["proposal", row["id"]]
    assert any(line.strip().startswith("name ") for line in lines)
    assert "1 proposal of score 60 or more" in result.stderr
    (cells,) = csv.DictReader(io.StringIO(lists("propose", "--format", "csv").stdout))
    assert cells["id"] == row["id"]


def test_s13_a_low_score_is_left_out(lists, row):
    result = lists("propose", "--min-score", str(row["score"] + 1))
    assert result.stdout == ""
    assert lists("propose", "--entity", row["entity"]).stdout != ""
    assert lists("propose", "--entity", "us-ofac-38222").stdout == ""


def test_s13_an_accepted_domain_is_listed_at_once(lists, row, tmp_path):
    result = lists("propose", "--accept", row["id"], "--by", "A. Reviewer", "--note", "rang them")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"Accepted: {row['domain']} for ")
    where = tmp_path / "lists" / "accepted" / "entities.toml"
    assert f"To take it back: take its [[addition]] out of {where}, then run " in result.stdout
    assert lists("propose").stdout == ""
    address = f"a@{row['domain']}"
    config = str(tmp_path / "monition.toml")
    checked = CliRunner().invoke(command, ["check", address, "-c", config, "--format", "json"])
    verdict = json.loads(checked.stdout)
    assert (verdict["standing"], verdict["entity"]["id"]) == ("listed", row["entity"])
    assert "reviewed" in verdict["evidence"][0]
    shown = CliRunner().invoke(command, ["check", address, "-c", config]).stdout
    assert "by A. Reviewer" in next(line for line in shown.splitlines() if "reviewed" in line)
    # As the output says: what was accepted is taken back by hand, and clear again.
    where.write_text("")
    assert lists("update", "policies").exit_code == 0
    assert "clear" in CliRunner().invoke(command, ["check", address, "-c", config]).stdout
    again = lists("propose", "--accept", row["id"], "--by", "A. Reviewer", "--note", "rang them")
    assert again.exit_code == 0
    again = lists("propose", "--accept", row["id"], "--by", "A. Reviewer")
    assert again.exit_code == 2
    assert "accepted by A. Reviewer" in again.stderr


def test_s13_a_rejected_one_is_not_shown_unless_asked_for(lists, row):
    assert lists("propose", "--reject", row["id"], "--by", "B. Reviewer").exit_code == 0
    result = lists("propose")
    assert result.stdout == ""
    assert "1 that were rejected are not shown" in result.stderr
    assert "by B. Reviewer on " in lists("propose", "--rejected").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--accept", "x"], "say who decides"),
        (["--accept", "x", "--by", " "], "the name is empty"),
        (["--accept", "x", "--by", "A"], "there is no proposal x"),
        (["--accept", "x", "--reject", "y", "--by", "A"], "exclude each other"),
        (["--by", "A"], "go with --accept ID or --reject ID"),
        (["--entity", "nobody"], "no institution has the id nobody"),
        (["--accept", "x", "--by", "A", "--mx", "5"], "--mx goes with neither"),
    ],
)
def test_s13_wrong_usage_is_told(lists, arguments, told):
    result = lists("propose", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_without_a_registry_it_says_where_one_comes_from(lists, tmp_path):
    (tmp_path / "lists" / "ror.jsonl").unlink()
    assert "--source ror" in lists("propose").stderr


def test_a_directory_that_cannot_be_written_is_told(lists, row, tmp_path, monkeypatch):
    from gateway.list_store.files import accepted_domains  # noqa: PLC0415

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(accepted_domains, "add", refuse)
    result = lists("propose", "--accept", row["id"], "--by", "A")
    assert result.exit_code == 2
    assert "cannot be written (Permission denied)" in result.stderr


@pytest.fixture
def name_server():
    """The DNS server of the tests of net."""
    file = Path(__file__).parents[2] / "lookup" / "name_server.py"
    spec = importlib.util.spec_from_file_location("name_server", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with contextlib.closing(module.NameServer()) as server:
        yield server


@pytest.fixture
def guests(lists, name_server, tmp_path):
    """Import three organisations more; the mail of one goes to MIPT. Ask at this server."""
    config = tmp_path / "monition.toml"
    resolvers = f'resolvers = ["127.0.0.1:{name_server.port}"]'
    config.write_text(config.read_text().replace("[lists]", f"[lists]\n{resolvers}"))
    records = [
        ROR | {"id": f"https://ror.org/0000{number}0000", "domains": [domain]}
        for number, domain in enumerate(("guest.ru", "other.ru", "third.ru"))
    ]
    for record, name in zip(records, ("Quux", "Norf", "Plugh"), strict=True):
        record["names"] = [{"value": f"{name} Institute", "types": ["ror_display"]}]
    (tmp_path / "ror.json").write_text(json.dumps([ROR, *records]))
    assert lists("import", str(tmp_path / "ror.json"), "--source", "ror").exit_code == 0
    name_server.has("guest.ru", mx=["10 mx.mipt.ru."])
    name_server.has("other.ru", mx=["10 mx.elsewhere.example."])
    name_server.has("technopark-made-up.ru", mx=["10 mx.elsewhere.example."])
    return lists


def test_s13_nobody_is_asked_unless_a_person_says_so(guests, name_server):
    assert "guest.ru" not in guests("propose").stdout
    assert name_server.asked == []


def test_s13_a_domain_whose_mail_a_listed_institution_takes_is_proposed(guests, name_server):
    done = guests("propose", "--mx", "100", "--format", "json", "--min-score", "0")
    assert done.exit_code == 0, done.output
    rows = {row["domain"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["guest.ru"]["entity"] == "us-ofac-38316"
    assert "MX mx.mipt.ru lies inside mipt.ru" in rows["guest.ru"]["evidence"][0]
    assert "the domain of Quux Institute" in rows["guest.ru"]["evidence"][-1]
    assert "other.ru" not in rows
    server = f"127.0.0.1:{name_server.port}"
    assert f"Asking {server} for the mail exchangers of 4 of 4 domains" in done.stderr
    assert "4 questions asked, 0 of them without an answer; 1 domains found" in done.stderr
    assert {kind for _, kind, *_ in name_server.asked} == {"MX"}
    assert name_server.names_asked() == {
        "technopark-made-up.ru",
        "guest.ru",
        "other.ru",
        "third.ru",
    }


def test_s13_what_the_dns_said_is_kept_for_the_yes_and_changes_no_verdict_before(guests, tmp_path):
    config = str(tmp_path / "monition.toml")
    done = guests("propose", "--mx", "100", "--format", "json", "--min-score", "0")
    rows = {row["domain"]: row for row in map(json.loads, done.stdout.splitlines())}
    checked = CliRunner().invoke(command, ["check", "a@guest.ru", "-c", config])
    assert checked.stdout.startswith("a@guest.ru: clear")
    yes = guests("propose", "--accept", rows["guest.ru"]["id"], "--by", "A. Reviewer")
    assert yes.exit_code == 0, yes.output
    checked = CliRunner().invoke(command, ["check", "a@guest.ru", "-c", config])
    assert checked.stdout.startswith("a@guest.ru: listed")


def test_s13_no_more_questions_than_were_granted_the_likeliest_first(guests, name_server):
    done = guests("propose", "--mx", "1")
    assert "mail exchangers of 1 of 4 domains" in done.stderr
    assert "1 question asked" in done.stderr
    assert name_server.names_asked() == {"technopark-made-up.ru"}


def test_on_a_terminal_and_there_alone_it_says_what_it_is_at(lists, row, tmp_path):
    assert "Reading the registry" not in lists("propose").stderr
    screen, end = os.openpty()
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gateway",
            "lists",
            "propose",
            "-c",
            str(tmp_path / "monition.toml"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=end,
    ) as process:
        os.close(end)
        said = b""
        with contextlib.suppress(OSError):  # Linux ends a terminal so, once nobody holds it
            while more := os.read(screen, 4096):
                said += more
    os.close(screen)
    assert process.returncode == 0
    assert b"Reading the registry of organisations" in said
    assert b"Looking at institutions" in said
