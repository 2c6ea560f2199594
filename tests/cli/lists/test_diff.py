"""``lists diff``, with imports, snapshots and a ledger that are real."""

import csv
import io
import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.addresses.path_reading import read
from gateway.cli.lists.diff import COLUMNS
from gateway.cli.main import command
from gateway.compliance.sanction_lists.list_change import COLUMNS as AFFECTED
from gateway.ledger.record.events import Observation, observed
from gateway.ledger.store.writer import LedgerWriter
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles
from gateway.model import Client, Envelope, Peek, Recipient, Reply
from gateway.packaged import policies_directory
from gateway.policy import rules as policy
from gateway.policy.decide import decide
from gateway.screening.classify import classify

FIRST = datetime(2026, 11, 20, 12, tzinfo=UTC)
HEAD = "name,id,list,uid,listed_on,delisted_on,domains,addresses"
NIMBUS = "Nimbus Institute,own-nimbus,OWN,1,2026-01-01,,nimbus-research.ru,"
CIRRUS = "Cirrus College,own-cirrus,OWN,2,2026-01-01,,cirrus-college.ru,"


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


@pytest.fixture
def take(tmp_path, folder):
    """Import the institution's own list with these rows, so many days after the first."""

    def run(*rows, days=0):
        path = tmp_path / "own.csv"
        path.write_text("\n".join([HEAD, *rows, ""]))
        import_files = ImportFiles("own", [path], accepts_loss=True)
        at = FIRST + timedelta(days=days)
        return import_run.import_list(policies_directory(), folder, import_files, at).built.snapshot

    return run


@pytest.fixture
def configuration(tmp_path, folder):
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
directory = "{folder.path}"
[ledger]
path = "{tmp_path / "ledger.db"}"
emergency_journal = "{tmp_path / "ledger.journal"}"
"""
    )
    return path


@pytest.fixture
def diff(configuration):
    def run(*arguments):
        return CliRunner().invoke(command, ["lists", "diff", "-c", str(configuration), *arguments])

    return run


@pytest.fixture
def sent(tmp_path):
    """Put messages in the ledger as the gateway would have by that snapshot: sender, recipient."""
    rules = policy.load(policies_directory())

    def write(snapshot, *messages):
        ledger = LedgerWriter(
            tmp_path / "ledger.db",
            tmp_path / "ledger.journal",
            process="p",
            clock=lambda: datetime.now(UTC),
            entropy=os.urandom,
            tell=lambda text, error: None,
        )
        ledger.start()
        today = datetime.now(UTC).date()
        for number, (sender, recipient) in enumerate(messages):
            path = recipient.encode()
            decisions = decide(sender, [classify(read(path), snapshot, today)], rules, today)
            accepted = Recipient(path, b"", Reply(250, None, (b"250 Ok\r\n",)))
            envelope = Envelope("m", sender.encode(), (accepted,), Client())
            (record,) = observed(
                Observation(f"m{number}", "p", "warn", envelope, Peek()),
                decisions,
                at=datetime.now(UTC),
                entropy=os.urandom,
            )
            ledger.observe([record]).result()
        ledger.close()

    return write


def objects(result):
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def erase(path):
    """Erase senders and recipients as `audit erase` would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE personal SET salt = NULL, data = NULL")


# ── the change ───────────────────────────────────────────────────────────────────────────────


def test_s10_a_change_is_told_under_each_institution(diff, take):
    before = take(NIMBUS, CIRRUS).digest[7:19]
    moved = NIMBUS.replace("nimbus-research.ru", "nimbus.ac.ru|nimbus-research.ru")
    after = take(moved).digest[7:19]
    result = diff()
    assert result.exit_code == 0
    assert result.stdout == (
        "Cirrus College (own-cirrus)\n"
        "  entity removed: Cirrus College\n"
        "  listing removed: OWN 2  (listed on 2026-01-01)\n"
        "  domain removed: cirrus-college.ru  (OWN 2, domain)\n"
        "\n"
        "Nimbus Institute (own-nimbus)\n"
        "  domain added: nimbus.ac.ru  (OWN 1, domain)\n"
    )
    assert result.stderr == (
        f"From {before} to {after}, 2 institutions changed:\n"
        "  entity: 1 removed\n  listing: 1 removed\n  domain: 1 added, 1 removed\n"
    )


