"""``monition lists show``: an institution by its id, number, domain, address or name."""

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
OWN = """\
name,id,aliases,country,list,programme,uid,listed_on,domains,addresses,source
Institute of Tests,own-1,IoT|Teststelle,RU,OWN,P,7,2026-03-01,tests.example.org,x@gmail.com,Board
One,own-2,Same,,OWN,,8,,shared.example.net,,
Two,own-3,Same,,OWN,,9,,shared.example.net,,
"""


@pytest.fixture
def monition(tmp_path):
    (tmp_path / "monition.toml").write_text(CONFIG)

    def run(*words):
        words = [*words, "-c", str(tmp_path / "monition.toml")]
        return CliRunner().invoke(command, words, catch_exceptions=False)

    return run


@pytest.fixture
def show(monition, tmp_path):
    (tmp_path / "own.csv").write_text(OWN)
    assert monition("lists", "import", str(tmp_path / "own.csv"), "--source", "own").exit_code == 0
    return lambda *words: monition("lists", "show", *words)


@pytest.mark.parametrize(
    "text",
    ["own-1", "7", "tests.example.org", "a@sub.tests.example.org", "x@gmail.com", "teststelle"],
)
def test_it_is_found_by_whatever_names_it_exactly(show, text):
    done = show(text)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Institute of Tests\n  id       own-1\n  country  RU\n")


def test_all_of_it_is_shown(show):
    lines = show("own-1").stdout.splitlines()
    assert "  IoT" in lines
    assert "  OWN P 7: listed 2026-03-01; Board" in lines
    assert "  tests.example.org: OWN 7, domain" in lines
    assert "  x@gmail.com: OWN 7, e-mail address" in lines
    assert "  own: own.csv:2, own-1" in lines


def test_programs_get_the_same(show):
    told = json.loads(show("own-1", "--format", "json").stdout)
    assert told["name"] == "Institute of Tests"
    assert told["listings"][0]["listed_on"] == "2026-03-01"
    assert [each["value"] for each in told["domains"]] == ["tests.example.org"]
    assert told["taken_from"] == [
        {"source": "own", "entry": "own-1", "place": "own.csv:2", "name": "Institute of Tests"}
    ]
    assert told["snapshot"].startswith("sha256:")


def test_one_that_people_wrote_needs_no_list(monition):
    done = monition("lists", "show", "mipt.ru")
    assert done.exit_code == 0
    assert "wind-down through 2022-08-31" in done.stdout
    assert "reviewed 2026-11-22 by " in done.stdout
    assert "  the policies alone" in done.stdout


@pytest.mark.parametrize("text", ["shared.example.net", "same"])
def test_where_there_are_several_their_ids_are_told(show, text):
    done = show(text)
    assert done.exit_code == 1
    assert "own-2 (One), own-3 (Two)" in done.stderr


@pytest.mark.parametrize("text", ["Institute", "nobody.example", "gmail.com", "", "a@", "…"])
def test_nobody_is_told(show, text):
    done = show(text)
    assert done.exit_code == 1
    assert "`monition lists search` finds similar names" in done.stderr
    assert done.stdout == ""


def test_s03_what_a_list_gives_and_nobody_is_found_by_is_shown_with_its_place(monition, tmp_path):
    (tmp_path / "own.csv").write_text("name,id,domains,addresses\nOne,own-1,gmail.com|one.ru,\n")
    assert monition("lists", "import", str(tmp_path / "own.csv"), "--source", "own").exit_code == 0
    lines = monition("lists", "show", "own-1").stdout.splitlines()
    at = lines.index("Given by a list and not used")
    assert lines[at + 1].startswith("  gmail.com: gmail.com belongs to a provider of personal mail")
    assert lines[at + 1].endswith("(own: own.csv:2)")
    (told,) = json.loads(monition("lists", "show", "own-1", "--format", "json").stdout)["unused"]
    assert (told["source"], told["place"], told["text"]) == ("own", "own.csv:2", "gmail.com")
