from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import date

import pytest

from gateway.errors import LedgerError
from gateway.ledger.office import office_writer
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.questions.filters import Filters
from gateway.ledger.record import office_events
from gateway.model import Disposition


@pytest.fixture
def path(folder):
    return folder / "ledger.db"


@pytest.fixture
def hand(mail):
    return office_events.Actor("officer", mail.now(), os.urandom)


@pytest.fixture
def found(mail, ledger):
    """Three findings, the first of them settled."""
    ids = []
    for number, sender in enumerate([b"a@example.edu", b"b@example.edu", b"b@example.edu"]):
        records = mail.records(f"m{number}", sender=sender)
        ledger.observe(records).result()
        if number == 0:
            ledger.settle(mail.settlement("m0", records, request=None)).result()
        ids.append(records[0].id)
    ledger.close()
    return ids


@pytest.fixture
def dispositions(path):
    def dispositions():
        with LedgerReader(path) as reader:
            return {row["id"]: row["disposition"] for row in reader.findings(Filters())}

    return dispositions


@pytest.fixture
def facts(path):
    """The facts of the events of a kind, in order."""

    def facts(*kinds):
        with closing(sqlite3.connect(path)) as connection:
            return [
                (kind, json.loads(text))
                for kind, text in connection.execute("SELECT kind, facts FROM event ORDER BY seq")
                if kind in kinds
            ]

    return facts


def count(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT count(*) FROM event").fetchone()[0]


def test_a04_the_last_decision_counts_and_none_is_overwritten(
    found, path, hand, dispositions, facts
):
    office_writer.dispose(path, found[:1], Disposition.ESCALATED, hand, reason="odd")
    office_writer.dispose(
        path,
        found[:1],
        Disposition.LICENSED,
        hand,
        reason="covered",
        licence="2026-1",
        expires_on=date(2027, 6, 30),
    )
    assert dispositions()[found[0]] == "licensed"
    assert [told["disposition"] for _, told in facts("DISPOSED")] == ["escalated", "licensed"]
    with LedgerReader(path) as reader:
        (row,) = reader.findings(Filters(disposition=Disposition.LICENSED))
        assert (row["licence"], row["expires_on"]) == ("2026-1", "2027-06-30")
        assert reader.verify().is_intact
    office_writer.dispose(
        path, found[:1], Disposition.OPEN, hand, reason="the licence was another's"
    )
    assert dispositions()[found[0]] == "open"


def test_an_id_may_be_a_beginning_and_that_of_an_end(found, path, hand, dispositions):
    with closing(sqlite3.connect(path)) as connection:
        (end,) = connection.execute("SELECT id FROM event WHERE kind = 'SETTLED'").fetchone()
    done = office_writer.dispose(
        path, [end, found[0], found[1].lower()[:-1]], Disposition.PERSONAL, hand, reason="x"
    )
    assert len(done) == 2
    assert [dispositions()[one] for one in found] == ["personal", "personal", "open"]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        (["ZZ"], "no event has an id that begins with 'ZZ'"),
        ([""], "no event has an id"),
        (["0"], "fits several events"),
        (Filters(sender="nobody@example.edu"), "nothing in the ledger fits"),
        (Filters(text="moscow"), "too much so to act on"),
    ],
)
def test_where_one_cannot_be_decided_none_is(found, path, hand, chosen, says):
    before = count(path)
    if isinstance(chosen, list):
        chosen = [found[0], *chosen]
    with pytest.raises(LedgerError, match=says):
        office_writer.dispose(path, chosen, Disposition.PERSONAL, hand, reason="x")
    assert count(path) == before


def test_an_event_that_is_about_no_finding_is_told(found, path, hand):
    with closing(sqlite3.connect(path)) as connection:
        (start,) = connection.execute("SELECT id FROM event WHERE kind = 'STARTED'").fetchone()
    with pytest.raises(LedgerError, match=r"is no finding and about none \(STARTED\)"):
        office_writer.hold(path, [start], hand, matter="m")


def test_filters_choose_and_are_counted_first(found, path, hand, dispositions):
    chosen = Filters(sender="b@example.edu")
    assert office_writer.count(path, chosen) == 2
    office_writer.dispose(path, chosen, Disposition.FALSE_POSITIVE, hand, reason="x")
    assert [dispositions()[one] for one in found] == ["open", "false-positive", "false-positive"]


def test_what_is_kept_for_ever_names_nobody(found, path, hand):
    before = count(path)
    with pytest.raises(LedgerError, match="holds an address, and it is kept for ever"):
        office_writer.dispose(
            path, found, Disposition.LICENSED, hand, reason="x", licence="jane@example.edu"
        )
    with pytest.raises(LedgerError, match="holds an address"):
        office_writer.hold(path, found, hand, matter="about jane@example.edu")
    assert count(path) == before


def held(path):
    with LedgerReader(path) as reader:
        return {row["id"] for row in reader.findings(Filters()) if row["held"]}


def test_a03_a_finding_under_hold_is_kept_even_from_a_shell(found, path, hand):
    office_writer.hold(path, found[:1], hand, matter="2026-17", reason="an inquiry")
    assert held(path) == {found[0]}
    with closing(sqlite3.connect(path)) as connection:
        (end,) = connection.execute("SELECT id FROM event WHERE kind = 'SETTLED'").fetchone()
        (act,) = connection.execute("SELECT id FROM event WHERE kind = 'HELD'").fetchone()
        for event in (found[0], end, act):
            with pytest.raises(sqlite3.IntegrityError, match="under hold is kept"):
                connection.execute(
                    "UPDATE personal SET salt = NULL, data = NULL WHERE event = ?", (event,)
                )
        connection.execute(
            "UPDATE personal SET salt = NULL, data = NULL WHERE event = ?", (found[1],)
        )


def test_a03_a_hold_for_one_matter_outlives_that_for_another(found, path, hand, facts):
    office_writer.hold(path, found[:2], hand, matter="A")
    assert len(office_writer.hold(path, found[:2], hand, matter="B")) == 2
    assert office_writer.hold(path, found[:2], hand, matter="B") == ()
    assert len(office_writer.release(path, found, hand, matter="A", reason="it ended")) == 2
    assert held(path) == set(found[:2])
    assert [(kind, told["matter"]) for kind, told in facts("HELD", "RELEASED")][-4:] == [
        ("RELEASED", "A"),
        ("HELD", "B"),
        ("RELEASED", "A"),
        ("HELD", "B"),
    ]
    assert office_writer.release(path, found, hand, matter="A") == ()
    assert len(office_writer.release(path, found, hand, matter="B")) == 2
    assert held(path) == set()


def test_a03_a_release_without_a_matter_ends_every_hold(found, path, hand):
    office_writer.hold(path, found[:1], hand, matter="A")
    office_writer.hold(path, found[:1], hand, matter="B")
    assert len(office_writer.release(path, found[:1], hand, matter=None)) == 1
    assert held(path) == set()
    with LedgerReader(path) as reader:
        assert reader.verify().is_intact


def test_there_must_be_a_ledger_and_none_is_begun(path, hand):
    for act in (
        lambda: office_writer.append(path, []),
        lambda: office_writer.count(path, Filters()),
        lambda: office_writer.dispose(path, ["0"], Disposition.OPEN, hand, reason="x"),
    ):
        with pytest.raises(LedgerError, match="there is no ledger"):
            act()
    assert not path.exists()