def test_s10_dates_are_told_as_they_were_and_are(diff, take):
    take(NIMBUS)
    take(NIMBUS.replace("2026-01-01,", "2026-01-01,2026-11-21"))
    assert (
        "  listing changed: OWN 1  "
        "(listed on 2026-01-01 → listed on 2026-01-01, delisted on 2026-11-21)\n"
    ) in diff().stdout


def test_json_and_csv_have_the_same_rows_and_keys(diff, take):
    take(NIMBUS)
    take(CIRRUS)
    rows = objects(diff("--format", "json"))
    assert list(rows[0]) == list(COLUMNS)
    assert rows[0] == {
        "entity": "own-cirrus",
        "entity_name": "Cirrus College",
        "what": "entity",
        "how": "added",
        "value": "Cirrus College",
        "before": None,
        "after": "Cirrus College",
    }
    cells = list(csv.DictReader(io.StringIO(diff("--format", "csv").stdout)))
    assert cells == [{key: value or "" for key, value in row.items()} for row in rows]


def test_snapshots_are_named_by_day_and_by_digest(diff, take):
    first = take(NIMBUS).digest
    take(NIMBUS, CIRRUS, days=1)
    take(CIRRUS, days=2)
    assert "Cirrus College" in diff("2026-11-20").stdout
    assert "Nimbus" in diff("2026-11-20").stdout
    only = diff(first[7:17], "2026-11-21")
    assert "Cirrus College" in only.stdout
    assert "Nimbus" not in only.stdout


def test_one_snapshot_alone_and_two_that_are_one_are_said(diff, take):
    take(NIMBUS)
    result = diff()
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Only one snapshot is known to have been in force" in result.stderr
    result = diff("2026-11-20")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "The two snapshots are one" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("zz",), ("2026-11-19",), ("2026-11-31",)])
