"""A year's ledger: the same for the same seed, whole, and of the kinds that a year has."""

import sqlite3
from contextlib import closing

import pytest

from benchmarks.year.making import make
from gateway.config import load
from gateway.ledger.verify.verification import verify_ledger


@pytest.fixture(scope="module")
def days(tmp_path_factory):
    return make(tmp_path_factory.mktemp("days"), events=2500, days=4)


def ask(made, sql):
    with closing(sqlite3.connect(made.ledger)) as connection:
        return connection.execute(sql).fetchall()


def test_it_is_intact_and_as_large_as_asked_for(days):
    verdict = verify_ledger(days.ledger)
    assert verdict.flaws == ()
    assert 2500 <= verdict.events == days.events <= 2510


def test_the_same_seed_gives_the_same_chain(tmp_path):
    def head(folder, seed):
        folder.mkdir()
        made = make(folder, events=600, days=1, seed=seed)
        return ask(made, "SELECT hash FROM event ORDER BY seq DESC LIMIT 1")

    first = head(tmp_path / "first", 1)
    assert head(tmp_path / "again", 1) == first
    assert head(tmp_path / "other", 2) != first


def test_it_has_what_a_year_has(days):
    kinds = {kind for (kind,) in ask(days, "SELECT DISTINCT kind FROM event")}
    assert {"OBSERVED", "SETTLED", "NOTIFIED", "DISPOSED", "HELD", "ACCESSED"} < kinds
    assert {"STARTED", "STOPPED", "HEARTBEAT"} < kinds
    rules = {rule for (rule,) in ask(days, "SELECT DISTINCT rule FROM facet")}
    assert rules == {"exact-domain", "subdomain", "lookalike", "embedded"}
    gaps = ask(
        days,
        "SELECT count(*) FROM (SELECT at, lag(at) OVER (ORDER BY seq) AS before FROM event "
        "WHERE kind IN ('STARTED', 'STOPPED', 'HEARTBEAT')) "
        "WHERE julianday(at) - julianday(before) > 1.0 / 24",
    )
    assert gaps == [(2,)]


def test_its_configuration_is_sound(days):
    config = load(days.config, {})
    assert config.ledger.path == days.ledger
    assert days.departments.read_text().startswith("sender,department\n")


def test_too_few_events_for_so_many_days_are_refused(tmp_path):
    with pytest.raises(ValueError, match="have 105120 heartbeats alone: too many for 1000"):
        make(tmp_path, events=1000, days=365)
