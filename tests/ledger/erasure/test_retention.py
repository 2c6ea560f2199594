from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import LedgerError
from gateway.ledger.erasure import retention
from gateway.ledger.erasure.retention import RetentionPeriods, retain
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.record import office_events
from gateway.ledger.record.events import heartbeat, observed
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.model import Action, Disposition, Rule

TODAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG = timedelta(days=3653)
SHORT = timedelta(days=90)
PERIODS = RetentionPeriods(
    findings={
        **dict.fromkeys(Disposition, LONG),
        Disposition.FALSE_POSITIVE: SHORT,
        Disposition.PERSONAL: timedelta(days=60),
    },
    access_log=timedelta(days=1095),
    notices=timedelta(days=30),
    windows=timedelta(days=7),
)


def ago(days):
    return TODAY - timedelta(days=days)


@pytest.fixture
def path(folder):
    return folder / "ledger.db"


@pytest.fixture
def write_events(mail, path):
    """Append findings, each so many days old, in that order; their ids."""

    def write_events(*ages):
        store = SqliteStore(path)
        ids = []
        with store.transaction():
            for days in ages:
                (record,) = mail.records(f"m{days}", sender=f"d{days}@x".encode(), at=ago(days))
                ids.append(store.append(record).id)
        store.close()
        return ids

    return write_events


@pytest.fixture
def beat(path):
    """A sign of life of a gateway, so that the ledger has seen that time."""

    def beat(days=0):
        office_writer.append(path, [heartbeat("p", at=ago(days), entropy=os.urandom)])

    return beat


@pytest.fixture
def decide(path):
    def decide(id_, disposition, days):
        actor = office_events.Actor("officer", ago(days), os.urandom)
        office_writer.dispose(path, [id_], disposition, actor, reason="because")

    return decide


def run(path, now=TODAY, **options):
    return retain(path, PERIODS, office_events.Actor("timer", now, os.urandom), **options)


def senders(path):
    with LedgerReader(path) as reader:
        assert reader.verify().is_intact
        return [row["sender"] for row in reader.findings(Filters())][::-1]


def tombstones(path):
    with closing(sqlite3.connect(path)) as connection:
        return [
            json.loads(facts)
            for (facts,) in connection.execute("SELECT facts FROM event WHERE kind = 'ERASED'")
        ]


def test_a04_each_is_kept_as_long_as_what_was_decided_of_it_asks(write_events, beat, decide, path):
    ids = write_events(3654, 3652, 200, 199, 198, 80)
    decide(ids[2], Disposition.FALSE_POSITIVE, 91)
    decide(ids[3], Disposition.FALSE_POSITIVE, 89)
    decide(ids[4], Disposition.ESCALATED, 91)
    decide(ids[5], Disposition.PERSONAL, 61)
    beat()
    done = run(path)
    assert dict(done.due) == {
        Disposition.OPEN: 1,
        Disposition.FALSE_POSITIVE: 1,
        Disposition.PERSONAL: 1,
    }
    assert senders(path) == [None, "d3652@x", None, "d199@x", "d198@x", None]
    (told,) = tombstones(path)
    assert (told["cause"], told["by"], told["events"]) == ("retention", "timer", 5)
    assert told["parts"] == {"sender": 3, "recipient": 3, "notes": 2}


def test_s15_what_could_not_be_read_is_kept_as_short_as_a_false_positive(mail, decide, beat, path):
    store, ids = SqliteStore(path), []
    unread = {"entity": None, "listing": None, "tier": None, "matched": None}
    with store.transaction():
        for days in (92, 91, 89):
            found = mail.finding("a@b..c", **unread, rule=Rule.UNREADABLE, evidence=())
            (record,) = observed(
                mail.sighting(f"m{days}", sender=f"d{days}@x".encode()),
                [mail.decision(found, action=Action.OBSERVE)],
                at=ago(days),
                entropy=os.urandom,
            )
            ids.append(store.append(record).id)
    store.close()
    # Somebody looked, and it was no slip of ours.
    decide(ids[0], Disposition.ESCALATED, 91)
    beat()
    run(path)
    assert senders(path) == ["d92@x", None, "d89@x"]


def test_a04_the_last_decision_counts_not_an_earlier_one(write_events, beat, decide, path):
    ids = write_events(300, 299)
    decide(ids[0], Disposition.FALSE_POSITIVE, 200)
    decide(ids[0], Disposition.OPEN, 199)
    decide(ids[1], Disposition.FALSE_POSITIVE, 200)
    decide(ids[1], Disposition.FALSE_POSITIVE, 10)
    beat()
    run(path)
    assert senders(path) == ["d300@x", "d299@x"]


def test_a04_a_trial_only_counts_and_nothing_due_leaves_no_event(write_events, beat, decide, path):
    ids = write_events(200, 5)
    decide(ids[0], Disposition.FALSE_POSITIVE, 100)
    beat()
    trial = run(path, is_trial=True)
    assert (trial.tally.events, dict(trial.due)) == (2, {Disposition.FALSE_POSITIVE: 1})
    assert senders(path) == ["d200@x", "d5@x"]
    run(path)
    assert len(tombstones(path)) == 1
    assert run(path).tally.events == 0
    assert len(tombstones(path)) == 1


