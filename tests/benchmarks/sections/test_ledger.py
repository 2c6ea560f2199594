"""The section about the ledger: what it makes of samples, and each errand once, small."""

import sqlite3
from contextlib import closing

import pytest

from benchmarks.host import child
from benchmarks.host.child import BenchmarkError
from benchmarks.sections.all_sections import SECTIONS
from benchmarks.sections.ledger import MEASURES, SECTION, slowest_of, summary
from benchmarks.tasks import asking, writing


@pytest.fixture(scope="module")
def day(university_day, tmp_path_factory):
    return university_day(tmp_path_factory.mktemp("day"))


def sample(**values):
    every = {measure.key: 0.1 for measure in MEASURES}
    pages = {"sender": {"page": 0.012}, "list": {"page": 0.3}}
    return {**every, "events": 1000, "pages": pages, "questions": {"blind": 0.02}, **values}


def test_each_measure_is_told_in_its_unit_and_held_against_its_goal():
    block, judgements = summary([sample(page=0.15, verified=90_000), sample(page=0.25)])
    assert block.title == "A ledger of 1,000 events"
    rows = [(row.thing, row.measure.strip(), row.cells["measured"]) for row in block.rows]
    assert ("first page, the slowest filter", "ms", "200 (150–250)") in rows  # noqa: RUF001
    assert ("first page, the slowest filter", "goal ≤ 200", "met") in rows
    assert ("verify", "goal ≥ 100,000", "missed by 55,000") in rows
    met = {each.measure: each.is_met for each in judgements}
    assert met["first page, the slowest filter"]
    assert not met["verify"]


def test_the_slowest_filters_and_questions_are_named():
    rows = slowest_of([sample()], most=2).rows
    assert [(row.thing, row.cells["measured"]) for row in rows] == [
        ("list", "300"),
        ("ask blind", "20.0"),
    ]


def test_it_is_a_section_of_its_own():
    assert SECTIONS["ledger"] is SECTION
    assert not SECTION.is_relay


def test_every_filter_is_asked_and_every_question(day):
    pages = asking.pages(str(day.ledger))
    assert pages["no filter"]["rows"] > 150
    assert all(each["rows"] == 0 for name, each in pages.items() if "nobody" in name)
    assert {"contacts", "blind", "stats by week"} < asking.questions(str(day.ledger)).keys()


def test_a_ledger_that_is_not_intact_is_no_figure(day, tmp_path):
    assert asking.verifying(str(day.ledger))["events"] == 700
    copy = tmp_path / "ledger.db"
    copy.write_bytes(day.ledger.read_bytes())
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("DROP TRIGGER event_is_never_deleted")
    with pytest.raises(SystemExit, match="is not intact: the trigger event_is_never_deleted"):
        asking.verifying(str(copy))


def test_a_ledger_is_put_back_to_the_first_release_and_brought_up(day, tmp_path):
    assert writing.migrating(str(day.ledger), str(tmp_path))["seconds"] > 0
    assert asking.verifying(str(tmp_path / "old.db"))["events"] == 700


def test_both_schemas_are_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "COMMITS", 1)
    assert writing.appending(str(tmp_path)).keys() == {"today", "first"}
    with closing(sqlite3.connect(tmp_path / "first.db")) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (100,)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_each_of_a_crowd_writes_all_of_its_events(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "EVENTS", 2)
    path = tmp_path / "crowd.db"
    writing.SqliteStore(path).close()
    assert writing.writers(str(path))["errors"] == 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (50,)


def test_an_errand_that_breaks_off_is_told(tmp_path):
    with pytest.raises(BenchmarkError, match=r"(?s)verifying broke off.*there is no ledger"):
        child.found("asking", "verifying", tmp_path / "nothing.db")
