from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest

from gateway.errors import LedgerError
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.record.record import timestamp
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.ledger.store.write_job import Durability
from gateway.model import Suppression


@pytest.fixture
def kinds(rows):
    def kinds():
        return [row["kind"] for row in rows("SELECT kind FROM event ORDER BY seq")]

    return kinds


@pytest.fixture
def is_intact(folder):
    def is_intact():
        with LedgerReader(folder / "ledger.db") as reader:
            verdict = reader.verify()
        assert verdict.flaws == ()
        return True

    return is_intact


@pytest.fixture
def locked(folder):
    """Another program holds the write lock until the fixture's value is called."""
    connection = sqlite3.connect(
        folder / "ledger.db", isolation_level=None, check_same_thread=False
    )
    connection.execute("BEGIN IMMEDIATE")
    yield lambda: connection.execute("ROLLBACK")
    connection.close()


def test_r17_an_observation_is_durable_when_its_future_ends(mail, ledger, rows, is_intact):
    found = mail.records("m1", ("a@mipt.ru", "b@mipt.ru"))
    assert ledger.observe(found).result() is Durability.LEDGER
    assert [row["id"] for row in rows("SELECT id FROM event WHERE kind = 'OBSERVED'")] == [
        record.id for record in found
    ]
    assert is_intact()


def test_a_message_told_from_beginning_to_end(mail, start, rows, kinds, is_intact):
    ledger = start()
    found = mail.records()
    ledger.observe(found).result()
    assert rows("SELECT outcome, notice FROM finding") == [{"outcome": "pending", "notice": "none"}]
    assert ledger.settle(mail.settlement("m1", found)).result() == "queued"
    assert rows("SELECT outcome, notice FROM finding") == [
        {"outcome": "delivered", "notice": "queued"}
    ]
    (notice,) = ledger.claim(
        owner="o", now=mail.now(), lease=mail.timedelta(seconds=15), limit=9, per_hour=9
    ).result()
    assert ledger.sent(
        notice, owner="o", at=mail.now(), message_id="<n@x>", digest="sha256:0"
    ).result()
    (row,) = rows("SELECT notice, reply, next_queue_id, erased FROM finding")
    assert tuple(row.values()) == ("sent", "250 2.0.0 Ok: queued as 5Abc", "5Abc", 0)
    ledger.close()
    assert kinds() == ["STARTED", "OBSERVED", "SETTLED", "NOTIFIED", "STOPPED"]
    assert is_intact()


def test_one_bad_job_fails_alone(mail, ledger, locked, kinds, is_intact):
    good, bad, other = mail.records("m1"), mail.records("m2"), mail.records("m3")
    twice = [bad[0], replace(mail.records("m4")[0], id=bad[0].id)]
    poison = [replace(mail.records("m5")[0], facts={"float": 1.5})]
    futures = [ledger.observe(found) for found in (good, twice, poison, other)]
    locked()
    assert futures[0].result() in Durability
    assert futures[3].result() in Durability
    for future in futures[1:3]:
        with pytest.raises(LedgerError):
            future.result()
    assert ledger.observe(mail.records("m6")).result() is Durability.LEDGER
    assert kinds().count("OBSERVED") == 3
    assert is_intact()


def test_all_that_waits_is_committed_together(mail, start, monkeypatch):
    gate, commits = threading.Event(), []
    transaction = SqliteStore.transaction

    def counted(store):
        commits.append(1)
        return transaction(store)

    ledger = start()
    monkeypatch.setattr(SqliteStore, "transaction", counted)

    def hold(opened, at):
        gate.wait()
        return True

    found = mail.records("first")
    ledger.observe(found).result()
    held = ledger.settle(mail.settlement("first", found, may_notify=hold))
    futures = [ledger.observe(mail.records(f"m{number}")) for number in range(50)]
    before = len(commits)
    gate.set()
    assert held.result() == "queued"
    assert {future.result() for future in futures} == {Durability.LEDGER}
    # One for what was gathered with the held one, one for all that came while it was held.
    assert len(commits) - before <= 2


def test_a_cancelled_observation_is_not_written_and_a_cancelled_settlement_is(mail, ledger, kinds):
    gate = threading.Event()

    def hold(opened, at):
        gate.wait()
        return False

    first, second = mail.records("m1"), mail.records("m2")
    ledger.observe([*first, *second]).result()
    held = ledger.settle(mail.settlement("m1", first, may_notify=hold))
    while not held.running():
        pass
    unwanted = ledger.observe(mail.records("m3"))
    due = ledger.settle(mail.settlement("m2", second))
    assert unwanted.cancel()
    assert due.cancel()
    gate.set()
    held.result()
    ledger.observe(mail.records("m4")).result()
    assert kinds() == ["STARTED", "OBSERVED", "OBSERVED", "SETTLED", "SETTLED", "OBSERVED"]