def test_a04_what_is_under_hold_is_kept_and_counted(write_events, beat, path):
    ids = write_events(4000, 3999)
    actor = office_events.Actor("officer", ago(1), os.urandom)
    office_writer.hold(path, ids[:1], actor, matter="2026-17", reason="an inquiry")
    beat()
    done = run(path)
    assert (done.tally.events, done.tally.kept) == (1, 2)
    assert senders(path) == ["d4000@x", None]
    office_writer.release(path, ids[:1], actor, matter=None)
    beat()
    assert run(path).tally.events == 2
    assert senders(path) == [None, None]


def test_a04_a_clock_that_runs_ahead_erases_nothing_early(write_events, beat, path):
    write_events(10)
    beat()
    done = run(path, now=TODAY + timedelta(days=36_500))
    assert done.as_of == TODAY
    assert senders(path) == ["d10@x"]


def test_a04_a_clock_that_was_set_back_erases_nothing_early(write_events, beat, path):
    write_events(100, 20_000, 50)
    beat()
    assert run(path).tally.events == 0
    # The other way round: now is earlier than what the ledger has seen.
    assert run(path, now=ago(60)).as_of == ago(60)
    assert senders(path) == ["d100@x", "d20000@x", "d50@x"]


def test_a04_one_event_from_the_future_does_not_keep_the_rest_for_ever(
    write_events, beat, decide, path
):
    ids = write_events(-20_000, 300)
    decide(ids[1], Disposition.FALSE_POSITIVE, 200)
    beat()
    run(path)
    assert senders(path) == ["d-20000@x", None]


def test_a04_a_finding_that_was_decided_anew_meanwhile_is_kept(
    write_events, beat, decide, path, monkeypatch
):
    ids = write_events(300)
    decide(ids[0], Disposition.FALSE_POSITIVE, 200)
    beat()
    real = retention.erase

    def and_somebody_decides(*values, **named):
        decide(ids[0], Disposition.ESCALATED, 0)
        return real(*values, **named)

    monkeypatch.setattr(retention, "erase", and_somebody_decides)
    run(path)
    assert senders(path) == ["d300@x"]


def test_a04_reasons_of_the_access_log_go_and_the_log_stays(write_events, beat, path):
    write_events(1200)
    for days in (1096, 1094):
        actor = office_events.Actor("officer", ago(days), os.urandom)
        office_writer.append(
            path,
            [
                office_events.accessed(
                    "audit list", actor, rows=1, filters={}, subjects=[], reason=f"{days}"
                )
            ],
        )
    beat()
    done = run(path)
    assert (done.reasons, done.tally.parts) == (1, {"notes": 1})
    with closing(sqlite3.connect(path)) as connection:
        notes = connection.execute("SELECT data FROM personal WHERE part = 'notes'").fetchall()
        (count,) = connection.execute(
            "SELECT count(*) FROM event WHERE kind = 'ACCESSED'"
        ).fetchone()
    assert sorted(notes, key=str) == [('{"reason":"1094"}',), (None,)]
    assert count == 2


def test_a04_old_notices_and_windows_go_and_those_that_count_stay(mail, start, beat, path):
    ledger = start()
    for sender in ("old@x", "given-up@x", "waiting@x", "new@x"):
        found = mail.records(sender.partition("@")[0])
        ledger.observe(found).result()
        ledger.settle(mail.settlement(sender.partition("@")[0], found, to=sender)).result()
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        old = ago(40).isoformat()
        connection.execute("UPDATE outbox SET created_at = ?", (old,))
        connection.execute("UPDATE notice_window SET opened_at = ? WHERE sender <> 'new@x'", (old,))
        connection.execute(
            "UPDATE outbox SET state = 'sent', sent_at = ? WHERE recipient = 'old@x'", (old,)
        )
        for sender in ("given-up@x", "new@x"):
            connection.execute("UPDATE outbox SET state = 'failed' WHERE recipient = ?", (sender,))
        connection.execute(
            "UPDATE notice_window SET opened_at = ? WHERE sender = 'new@x'", (ago(3).isoformat(),)
        )
        connection.commit()
    beat()
    assert run(path, is_trial=True).notices == 2
    assert run(path).notices == 2
    with closing(sqlite3.connect(path)) as connection:
        left = connection.execute("SELECT recipient FROM outbox ORDER BY recipient").fetchall()
        windows = connection.execute("SELECT sender FROM notice_window").fetchall()
    assert left == [("new@x",), ("waiting@x",)]
    assert windows == [("new@x",)]


def test_a04_many_events_are_looked_through_page_by_page(write_events, beat, path, monkeypatch):
    monkeypatch.setattr(retention, "PAGE", 2)
    write_events(3658, 3657, 3656, 3655, 3654, 1)
    beat()
    assert run(path).tally.events == 5
    assert senders(path) == [None] * 5 + ["d1@x"]


def test_an_empty_ledger_and_none_at_all(path):
    with pytest.raises(LedgerError, match="there is no ledger"):
        run(path)
    SqliteStore(path).close()
    assert run(path).tally.events == 0
