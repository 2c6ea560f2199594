"""Questions, counts and words that are nearly right, as a person types them."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.ledger.questions.named_questions import QUESTIONS
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles
from gateway.packaged import policies_directory

JANE = "jane@example.edu"
EXCEPTION = """
[[exception]]
name = "Detector agreement"
owner = "m.okafor"
reason = "an agreement of 2024"
entity = ["us-ofac-38316"]
sender = ["physics.example.edu"]
until = 2999-12-31
"""


@pytest.fixture
def past(tmp_path):
    file = Path(__file__).parents[2] / "past.py"
    spec = importlib.util.spec_from_file_location("past", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    past = module.Past(tmp_path / "ledger.db")
    yield past
    past.close()


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
[lists]
directory = "{tmp_path / "lists"}"
[ledger]
path = "{tmp_path / "ledger.db"}"
emergency_journal = "{tmp_path / "ledger.journal"}"
"""
    )
    return path


@pytest.fixture
def audit(configuration):
    def audit(*arguments):
        return CliRunner().invoke(command, ["audit", *arguments, "-c", str(configuration)])

    return audit


def objects(result):
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a06_questions_lists_each_with_its_options_and_an_example():
    result = CliRunner().invoke(command, ["audit", "questions"])
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    for question in QUESTIONS.values():
        assert question.asks in text
        assert f"monition audit ask {question.name} {question.example}".strip() in text
    rows = objects(CliRunner().invoke(command, ["audit", "questions", "--format", "json"]))
    assert [row["name"] for row in rows] == list(QUESTIONS)
    assert "--sender" in rows[0]["options"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a06_each_question_explains_itself(name):
    result = CliRunner().invoke(command, ["audit", "ask", name, "--help"])
    assert result.exit_code == 0
    assert f"monition audit ask {name}" in result.stdout.partition("Example")[2]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a06_each_questions_example_can_be_typed(name, past, audit):
    past.saw("2026-03-01", JANE)
    words = [
        "ask",
        name,
        *QUESTIONS[name].example.replace("'", "").replace("Jane Doe", "Jane").split(),
    ]
    result = audit(*words)
    # The ledger has no such event, the disk no such checkpoint; all else is an answer.
    assert result.exit_code == (2 if name in {"why", "intact", "list-change"} else 0), result.output
    assert "Usage:" not in result.stderr


def test_an_answer_is_a_sentence_on_stderr_and_rows_on_stdout(past, audit):
    event = past.saw("2026-03-01T09:30:15", JANE)
    past.saw("2026-03-02", JANE)
    result = audit("ask", "first-contacts")
    assert result.stderr == "One sender wrote to an institution for the first time.\n"
    head, _, row = result.stdout.splitlines()
    assert head.split() == ["at", "id", "sender", "entity", "name", "findings"]
    assert row.startswith(f"2026-03-01 09:30  {event}  {JANE}")
    assert audit("first-contacts").stdout == result.stdout
    (found,) = objects(audit("ask", "first-contacts", "--format", "json"))
    assert tuple(found) == QUESTIONS["first-contacts"].columns
    assert found["at"] == "2026-03-01T09:30:15.000Z"
    told = audit("ask", "first-contacts", "--format", "csv").stdout
    assert next(csv.DictReader(io.StringIO(told)))["sender"] == JANE
    nothing = audit("ask", "first-contacts", "--since", "1h")
    assert nothing.stdout == ""
    assert nothing.stderr == "Nobody wrote to an institution for the first time.\n"


def test_a_page_says_that_there_is_more(past, audit):
    for day in (1, 2, 3):
        past.saw(f"2026-03-0{day}", JANE)
    result = audit("ask", "contacts", "--limit", "2", "--format", "json")
    assert len(objects(result)) == 2
    assert result.stderr.splitlines() == [
        "More than 2 recipients were written to, the newest first.",
        "These are the first 2: all with --limit 0.",
    ]
    assert len(objects(audit("ask", "contacts", "--limit", "0", "--format", "json"))) == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("ask", "contcts"), "There is no question 'contcts'; did you mean contacts?"),
        (("ask", "xyz"), "There is no question 'xyz'; `monition audit questions` lists them."),
        (("ask", "licence"), "Missing option '--number'"),
        (("ask", "who-looked", "--sender", "jane"), "'jane' is no mail address: give it whole"),
        (("ask", "open-longer", "--days", "-1"), "Invalid value for '--days'"),
        (("ask", "open-longer", "--days", "many"), "'many' is not a valid integer"),
        (("ask", "contacts", "--since", "yesterdya"), "'yesterdya' is no time; accepted are a day"),
        (("ask", "why-not", "--address", "a@mipt.ru", "--on", "soon"), "'soon' does not match"),
        (("ask", "contacts", "--text", "..."), "--text '...' holds no word"),
        (("ask", "intact", "--format", "csv"), "--format csv has nothing to show here"),
        (("stats", "--by", "colour"), "'colour' is not one of 'entity', 'sender'"),
        (("stats",), "Missing option '--by'"),
    ],
)
def test_wrong_usage_says_what_is_wrong_and_what_to_do(past, audit, words, says):
    past.saw("2026-03-01", JANE)
    result = audit(*words)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())
    assert result.stdout == ""


