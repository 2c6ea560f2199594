from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.ledger.query.ledger_reader import COLUMNS
from gateway.ledger.record.events import Observation, SettledRecipient, observed
from gateway.ledger.store.settlement import Settlement
from gateway.ledger.store.writer import LedgerWriter
from gateway.model import (
    Action,
    Address,
    Client,
    Decision,
    Entity,
    Envelope,
    Finding,
    Kind,
    Listing,
    Outcome,
    Peek,
    Recipient,
    Reply,
    Rule,
    Standing,
    Suppression,
    Tier,
)

LISTING = Listing(
    "US-OFAC-SDN",
    "RUSSIA-EO14024",
    "38316",
    date(2022, 8, 2),
    date(2022, 8, 2),
    date(2022, 8, 31),
)
MIPT = Entity("us-ofac-38316", "Moscow Institute of Physics and Technology", listings=(LISTING,))


@pytest.fixture
def ledger_path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def configuration(tmp_path, ledger_path):
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
path = "{ledger_path}"
emergency_journal = "{tmp_path / "ledger.journal"}"
"""
    )
    return path


@pytest.fixture
def events(tmp_path, ledger_path):
    """Three messages: one delivered, one of hostile text, one pending. Their ids, oldest first."""
    ledger = LedgerWriter(
        ledger_path,
        tmp_path / "ledger.journal",
        process="p",
        clock=lambda: datetime.now(UTC),
        entropy=os.urandom,
        tell=lambda text, error: None,
    )
    ledger.start()
    ids = []
    for number, sender in enumerate(
        [b"=prof@example.edu", b"\x1b[31mred@example.edu", b"c@example.edu"]
    ):
        path = b"ivan%d@stud.mipt.ru" % number
        finding = Finding(
            Address(path, f"ivan{number}", "stud.mipt.ru"),
            Standing.LISTED,
            Kind.INDIVIDUAL,
            "sha256:5a",
            MIPT,
            LISTING,
            Tier.BLOCKING,
            "mipt.ru",
            Rule.SUBDOMAIN,
            ("mipt.ru: ROR 00v0z9322, reviewed 2026-11-22",),
        )
        accepted = Recipient(path, b"", Reply(250, "2.1.5", (b"250 2.1.5 Ok\r\n",)))
        envelope = Envelope("m", sender, (accepted,), Client("192.0.2.7", "pc", "4XyZ"))
        (record,) = observed(
            Observation(f"m{number}", "p", "warn", envelope, Peek(message_id="<1@example.edu>")),
            [Decision(Action.WARN, "listed institutions: warn", (finding,), "sha256:b0")],
            at=datetime.now(UTC),
            entropy=os.urandom,
        )
        ledger.observe([record]).result()
        ids.append(record.id)
        if number == 0:
            ledger.settle(
                Settlement(
                    "m0",
                    datetime.now(UTC),
                    (
                        SettledRecipient(
                            record.id, Outcome.DELIVERED, "250 2.0.0 Ok: queued as 5Abc", "5Abc"
                        ),
                    ),
                    None,
                    Suppression.LIST_MAIL,
                    lambda opened, at: True,
                    timedelta(days=7),
                )
            ).result()
    ledger.close()
    return ids


@pytest.fixture
def audit(configuration):
    def audit(*arguments):
        verb, *rest = arguments
        return CliRunner().invoke(command, ["audit", verb, "-c", str(configuration), *rest])

    return audit


def test_list_as_json_has_the_contracts_fields_in_their_order(audit, events):
    result = audit("list", "--format", "json")
    assert result.exit_code == 0
    rows = [json.loads(text) for text in result.stdout.splitlines()]
    assert [row["id"] for row in rows] == events[::-1]
    assert all(tuple(row) == COLUMNS for row in rows)
    assert (rows[2]["outcome"], rows[2]["notice"]) == ("delivered", "suppressed:list-mail")
    assert (rows[0]["outcome"], rows[0]["notice"]) == ("pending", "none")


def test_list_as_csv_has_all_fields_and_harmless_cells(audit, events):
    result = audit("list", "--format", "csv")
    head, *rows = result.stdout.splitlines()
    assert head == ",".join(COLUMNS)
    assert ",'=prof@example.edu," in rows[-1]


def test_list_for_people_is_a_table_that_a_terminal_survives(audit, events):
    result = audit("list")
    assert "entity name" in result.stdout
    assert "\x1b" not in result.stdout
    assert "red@example.edu" in result.stdout


def test_list_takes_all_filters_together(audit, events):
    result = audit(
        "list", "--format", "json", "--since", "1d", "--until", "2100-01-01",
        "--sender", "c@example.edu", "--recipient", "ivan2@*", "--domain", "mipt.ru",
        "--entity", "us-ofac-38316", "--list", "US-OFAC-SDN", "--programme", "RUSSIA-EO14024",
        "--tier", "blocking", "--standing", "listed", "--kind", "individual", "--action", "warn",
        "--outcome", "pending", "--limit", "5", "--offset", "0",
    )  # fmt: skip
    assert [json.loads(text)["id"] for text in result.stdout.splitlines()] == [events[2]]
    assert result.stderr == ""


def test_list_says_when_there_is_more_and_when_there_is_nothing(audit, events):
    result = audit("list", "--limit", "2", "--format", "json")
    assert len(result.stdout.splitlines()) == 2
    assert "--offset 2" in result.stderr
    assert audit("list", "--limit", "0").stderr == ""
    assert audit("list", "--sender", "nobody@example.edu").stderr == "nothing in the ledger fits\n"


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_a_time_that_is_none_is_wrong_usage_and_names_what_is_accepted(audit, events, option):
    result = audit("list", option, "yesterday")
    assert result.exit_code == 2
    assert "'yesterday' is no time; accepted are a day (2026-11-22)" in result.stderr


def test_a_ledger_that_is_not_there_is_told_and_not_begun(audit, ledger_path):
    for verb in (("list",), ("show", "01"), ("verify",), ("checkpoint",)):
        result = audit(*verb)
        assert result.exit_code == 2
        assert "there is no ledger at" in result.stderr
    assert not ledger_path.exists()


def test_show_explains_an_event_to_an_officer(audit, events):
    result = audit("show", events[0])
    text = " ".join(result.stdout.split())
    assert result.exit_code == 0
    assert (
        "Moscow Institute of Physics and Technology stands on US-OFAC-SDN under RUSSIA-EO14024, "
        "since 2022-08-02 (wind-down until 2022-08-31). The recipient is below its domain "
        'mipt.ru. The policy\'s rule "listed institutions: warn" said: warn.'
    ) in text
    assert "The next hop took the message. No notice: the message came through a mailing" in text
    assert "sender =prof@example.edu" in text
    assert "recipient reply 250 2.0.0 Ok: queued as 5Abc" in text
    assert "row 2 of 6" in text


def test_show_takes_the_beginning_of_an_id(audit, events):
    beginning = events[0][:-1]
    while sum(event.startswith(beginning) for event in events) > 1:
        beginning = events[0][: len(beginning) + 1]
    assert audit("show", beginning.lower()).exit_code == 0


def test_show_is_safe_for_a_terminal(audit, events):
    assert "\x1b" not in audit("show", events[1]).stdout


def test_show_as_json_has_everything(audit, events):
    shown = json.loads(audit("show", events[0], "--format", "json").stdout)
    assert shown["facts"]["evidence"] == ["mipt.ru: ROR 00v0z9322, reviewed 2026-11-22"]
    assert shown["personal"]["sender"]["queue_id"] == "4XyZ"
    assert [other["kind"] for other in shown["related"]] == ["SETTLED"]
    assert len(bytes.fromhex(shown["hash"])) == 32


def test_show_says_what_is_erased(audit, events, ledger_path):
    with closing(sqlite3.connect(ledger_path)) as connection:
        connection.execute("UPDATE personal SET salt = NULL, data = NULL WHERE part = 'sender'")
        connection.commit()
    text = audit("show", events[0]).stdout
    assert "sender erased" in " ".join(text.split())
    assert "prof@" not in text
    row = json.loads(audit("list", "--format", "json").stdout.splitlines()[0])
    assert row["erased"] is True
    assert row["sender"] is None


def test_show_of_no_event_and_of_several(audit, events):
    for prefix, says in (("XX", "no event"), ("01", "several events")):
        result = audit("show", prefix)
        assert result.exit_code == 2
        assert says in result.stderr


def test_a02_verify_is_silent_about_nothing(audit, events):
    result = audit("verify")
    assert result.exit_code == 0
    assert "is intact: 6 events" in result.stdout
    assert "a tail that was cut off cannot be seen" in result.stdout
    shown = json.loads(audit("verify", "--format", "json").stdout)
    assert (shown["intact"], shown["events"], shown["flaws"]) == (True, 6, [])


def change(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        guards = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in guards:
            connection.execute(sql)
        connection.commit()


def test_a02_verify_ends_with_1_and_names_the_first_bad_row(audit, events, ledger_path):
    change(ledger_path, "UPDATE event SET facts = replace(facts, 'warn', 'wern') WHERE seq = 2")
    result = audit("verify")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert f"row 2 ({events[0]}): was changed: its hash does not fit its columns" in result.stderr
    shown = audit("verify", "--format", "json")
    assert shown.exit_code == 1
    assert json.loads(shown.stdout)["flaws"][0]["seq"] == 2


def test_a02_verify_ends_with_1_for_a_missing_trigger(audit, events, ledger_path):
    with closing(sqlite3.connect(ledger_path)) as connection:
        connection.execute("DROP TRIGGER event_is_never_changed")
    result = audit("verify")
    assert (result.exit_code, "event_is_never_changed is missing" in result.stderr) == (1, True)


def test_a02_verify_finds_a_cut_tail_against_a_checkpoint(audit, events, ledger_path, tmp_path):
    kept = tmp_path / "checkpoint.json"
    kept.write_text(audit("checkpoint").stdout)
    assert json.loads(kept.read_text())["seq"] == 6
    result = audit("verify", "--checkpoint", str(kept))
    assert (result.exit_code, "checkpoint of row 6 is met" in result.stdout) == (0, True)
    change(ledger_path, "DELETE FROM event WHERE seq = 6")
    assert audit("verify").exit_code == 0
    result = audit("verify", "--checkpoint", str(kept))
    assert result.exit_code == 1
    assert "ends at row 5, but the checkpoint was taken at row 6" in result.stderr


def test_verify_of_an_emptied_file_says_so(audit, events, ledger_path):
    for path in ledger_path.parent.glob("ledger.db*"):
        if path.is_file():
            path.write_bytes(b"")
    result = audit("verify")
    assert result.exit_code == 2
    assert "is empty: `monition serve` has written" in result.stderr


def test_verify_with_something_that_is_no_checkpoint_is_wrong_usage(audit, events, tmp_path):
    (tmp_path / "x").write_text("x")
    result = audit("verify", "--checkpoint", str(tmp_path / "x"))
    assert (result.exit_code, "is no checkpoint" in result.stderr) == (2, True)


def test_verify_of_junk_fails_as_a_check(audit, ledger_path):
    ledger_path.write_bytes(b"junk" * 999)
    result = audit("verify")
    assert (result.exit_code, "damaged" in result.stderr) == (1, True)


@pytest.mark.parametrize("verb", ["list", "show", "verify", "checkpoint"])
def test_each_verb_has_an_example_in_its_help(verb):
    result = CliRunner().invoke(command, ["audit", verb, "--help"])
    assert result.exit_code == 0
    assert f"monition audit {verb}" in result.stdout.partition("Example")[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--limit"),
        ("list", "--offset"),
        ("stats", "--by", "week", "--limit"),
        ("ask", "blind", "--minutes"),
        ("ask", "open-longer", "--days"),
        ("ask", "warned-often", "--times"),
    ],
)
def test_a_number_too_large_is_refused_and_the_largest_is_none_too_large(
    configuration, events, arguments
):
    del events

    def audit(*words):
        return CliRunner().invoke(command, ["audit", *words, "-c", str(configuration)])

    too_large = audit(*arguments, "9" * 23)
    assert (too_large.exit_code, "is not in the range" in too_large.stderr) == (2, True)
    assert audit(*arguments, str(2**31 - 1)).exit_code == 0


@pytest.mark.parametrize("verb", [("list",), ("ask", "contacts"), ("stats", "--by", "week")])
def test_a_period_that_ends_before_it_begins_is_refused(configuration, events, verb):
    del events

    def audit(*words):
        return CliRunner().invoke(command, ["audit", *words, "-c", str(configuration)])

    result = audit(*verb, "--since", "2026-03-01", "--until", "2026-02-01")
    assert (result.exit_code, "nothing lies between" in result.stderr) == (2, True)
    assert audit(*verb, "--since", "2026-03-01", "--until", "2026-03-01").exit_code == 0


@pytest.mark.parametrize(
    "act",
    [
        ("dispose", "01", "--as", "personal", "--reason", "x"),
        ("hold", "01", "--matter", "m"),
        ("erase", "01", "--part", "notes", "--yes"),
        ("retain",),
    ],
)
def test_who_did_it_is_no_address_for_it_is_kept_for_ever(audit, events, facts_of, act):
    del events
    result = audit(*act, "--by", "jane@example.edu")
    assert (result.exit_code, "is an address, and it is kept for ever" in result.stderr) == (
        2,
        True,
    )
    assert facts_of("DISPOSED") + facts_of("HELD") + facts_of("ERASED") == []
