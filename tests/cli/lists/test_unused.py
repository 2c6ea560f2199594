"""``monition lists unused``: every website and address that was not used, and where it stands."""

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


@pytest.fixture
def monition(tmp_path):
    (tmp_path / "monition.toml").write_text(CONFIG)

    def run(*words):
        words = [*words, "-c", str(tmp_path / "monition.toml")]
        return CliRunner().invoke(command, words)

    return run


@pytest.fixture
def unused(monition, tmp_path):
    rows = ["name,domains", "One,gmail.com|one.example.org", "Two,ac.ru", "Three,three.example.net"]
    (tmp_path / "own.csv").write_text("\n".join(rows))
    assert monition("lists", "import", str(tmp_path / "own.csv"), "--source", "own").exit_code == 0
    return lambda *words: monition("lists", "unused", *words)


def test_s03_all_are_shown_with_source_file_row_institution_and_reason(unused):
    found = list(map(json.loads, unused("--format", "json").stdout.splitlines()))
    assert [(each["source"], each["place"], each["entity"], each["text"]) for each in found] == [
        ("own", "own.csv:2", "own-one", "gmail.com"),
        ("own", "own.csv:3", "own-two", "ac.ru"),
    ]
    assert found[0]["entity_name"] == "One"
    assert "public suffix" in found[1]["reason"]
    assert list(csv.DictReader(io.StringIO(unused("own", "--format", "csv").stdout))) == found


def test_people_get_a_table_and_a_count(unused):
    done = unused("own")
    assert "gmail.com" in done.stdout
    assert done.stderr == "2 websites or addresses not used\n"


def test_a_source_that_was_not_imported_is_told(unused, monition):
    done = unused("us-csl")
    assert done.exit_code == 2
    assert "us-csl was not imported; imported are: own" in done.stderr
    assert "not used" not in done.stdout