def test_a06_why_a_message_matched(past, audit):
    event = past.saw("2026-03-01", JANE)
    result = audit("ask", "why", "--event", event.lower())
    assert "stands on US-OFAC-SDN under RUSSIA-EO14024, since 2026-03-01" in result.stderr
    told = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert told["evidence"] == "stud.mipt.ru: ROR 00v0z9322, reviewed 2026-11-22"
    assert (told["sender"], told["matched"]) == (JANE, "mipt.ru")
    (found,) = objects(audit("ask", "why", "--event", event, "--format", "json"))
    assert (found["id"], found["rule"], found["action"]) == (event, "subdomain", "warn")
    hidden = audit("ask", "why", "--event", event, "--pseudonyms")
    assert "jane" not in hidden.output
    assert "ivan@" not in hidden.output


def test_why_takes_the_settlement_of_a_message_for_it_and_no_other_event(past, audit, tmp_path):
    event = past.saw("2026-03-01", JANE)
    past.looked("2026-03-02", [])
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        kinds = dict(connection.execute("SELECT kind, id FROM event"))
    rows = objects(audit("ask", "why", "--event", kinds["SETTLED"], "--format", "json"))
    assert rows[0]["id"] == event
    other = audit("ask", "why", "--event", kinds["ACCESSED"])
    assert (other.exit_code, "is of kind ACCESSED and belongs to no message" in other.stderr) == (
        2,
        True,
    )


def test_a06_why_an_address_did_not_match(past, audit):
    event = past.saw("2026-03-01", JANE, "ivan@stud.mipt.ru")
    result = audit("ask", "why-not", "--address", "ivan@stud.mipt.ru", "--on", "2020-01-01")
    assert "but not listed here and today" in result.stdout
    assert "decided      for 2020-01-01" in result.stdout
    assert event in result.stdout
    assert "The ledger saw that recipient once." in result.stderr
    never = audit("ask", "why-not", "--address", "anna@example.org")
    assert "No list names example.org or a domain above it." in never.stdout
    assert never.stderr == "The ledger never saw that recipient.\n"
    words = ("ask", "why-not", "--address", "ivan@stud.mipt.ru", "--format")
    (found,) = objects(audit(*words, "json"))
    assert found["standing"] == "listed"
    assert [row["id"] for row in found["seen"]] == [event]
    rows = list(csv.DictReader(io.StringIO(audit(*words, "csv").stdout)))
    assert [row["id"] for row in rows] == [event]
    # Who reads by pseudonyms can't try out whether somebody is in the ledger.
    tried = audit(*words, "json", "--pseudonyms")
    assert (tried.exit_code, tried.stdout) == (2, "")
    assert "is asked for by pseudonym" in tried.stderr


def test_a06_what_a_change_of_the_lists_touches(past, audit, tmp_path):
    first = datetime(2026, 11, 1, tzinfo=UTC)
    for day, rows in enumerate(
        (["Old,own-1,OWN,1,,,old.example,"], ["New,own-2,OWN,2,,,nimbus-research.ru,"])
    ):
        file = tmp_path / "own.csv"
        head = "name,id,list,uid,listed_on,delisted_on,domains,addresses"
        file.write_text("\n".join([head, *rows, ""]))
        import_files = ImportFiles("own", [file], accepts_loss=True)
        import_run.import_list(
            policies_directory(),
            Folder(tmp_path / "lists"),
            import_files,
            first + timedelta(days=day),
        )
    past.saw("2026-03-01", JANE, "ivan@nimbus-research.ru")
    past.saw("2026-03-01", JANE, "petr@elsewhere.example")
    result = audit("ask", "list-change", "--format", "json")
    (found,) = objects(result)
    assert (found["recipient"], found["entity_now"]) == ("ivan@nimbus-research.ru", "own-2")
    assert "One event is touched by the change." in result.stderr
    (looked,) = objects(audit("ask", "who-looked", "--format", "json"))
    assert (looked["verb"], looked["rows"], looked["senders"]) == ("audit ask list-change", 1, 1)
    hidden = audit("ask", "list-change", "--format", "json", "--pseudonyms")
    assert "jane" not in hidden.output
    assert "ivan" not in hidden.output
    nothing = audit("ask", "list-change", "--before", "2026-11-02", "--after", "2026-11-02")
    assert "Nothing that the ledger holds is touched by the change." in nothing.stderr


