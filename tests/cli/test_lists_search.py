"""``monition lists search``: what a person is told of whom a name could mean."""

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
def search(tmp_path):
    """Search what the packaged policies name."""
    (tmp_path / "monition.toml").write_text(CONFIG)

    def run(*arguments):
        return CliRunner().invoke(
            command,
            ["lists", "search", "-c", str(tmp_path / "monition.toml"), *arguments],
            catch_exceptions=False,
        )

    return run


def test_a_name_misheard_finds_the_institution_and_says_why(search):
    result = search("Bowman")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].endswith("  Bauman Moscow State Technical University, RU")
    said = {line.split()[0]: line for line in lines[1:6]}
    assert said["id"].endswith("us-ofac-45919")
    assert "US-OFAC-SDN (RUSSIA-EO14024)" in said["lists"]
    assert said["domains"].endswith("bmstu.ru")
    assert "bowman = bauman 0." in said["why"]


def test_another_name_that_matched_is_named(search):
    assert "北京航空航天大学 (another name of it)" in search("北京航空航天大学").stdout


def test_json_has_all_of_it_and_csv_the_same(search):
    (row,) = map(
        json.loads, search("Skoltech", "--limit", "1", "--format", "json").stdout.splitlines()
    )
    assert row["entity"] == "us-ofac-38222"
    assert row["score"] == 100
    assert row["match"] is True
    assert "skoltech.ru" in row["domains"]
    assert row["why"] == "skoltech 1.00"
    (cells,) = csv.DictReader(
        io.StringIO(search("Skoltech", "--limit", "1", "--format", "csv").stdout)
    )
    assert list(cells) == list(row)
    assert cells["entity"] == row["entity"]


def test_a_common_name_finds_nobody_and_that_is_said(search):
    result = search("Institute", "of", "Physics")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "resembles 'Institute of Physics'" in result.stderr


def test_a_name_with_signs_that_move_the_cursor_is_spelt_out(search):
    assert "\x1b" not in search("\x1b[2J").stderr
