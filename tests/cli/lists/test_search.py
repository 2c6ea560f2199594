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


def rows(result):
    return list(map(json.loads, result.stdout.splitlines()))


@pytest.mark.parametrize(
    ("query", "entity"),
    [
        ("МГТУ им. Баумана", "us-ofac-45919"),
        ("МГТУ имени Баумана", "us-ofac-45919"),
        ("МГТУ Баумана", "us-ofac-45919"),
        ("Koorchatof", "us-ofac-35342"),
        ("Kurchatof institut", "us-ofac-35342"),
        ("Skoltekh", "us-ofac-38222"),
        ("физтех", "us-ofac-38316"),
        ("MFTI", "us-ofac-38316"),
    ],
)
def test_a_name_as_it_is_said_finds_the_institution_among_the_first_three(search, query, entity):
    found = [row["entity"] for row in rows(search(query, "--limit", "3", "--format", "json"))]
    assert entity in found


def test_a_match_is_what_was_asked_for_and_no_slip_however_near(search):
    by_part = rows(search("Bauman", "--format", "json"))[0]
    assert (by_part["match"], by_part["how"]) == (True, "part")
    by_ear = rows(search("Bowman", "--format", "json"))[0]
    assert (by_ear["entity"], by_ear["match"], by_ear["how"]) == ("us-ofac-45919", False, "alike")


@pytest.mark.parametrize(
    ("query", "how"),
    [
        ("us-ofac-38316", "id"),
        ("38316", "number"),
        ("https://ror.org/00v0z9322", "ror"),
        ("mipt.ru", "domain"),
        ("ivanov@stud.mipt.ru", "domain"),
    ],
)
def test_what_points_at_an_institution_leads_to_it_alone_and_says_how(search, query, how):
    (row,) = rows(search(query, "--format", "json"))
    assert (row["entity"], row["how"]) == ("us-ofac-38316", how)
    assert (row["score"], row["match"]) == (100, True)
    assert "     why       " in search(query).stdout


def test_a_domain_for_review_is_no_match(search):
    (row,) = rows(search("skoltexh.ru", "--format", "json"))
    assert (row["how"], row["match"], row["score"]) == ("lookalike", False, 60)


def test_a_ror_record_that_speaks_for_nobody_is_searched_for_by_its_name(search, tmp_path):
    record = {
        "id": "https://ror.org/05v1frz10",
        "status": "active",
        "names": [{"value": "Bauman University", "types": ["ror_display"]}],
    }
    path = tmp_path / "ror.jsonl"
    path.write_text(json.dumps(record))
    done = CliRunner().invoke(
        command,
        [*("lists", "import", "--source", "ror", "-c", str(tmp_path / "monition.toml")), str(path)],
    )
    assert done.exit_code == 0, done.output
    result = search("05v1frz10", "--format", "json", "--limit", "1")
    assert [row["entity"] for row in rows(result)] == ["us-ofac-45919"]
    assert "ROR 05v1frz10 is Bauman University" in result.stderr


def test_a_common_name_finds_nobody_and_that_is_said(search):
    result = search("Institute", "of", "Physics")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "resembles 'Institute of Physics'" in result.stderr


def test_a_name_with_signs_that_move_the_cursor_is_spelt_out(search):
    assert "\x1b" not in search("\x1b[2J").stderr