def test_a06_exceptions_of_the_policy_stand_beside_those_of_the_office(
    past, audit, configuration, tmp_path
):
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "exceptions.toml").write_text(EXCEPTION)
    configuration.write_text(configuration.read_text() + f'[policies]\ndirectory = "{policies}"\n')
    event = past.saw("2026-03-01", JANE)
    past.decided(event, "exempt", "2026-03-02")
    rows = objects(audit("ask", "exceptions", "--format", "json"))
    assert [(row["source"], row["name"], row["by"]) for row in rows] == [
        ("policy", "Detector agreement", "m.okafor"),
        ("decision", "exempt", "j.doe"),
    ]
    assert rows[0]["sender"] == "physics.example.edu"
    assert rows[0]["reason"] == "an agreement of 2024"
    first = audit("ask", "exceptions", "--format", "json", "--limit", "1")
    assert [row["source"] for row in objects(first)] == ["policy"]
    assert "More than 1 exceptions are in force" in first.stderr
    assert "These are the first 1: all with --limit 0." in first.stderr
    hidden = objects(audit("ask", "exceptions", "--format", "json", "--pseudonyms"))
    assert (hidden[0]["sender"], hidden[0]["reason"]) == (None, None)
    (policies / "exceptions.toml").write_text("[[exception]]\n")
    faulty = audit("ask", "exceptions")
    assert (faulty.exit_code, "exceptions.toml:1" in faulty.stderr) == (2, True)


def test_a06_is_it_intact(past, audit, tmp_path):
    past.saw("2026-03-01", JANE)
    result = audit("ask", "intact")
    assert result.exit_code == 0
    assert "is intact: 2 events" in result.stdout
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("DROP TRIGGER event_is_never_changed")
    broken = audit("ask", "intact", "--format", "json")
    assert broken.exit_code == 1
    assert json.loads(broken.stdout)["intact"] is False


def test_stats_count_what_the_filters_choose(past, audit):
    past.saw("2026-03-01", JANE, department="Physics")
    past.saw("2026-03-02", JANE, department="Physics")
    past.saw("2026-03-03", "omar@example.edu", department="Law")
    rows = objects(audit("stats", "--by", "department", "--format", "json"))
    assert [(row["department"], row["findings"]) for row in rows] == [("Physics", 2), ("Law", 1)]
    rows = objects(audit("stats", "--by", "week", "--sender", JANE, "--format", "json"))
    assert [row["findings"] for row in rows] == [1, 1]
    result = audit("stats", "--by", "sender", "--pseudonyms")
    assert "jane" not in result.output
    assert "person-" in result.stdout
    assert result.stderr == "2 senders, the busiest first.\n"


def test_a09_what_shows_senders_is_recorded_with_its_reason(past, audit):
    past.saw("2026-03-01", JANE)
    audit("stats", "--by", "sender", "--reason", "yearly report")
    audit("stats", "--by", "entity")
    audit("first-contacts", "--pseudonyms")
    audit("ask", "contacts")
    rows = objects(audit("ask", "who-looked", "--sender", JANE, "--format", "json"))
    assert [(row["verb"], row["theirs"], row["reason"]) for row in rows] == [
        ("audit ask contacts", "yes", None),
        ("audit stats", "yes", "yearly report"),
    ]


def test_a07_what_a_word_was_taken_for_is_said(past, audit):
    past.saw("2026-03-01", JANE, "sergey.ivanov@stud.mipt.ru")
    result = audit("list", "--text", "ivanow", "--format", "json")
    assert [row["recipient"] for row in objects(result)] == ["sergey.ivanov@stud.mipt.ru"]
    assert result.stderr == "ivanow → ivanov\n"
    asked = audit("ask", "contacts", "--text", "Иванов", "--format", "json")
    assert len(objects(asked)) == 1
    assert asked.stderr.splitlines()[0] == "Иванов → ivanov"
    counted = audit("stats", "--by", "rule", "--text", "jane mosocw", "--format", "json")
    assert [row["findings"] for row in objects(counted)] == [1]
    assert "mosocw → moscow" in counted.stderr


def test_a07_words_of_the_ledger_are_not_told_where_nothing_is_shown(past, audit):
    past.saw("2026-03-01", JANE, "sergey.ivanov@stud.mipt.ru")
    for verb in (("list",), ("ask", "contacts")):
        nothing = audit(*verb, "--text", "ivanow", "--since", "1h")
        assert "ivanov" not in nothing.output
        unknown = audit(*verb, "--text", "xyzzyq")
        assert "no name in the ledger has a word like 'xyzzyq'" in unknown.stderr
        hidden = audit(*verb, "--text", "ivanow", "--pseudonyms")
        assert (hidden.exit_code, hidden.stdout) == (2, "")
        assert "--text looks for names, which --pseudonyms keeps from being seen" in hidden.stderr
