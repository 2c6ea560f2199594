"""The triggers of the second version, by whoever writes: they hold for any connection."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.office import office_writer
from gateway.ledger.record import office_events
from gateway.ledger.record.events import NoticeState, SettledRecipient, notified, settled
from gateway.ledger.record.record import Part
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.ledger.verify.verification import verify_ledger
from gateway.model import Disposition, Outcome


@pytest.fixture
def hand(mail):
    return office_events.Actor("officer", mail.now(), os.urandom)


@pytest.fixture
def kept(mail, folder, start):
    """A closed ledger with one finding in it; its path and the finding's id."""
    ledger = start()
    (record,) = mail.records()
    ledger.observe([record]).result()
    ledger.close()
    return folder / "ledger.db", record.id


@pytest.fixture
def shell(kept):
    """A connection like the sqlite3 shell's: no recursive_triggers, no foreign keys."""
    with closing(sqlite3.connect(kept[0], isolation_level=None)) as connection:
        yield connection


FORGED = (
    "INSERT INTO event SELECT seq + 1, 'X', at, ?, ?, '{}', hash, hash FROM event "
    "ORDER BY seq DESC LIMIT 1"
)


@pytest.mark.parametrize("kind", ["DISPOSED", "HELD", "RELEASED"])
@pytest.mark.parametrize(
    "facts", ['{"observed":"NOBODY","by":"o"}', '{"by":"o"}', '{"observed":null,"by":"o"}', "{}"]
)
def test_a01_only_a_finding_of_this_ledger_is_decided(shell, kind, facts):
    with pytest.raises(sqlite3.IntegrityError, match="only a finding of this ledger"):
        shell.execute(FORGED, (kind, facts))


@pytest.mark.parametrize("kind", ["DISPOSED", "HELD", "RELEASED"])
def test_a01_a_decision_bears_who_took_it(shell, kept, kind):
    with pytest.raises(sqlite3.IntegrityError, match="and by somebody"):
        shell.execute(FORGED, (kind, f'{{"observed":"{kept[1]}"}}'))
    shell.execute(FORGED, (kind, f'{{"observed":"{kept[1]}","by":"o","disposition":"open"}}'))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE personal SET salt = NULL, data = NULL",
        "UPDATE OR REPLACE personal SET salt = NULL, data = NULL",
        "DELETE FROM personal",
        "REPLACE INTO personal SELECT event, part, zeroblob(32), '{}' FROM personal",
    ],
)
def test_a03_what_is_under_hold_is_kept_from_any_connection(kept, shell, hand, statement):
    path, finding = kept
    office_writer.append(path, [office_events.held(finding, hand, matter="INQ-1")])
    with pytest.raises(sqlite3.IntegrityError):
        shell.execute(statement)
    office_writer.append(path, [office_events.released(finding, hand)])
    if statement.startswith("UPDATE personal"):
        shell.execute(statement)
        assert shell.execute("SELECT sender, recipient FROM facet").fetchall() == [(None, None)]


def test_a03_under_hold_the_end_of_a_message_is_kept_as_well(kept, shell, mail, hand):
    path, finding = kept
    end = settled(
        SettledRecipient(finding, Outcome.DELIVERED, "250 Ok"),
        NoticeState("none"),
        message="m1",
        process="p",
        at=mail.now(),
        entropy=os.urandom,
    )
    with pytest.raises(LedgerError, match="only an observed event is settled, and only once"):
        # Its process died, and the next one settled it.
        office_writer.append(path, [end, end])
    office_writer.append(path, [end, office_events.held(finding, hand, matter=None)])
    with pytest.raises(sqlite3.IntegrityError, match="under hold is kept"):
        shell.execute("UPDATE personal SET salt = NULL, data = NULL WHERE event = ?", (end.id,))


def steps():
    """What may happen to one of three findings, by its number."""
    finding = st.integers(0, 2)
    return st.lists(
        st.one_of(
            st.tuples(st.just("settle"), finding, st.sampled_from(["none", "queued"])),
            st.tuples(st.just("notify"), finding, st.sampled_from(["sent", "failed", "queued"])),
            st.tuples(st.just("dispose"), finding, st.sampled_from([*Disposition])),
            st.tuples(st.just("hold"), finding, st.none()),
            st.tuples(st.just("release"), finding, st.none()),
            st.tuples(st.just("erase"), finding, st.sampled_from(["sender", "recipient"])),
        ),
        max_size=12,
    )


@settings(max_examples=40)
@given(steps=steps())
def test_a02_whatever_happens_facets_are_what_the_events_say(mail, tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    store = SqliteStore(path)
    found = [
        mail.records(f"m{n}", sender=b"P%d@Example.edu" % n, recipients=(f"R{n}@stud.mipt.ru",))[0]
        for n in range(3)
    ]
    actor = office_events.Actor("officer", mail.now(), os.urandom)
    with closing(store), store.transaction():
        for record in found:
            store.append(record)
        for step in steps:
            happen(store, found, step, actor)
        connection = store.database.conn
        facets = connection.execute("SELECT * FROM facet").fetchall()
        assert facets == connection.execute("SELECT * FROM sealed_facet").fetchall()
    # Names are taken away by an erasure as a whole, and notices wait in the outbox: both are
    # tested where they stand.
    flaws = [str(flaw) for flaw in verify_ledger(path).flaws]
    assert all("stands among the names" in flaw or flaw.startswith("the notice ") for flaw in flaws)


def happen(store, found, step, hand):
    what, number, how = step
    event = found[number].id
    if what == "settle":
        if not store.awaiting([event]):
            return
        state = NoticeState(how, event if how == "queued" else None)
        end = SettledRecipient(event, Outcome.DELIVERED, "250 Ok")
        record = settled(end, state, message="m", process="p", at=hand.at, entropy=os.urandom)
    elif what == "notify":
        # The outbox has no notice before the settlement that queues it.
        if store.awaiting([event]):
            return
        facts = {"notice": event, "result": how, "attempts": 1}
        record = notified(facts, process="p", at=hand.at, entropy=os.urandom)
    elif what == "dispose":
        record = office_events.disposed(
            event, how, hand, licence="L 1" if how == "licensed" else None
        )
    elif what == "hold":
        record = office_events.held(event, hand, matter="INQ-1")
    elif what == "release":
        record = office_events.released(event, hand)
    else:
        with suppress(sqlite3.IntegrityError), store.savepoint():  # it may be under hold
            is_gone = store.database.execute(
                "UPDATE personal SET salt = NULL, data = NULL "
                "WHERE event = ? AND part = ? AND data IS NOT NULL",
                (event, how),
            ).rowcount
            if is_gone:
                store.append(
                    office_events.erased(
                        "request", {Part(how): [event]}, events=1, kept=0, actor=hand
                    )
                )
        return
    store.append(record)