def test_what_cannot_be_found_is_wrong_usage(diff, take, arguments):
    if arguments:
        take(NIMBUS)
    result = diff(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1


def test_a_name_that_would_move_the_cursor_is_spelt_out(diff, take):
    take(NIMBUS)
    take(NIMBUS, "Evil \u202e Institute,own-evil,OWN,3,,,evil-institute.ru,")
    assert "\u202e" not in diff().stdout


# ── what it touches ──────────────────────────────────────────────────────────────────────────


def test_s11_what_is_newly_listed_and_no_longer_is_told_with_sender_and_event(diff, take, sent):
    before = take(NIMBUS, CIRRUS)
    sent(
        before,
        ("a@example.edu", "x@cirrus-college.ru"),
        ("b@example.edu", "y@nimbus-reseach.ru"),  # looks like Nimbus
        ("c@example.edu", "z@mipt.ru"),
    )
    take(NIMBUS.replace("nimbus-research.ru", "nimbus-research.ru|nimbus-reseach.ru"))
    rows = objects(diff("--affected", "--format", "json"))
    assert [list(row) for row in rows] == [list(AFFECTED)] * 2
    newly, no_longer = rows
    assert newly["effect"] == "newly listed"
    assert (newly["sender"], newly["recipient"]) == ("b@example.edu", "y@nimbus-reseach.ru")
    assert (newly["standing"], newly["standing_now"]) == ("review", "listed")
    assert newly["matched_now"] == "nimbus-reseach.ru"
    assert newly["changes"] == ["domain added: nimbus-reseach.ru"]
    assert no_longer["effect"] == "no longer listed"
    assert (no_longer["sender"], no_longer["entity"]) == ("a@example.edu", "own-cirrus")
    assert (no_longer["standing"], no_longer["standing_now"]) == ("listed", "clear")
    assert (no_longer["entity_now"], no_longer["tier_now"]) == (None, None)
    assert "entity removed: Cirrus College" in no_longer["changes"]
    assert len(no_longer["id"]) == 26


def test_s11_what_the_change_does_not_touch_is_not_told(diff, take, sent):
    before = take(NIMBUS, CIRRUS)
    sent(before, ("a@example.edu", "x@nimbus-research.ru"), ("c@example.edu", "z@mipt.ru"))
    # A name bears on no verdict, another domain on nobody who did not match it.
    take(NIMBUS.replace("Institute", "Academy").replace("research.ru", "research.ru|new.ru"))
    result = diff("--affected")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing that the ledger holds is touched." in result.stderr
    assert "Mail that was never matched is not in the ledger" in result.stderr


def test_s11_another_tier_and_another_list_are_told(diff, take, sent):
    before = take(NIMBUS)
    sent(before, ("a@example.edu", "x@nimbus-research.ru"))
    take(NIMBUS, NIMBUS.replace(",OWN,1,", ",US-OFAC-SDN,9999999,"))
    (row,) = objects(diff("--affected", "--format", "json"))
    assert row["effect"] == "other verdict"
    assert (row["standing"], row["standing_now"]) == ("listed", "listed")
    assert row["tier"] != row["tier_now"] == "blocking"
    assert row["changes"] == ["listing added: US-OFAC-SDN 9999999"]


def test_s11_a_designation_that_decides_nothing_by_itself_is_told_too(diff, take, sent):
    second = NIMBUS.replace(",OWN,1,2026-01-01", ",OWN,9,2026-02-02")
    sent(take(NIMBUS, second), ("a@example.edu", "x@nimbus-research.ru"))
    take(NIMBUS, second.replace("2026-02-02", "2026-03-03"))
    (row,) = objects(diff("--affected", "--format", "json"))
    assert row["effect"] == "other listing"
    assert row["changes"] == ["listing changed: OWN 9"]


def test_s11_an_erased_recipient_is_told_where_its_institution_changed(diff, take, sent, tmp_path):
    before = take(NIMBUS, CIRRUS)
    sent(before, ("a@example.edu", "x@cirrus-college.ru"), ("b@example.edu", "y@mipt.ru"))
    erase(tmp_path / "ledger.db")
    take(NIMBUS)
    result = diff("--affected", "--format", "json")
    (row,) = objects(result)
    assert row["effect"] == "not known"
    assert (row["sender"], row["recipient"], row["standing_now"]) == (None, None, None)
    assert row["entity"] == "own-cirrus"
    assert "cannot be screened again" in result.stderr


def test_s11_the_table_names_who_and_what_and_counts(diff, take, sent):
    before = take(NIMBUS, CIRRUS)
    sent(
        before,
        ("a@example.edu", "x@cirrus-college.ru"),
        ("a@example.edu", "y@cirrus-college.ru"),
        ("b@example.edu", "y@cirrus-college.ru"),
    )
    take(NIMBUS)
    result = diff("--affected")
    lines = result.stdout.splitlines()
    heads = "effect id at sender recipient recorded before now institution because"
    assert lines[0].split() == heads.split()
    assert len(lines) == 5
    assert " listed  clear  Cirrus College  entity removed: Cirrus College; " in lines[2]
    assert "3 events of 2 senders touched:\n  no longer listed: 3\n" in result.stderr
    cells = list(csv.DictReader(io.StringIO(diff("--affected", "--format", "csv").stdout)))
    assert len(cells) == 3
    assert list(cells[0]) == list(AFFECTED)


def test_without_a_ledger_that_is_said(diff, take):
    take(NIMBUS)
    take(CIRRUS)
    result = diff("--affected")
    assert result.exit_code == 2
    assert "there is no ledger" in result.stderr
