"""``monition lists propose``: proposals as a person sees them, and what a yes or a no does."""

import csv
import io
import json

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
    assert lists("propose").stdout == ""
    address = f"a@{row['domain']}"
    config = str(tmp_path / "monition.toml")
    checked = CliRunner().invoke(command, ["check", address, "-c", config, "--format", "json"])
    verdict = json.loads(checked.stdout)
    assert (verdict["standing"], verdict["entity"]["id"]) == ("listed", row["entity"])
    assert "reviewed" in verdict["evidence"][0]
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
    from gateway.archive import accepted  # noqa: PLC0415

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(accepted, "add", refuse)
    result = lists("propose", "--accept", row["id"], "--by", "A")
    assert result.exit_code == 2
    assert "cannot be written (Permission denied)" in result.stderr