def test_n11_a_rhythm_that_fails_costs_the_notice_not_the_outcome(mail, ledger, rows):
    def broken(opened, at):
        raise ZeroDivisionError

    found = mail.records()
    ledger.observe(found).result()
    assert ledger.settle(mail.settlement("m1", found, may_notify=broken)).result() == "none"
    assert rows("SELECT outcome, notice FROM finding") == [
        {"outcome": "delivered", "notice": "none"}
    ]
    assert "message m1 was settled without a notice" in ledger.told


def test_a_heartbeat_says_that_somebody_watches(mail, start, kinds):
    ledger = start(heartbeat=mail.timedelta(0))
    ledger.observe(mail.records()).result()
    ledger.close()
    assert "HEARTBEAT" in kinds()
    assert kinds()[0] == "STARTED"
    assert kinds()[-1] == "STOPPED"


def test_closing_writes_what_waits_and_refuses_what_comes_later(mail, start, kinds):
    ledger = start()
    futures = [ledger.observe(mail.records(f"m{number}")) for number in range(20)]
    ledger.close()
    ledger.close()
    assert {future.result() for future in futures} == {Durability.LEDGER}
    assert kinds() == ["STARTED", *["OBSERVED"] * 20, "STOPPED"]
    with pytest.raises(LedgerError, match="closed"):
        ledger.observe(mail.records("late")).result()
    assert ledger.fault == "the ledger is closed"


def test_a_ledger_that_was_never_started_can_be_closed(mail, folder):
    mail.open_ledger(folder).close()


def test_a_new_ledger_is_told_of(start, rows):
    ledger = start()
    assert any("a new one was begun" in text for text in ledger.told)
    ledger.close()
    again = start("process-2")
    assert again.told == []
    assert [
        json.loads(row["facts"])["new_ledger"]
        for row in rows("SELECT facts FROM event WHERE kind = 'STARTED' ORDER BY seq")
    ] == [True, False]


def unusable(folder, how):
    path = folder / "ledger.db"
    match how:
        case "folder":
            path.mkdir()
        case "junk":
            path.write_bytes(b"junk" * 1000)
        case "foreign":
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("CREATE TABLE t (x)")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("folder", "is a folder, not a ledger"),
        ("junk", "damaged or no ledger"),
        ("foreign", "not a ledger of Monition's"),
    ],
)
def test_r17_with_an_unusable_ledger_the_journal_keeps_what_must_be_kept(
    mail, folder, start, how, says
):
    unusable(folder, how)
    ledger = start()
    assert says in ledger.fault
    assert [says in text for text in ledger.told] == [True]
    found = mail.records()
    assert ledger.observe(found).result() is Durability.JOURNAL
    assert ledger.settle(mail.settlement("m1", found)).result() == "journalled"
    with pytest.raises(LedgerError, match=says):
        ledger.claim(owner="o", now=mail.now(), lease=mail.WEEK, limit=1, per_hour=1).result()
    assert len((folder / "ledger.journal").read_bytes().splitlines()) == 2
    # Loud once, not at each message.
    assert len(ledger.told) == 1


@pytest.mark.parametrize("how", ["missing", "file"])
def test_r17_where_neither_can_keep_it_the_caller_is_told(mail, tmp_path, how):
    folder = tmp_path / "nowhere"
    if how == "file":
        folder.write_text("x")
    ledger = mail.open_ledger(folder)
    ledger.start()
    try:
        found = mail.records()
        for future in (ledger.observe(found), ledger.settle(mail.settlement("m1", found))):
            with pytest.raises(LedgerError, match=r"ledger.*; and the emergency journal"):
                future.result()
    finally:
        ledger.close()


def test_an_observation_that_cannot_be_written_fails_in_the_journal_too(mail, folder, start):
    unusable(folder, "folder")
    ledger = start()
    poison = [replace(mail.records()[0], facts={"float": 1.5})]
    with pytest.raises(LedgerError, match="cannot be written"):
        ledger.observe(poison).result()
    assert ledger.observe(mail.records()).result() is Durability.JOURNAL


