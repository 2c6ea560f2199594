"""Gateways, officers and readers at one file: nobody waits in vain, nothing is lost."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from gateway.ledger.office import office_writer
from gateway.ledger.query.logged_reading import Access, LoggedReading
from gateway.ledger.questions.filters import Filters
from gateway.ledger.record import office_events
from gateway.ledger.store.write_job import Durability
from gateway.ledger.verify.verification import verify_ledger
from gateway.model import Disposition

MESSAGES, DECISIONS, LOOKS = 60, 15, 10


@pytest.fixture
def first(mail, folder, start):
    """The id of a finding that is there before the crowd comes."""
    ledger = start("first")
    (record,) = mail.records("first")
    ledger.observe([record]).result()
    ledger.settle(mail.settlement("first", [record])).result()
    ledger.close()
    return record.id


def test_a10_the_office_writes_beside_busy_gateways_and_neither_is_locked_out(
    mail, folder, start, rows, first
):
    path = folder / "ledger.db"
    ledgers = [start(f"worker-{number}") for number in range(2)]

    def send(number):
        ledger = ledgers[number % 2]
        found = mail.records(f"m{number}", sender=b"p%d@example.edu" % number)
        kept = ledger.observe(found).result()
        ledger.settle(mail.settlement(f"m{number}", found)).result()
        return kept

    def decide(number):
        actor = office_events.Actor(f"officer-{number}", mail.now(), os.urandom)
        (event,) = office_writer.append(
            path, [office_events.disposed(first, Disposition.PERSONAL, actor)]
        )
        return event.id

    def look(number):
        access = Access(f"auditor-{number}", "audit list", None, mail.now, os.urandom)
        with LoggedReading(path, access) as reading:
            return len(list(reading.findings(Filters())))

    with ThreadPoolExecutor(12) as crowd:
        sent = [crowd.submit(send, number) for number in range(MESSAGES)]
        decided = [crowd.submit(decide, number) for number in range(DECISIONS)]
        looked = [crowd.submit(look, number) for number in range(LOOKS)]
        kept = [each.result() for each in sent]
        ids = {each.result() for each in decided}
        shown = [each.result() for each in looked]
    for ledger in ledgers:
        ledger.close()
    if Durability.JOURNAL in kept:
        # On a machine so busy that a commit took 1.5 s: kept all the same, and taken in.
        start("last").close()
    assert all(1 <= count <= MESSAGES + 1 for count in shown)
    assert len(ids) == DECISIONS
    counts = {row["kind"]: row["n"] for row in rows(
        "SELECT kind, count(*) AS n FROM event GROUP BY kind"
    )}  # fmt: skip
    assert counts["OBSERVED"] == counts["SETTLED"] == MESSAGES + 1
    assert (counts["DISPOSED"], counts["ACCESSED"]) == (DECISIONS, LOOKS)
    told = [text for ledger in ledgers for text in ledger.told if "locked" in text]
    assert told == [] or Durability.JOURNAL in kept
    assert verify_ledger(path).flaws == ()


def test_a10_what_one_looks_at_is_of_one_moment(mail, folder, start, first):
    """Rows that come while somebody reads are in none of what they are shown."""
    path = folder / "ledger.db"
    ledger = start("worker")
    access = Access("auditor", "audit list", None, mail.now, os.urandom)
    with LoggedReading(path, access) as reading:
        rows = reading.findings(Filters())
        for number in range(5):
            ledger.observe(mail.records(f"m{number}")).result()
        assert [row["id"] for row in rows] == [first]
        assert reading.count(Filters()) == 1
    ledger.close()


def test_a10_two_officers_decide_at_once_and_the_last_one_counts(mail, folder, rows, first):
    path = folder / "ledger.db"

    def decide(disposition):
        actor = office_events.Actor("officer", mail.now(), os.urandom)
        return office_writer.append(path, [office_events.disposed(first, disposition, actor)])[0]

    with ThreadPoolExecutor(4) as crowd:
        events = list(crowd.map(decide, [*Disposition] * 2))
    last = max(events, key=lambda event: event.seq)
    (facet,) = rows("SELECT disposition FROM facet WHERE id = ?", first)
    assert f'"disposition":"{facet["disposition"]}"' in last.facts
    chain = sorted(events, key=lambda event: event.seq)
    assert all(two.previous == one.hash for one, two in pairwise(chain) if two.seq == one.seq + 1)
    assert verify_ledger(path).flaws == ()
