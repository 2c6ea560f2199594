from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from gateway.cli.main import command


@pytest.fixture(scope="module")
def made(university_day, tmp_path_factory):
    return university_day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="module")
def warned(made):
    with closing(sqlite3.connect(made.ledger)) as connection:
        return connection.execute("SELECT id FROM facet WHERE notice = 'sent'").fetchone()[0]


@pytest.fixture
def run(made):
    def run(*arguments):
        return CliRunner().invoke(command, ["audit", "replay", *arguments, "-c", str(made.config)])

    return run


def test_a05_an_event_that_comes_out_as_it_was(run, warned):
    result = run(warned)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{warned} at ")
    assert "The verdict, its rule and the notice, byte for byte come out as they were." in (
        result.stdout
    )
    result = run(warned, "--format", "json")
    said = json.loads(result.stdout)
    assert (said["event"], said["same"], said["differences"], said["gone"]) == (
        *(warned, True),
        *([], []),
    )
    assert "notice" in said["compared"]


def test_a05_any_event_of_the_observation_leads_to_it(run, warned, made):
    with closing(sqlite3.connect(made.ledger)) as connection:
        (settled,) = connection.execute(
            "SELECT id FROM event WHERE kind = 'SETTLED' AND json_extract(facts, '$.observed') = ?",
            (warned,),
        ).fetchone()
        (beat,) = connection.execute("SELECT id FROM event WHERE kind = 'HEARTBEAT'").fetchone()
    assert run(settled).stdout.startswith(warned)
    result = run(beat)
    assert result.exit_code == 2
    assert "an event of kind HEARTBEAT, which rests on no verdict" in result.stderr


def test_a05_what_is_gone_is_named_with_status_1(run, warned, made):
    snapshots = made.ledger.parent / "lists" / "snapshots"
    away = snapshots.with_name("away")
    shutil.move(snapshots, away)
    try:
        result = run(warned)
    finally:
        shutil.move(away, snapshots)
    assert result.exit_code == 1
    assert "gone: the snapshot: " in result.stdout
    assert "The same as it was: notice." in result.stdout


def test_a09_with_pseudonyms_no_address_is_shown_and_nothing_recorded(run, made):
    def accessed(connection):
        return connection.execute("SELECT count(*) FROM event WHERE kind = 'ACCESSED'").fetchone()

    with closing(sqlite3.connect(made.ledger)) as connection:
        (embedded,) = connection.execute("SELECT id FROM facet WHERE rule = 'embedded'").fetchone()
        before = accessed(connection)
        result = run(embedded, "--pseudonyms")
        assert result.exit_code == 0, result.output
        assert "@" not in result.output
        assert accessed(connection) == before
        assert run(embedded).exit_code == 0
        assert accessed(connection)[0] == before[0] + 1