def test_the_ledger_is_used_again_as_soon_as_it_can_be(mail, folder, start, kinds, monkeypatch):
    monkeypatch.setattr("gateway.ledger.store.group_commit.RETRY_SECONDS", 0.0)
    unusable(folder, "folder")
    ledger = start()
    found = mail.records()
    ledger.observe(found).result()
    (folder / "ledger.db").rmdir()
    assert ledger.settle(mail.settlement("m1", found)).result() == "queued"
    assert ledger.fault is None
    assert ledger.told[-1].endswith("is in use again")
    assert kinds() == ["OBSERVED", "JOURNALLED", "STARTED", "SETTLED"]


def test_started_bears_the_time_of_the_start_however_late_it_is_written(
    mail, folder, start, rows, monkeypatch
):
    monkeypatch.setattr("gateway.ledger.store.group_commit.RETRY_SECONDS", 0.0)
    unusable(folder, "folder")
    moments = iter(range(1, 1000))
    begin = mail.now()
    ledger = start(clock=lambda: begin + mail.timedelta(seconds=next(moments)))
    (folder / "ledger.db").rmdir()
    ledger.observe(mail.records()).result()
    (row,) = rows("SELECT at FROM event WHERE kind = 'STARTED'")
    assert row["at"] == timestamp(begin + mail.timedelta(seconds=1))


def test_a10_a_database_that_others_hold_does_not_reach_the_relay(
    mail, ledger, locked, kinds, is_intact
):
    found = mail.records()
    assert ledger.observe(found).result() is Durability.JOURNAL
    assert "another program holds it" in ledger.fault
    assert ledger.settle(mail.settlement("m1", found)).result() == "journalled"
    locked()
    assert ledger.observe(mail.records("m2")).result() is Durability.LEDGER
    assert ledger.fault is None
    # What was journalled stands before what came later: no settlement overtakes its observation.
    assert kinds() == ["STARTED", "OBSERVED", "SETTLED", "JOURNALLED", "OBSERVED"]
    assert is_intact()


@pytest.mark.parametrize("how", ["replaced", "removed", "overwritten"])
def test_o04_a_file_taken_away_while_in_use_is_noticed(mail, folder, ledger, how):
    path = folder / "ledger.db"
    ledger.observe(mail.records("m1")).result()
    match how:
        case "replaced":
            (folder / "junk").write_bytes(b"junk" * 5000)
            (folder / "junk").replace(path)
        case "removed":
            path.unlink()
        case "overwritten":
            path.write_bytes(b"junk")
    assert ledger.observe(mail.records("m2")).result() is Durability.JOURNAL
    assert "moved, replaced or overwritten" in ledger.fault


def test_a_journal_that_cannot_be_read_does_not_stop_a_ledger_that_works(mail, folder, start):
    (folder / "ledger.journal").mkdir()
    ledger = start()
    assert ledger.fault is None
    for number in range(3):
        assert ledger.observe(mail.records(f"m{number}")).result() is Durability.LEDGER
    assert len([text for text in ledger.told if "the emergency journal" in text]) == 1


def test_a_suppressed_notice_is_suppressed_through_the_journal_too(
    mail, folder, start, rows, monkeypatch
):
    monkeypatch.setattr("gateway.ledger.store.group_commit.RETRY_SECONDS", 0.0)
    unusable(folder, "folder")
    ledger = start()
    found = mail.records()
    ledger.observe(found).result()
    ledger.settle(mail.settlement("m1", found, suppression=Suppression.BULK)).result()
    (folder / "ledger.db").rmdir()
    ledger.observe(mail.records("m2")).result()
    assert rows("SELECT notice FROM finding ORDER BY seq LIMIT 1") == [
        {"notice": "suppressed:bulk"}
    ]


def test_r16_who_listens_may_fail_and_the_thread_goes_on(mail, start, folder):
    def tell(text, error):
        raise BrokenPipeError

    (folder / "ledger.db").mkdir()
    ledger = start(tell=tell)
    assert ledger.fault is not None
    assert ledger.observe(mail.records("m1")).result() is Durability.JOURNAL
    (folder / "ledger.db").rmdir()
    assert ledger.settle(mail.settlement("m1", mail.records("m1"))).result(10)


def test_r16_an_error_of_our_own_fails_its_jobs_and_not_the_thread(mail, ledger, monkeypatch):
    commit = ledger._committer.commit

    def broken(jobs):
        monkeypatch.setattr(ledger._committer, "commit", commit)
        raise ZeroDivisionError

    monkeypatch.setattr(ledger._committer, "commit", broken)
    with pytest.raises(LedgerError, match="the ledger failed: ZeroDivisionError"):
        ledger.observe(mail.records("m1")).result(10)
    assert ledger.observe(mail.records("m2")).result(10) is Durability.LEDGER
