from __future__ import annotations

import os
import random
import resource
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.erasure import scrub_pages
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.store.sqlite_store import SqliteStore


@pytest.fixture
def path(folder):
    return folder / "ledger.db"


@pytest.fixture
def crowded(mail, path):
    """A ledger whose pages have split: senders come in no order."""
    store = SqliteStore(path)
    chance = random.Random(7)
    with store.transaction():
        for _ in range(300):
            sender = f"{chance.randrange(10**9)}@example.edu".encode()
            for record in mail.records(sender=sender):
                store.append(record)
    store.close()
    return path


def gaps(path):
    """What stands in the gaps of all pages, read as SQLite's file format says."""
    content = path.read_bytes()
    size = int.from_bytes(content[16:18])
    for place in range(size, len(content), size):
        page = content[place : place + size]
        if page[0] in {2, 5, 10, 13}:
            begins = (12 if page[0] in {2, 5} else 8) + 2 * int.from_bytes(page[3:5])
            yield page[begins : int.from_bytes(page[5:7]) or 65536]


def everything(path):
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'name_word'"
            )
        ]
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def test_a03_page_splits_leave_copies_and_cleaning_leaves_none(crowded):
    before = everything(crowded)
    assert sum(any(gap) for gap in gaps(crowded)) > 20
    cleaned = scrub_pages.scrub(crowded)
    assert (cleaned.pages > 0, cleaned.is_log_empty) == (True, True)
    assert not any(any(gap) for gap in gaps(crowded))
    assert everything(crowded) == before
    with LedgerReader(crowded) as reader:
        assert reader.verify().is_intact


def test_a03_what_is_clean_already_is_left_alone(crowded):
    scrub_pages.scrub(crowded)
    content = crowded.read_bytes()
    assert scrub_pages.scrub(crowded) == scrub_pages.ScrubResult(0, is_log_empty=True)
    assert crowded.read_bytes() == content


def test_a03_a_gateway_that_remembers_the_old_pages_does_not_bring_them_back(
    crowded, write, monkeypatch
):
    monkeypatch.setattr(scrub_pages, "TOGETHER", 15)
    # A busy machine may have it write for longer than an office would wait.
    monkeypatch.setattr(scrub_pages, "TRIES", 1000)
    gateway = write("beside", 40, "observed")
    while not gateway.stdout.readline().startswith("observed ledger"):
        pass
    assert scrub_pages.scrub(crowded).is_log_empty
    out, _ = gateway.communicate("\n")
    assert out.count("observed ledger") == 39
    with LedgerReader(crowded) as reader:
        assert reader.verify().is_intact
    # What it wrote since may have left copies of its own, but of nobody who was there before.
    old = {sender for _, sender in _senders(crowded) if b"beside" not in sender}
    assert not any(sender in gap for gap in gaps(crowded) for sender in old)


def _senders(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        return connection.execute("SELECT seq, sender FROM facet").fetchall()


def test_a_page_written_by_another_meanwhile_waits_for_its_log(crowded, mail, monkeypatch):
    real = scrub_pages._is_log_emptied
    others = SqliteStore(crowded)
    asked = []

    def and_another_writes(store):
        done = real(store)
        if len(asked) < 3:
            asked.append(store)
            with others.transaction():
                for record in mail.records(f"m{len(asked)}"):
                    others.append(record)
        return done

    monkeypatch.setattr(scrub_pages, "_is_log_emptied", and_another_writes)
    assert scrub_pages.scrub(crowded).is_log_empty in {True, False}
    assert len(asked) == 3
    others.close()
    with LedgerReader(crowded) as reader:
        assert reader.verify().is_intact


def test_a03_a_log_that_a_reader_keeps_is_told(crowded, mail, monkeypatch):
    monkeypatch.setattr(scrub_pages, "TRIES", 2)
    with closing(sqlite3.connect(crowded, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM event").fetchone()
        store = SqliteStore(crowded)
        with store.transaction():
            store.append(mail.records("late")[0])
        assert not scrub_pages.scrub(crowded).is_log_empty
        store.close()
    assert scrub_pages.scrub(crowded).is_log_empty


def test_a03_a_disk_that_takes_nothing_is_told_and_harms_nothing(crowded):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(LedgerError, match=r"run the same again|cannot be used"):
            scrub_pages.scrub(crowded)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with LedgerReader(crowded) as reader:
        assert reader.verify().is_intact
    assert scrub_pages.scrub(crowded).is_log_empty
    assert not any(any(gap) for gap in gaps(crowded))


def test_there_must_be_a_ledger(path):
    with pytest.raises(LedgerError, match="there is no ledger"):
        scrub_pages.scrub(path)


def test_a_descriptor_is_opened_once_and_never_closed(crowded):
    handle = scrub_pages.descriptor(crowded)
    assert scrub_pages.descriptor(crowded) == handle
    assert os.fstat(handle).st_ino == crowded.stat().st_ino


@given(st.binary(min_size=512, max_size=512))
def test_a_page_of_any_bytes_has_a_gap_within_it(page):
    gap = scrub_pages.unallocated_of(page, len(page))
    assert 0 <= gap.start <= gap.stop <= len(page)
    if page[0] not in {2, 5, 10, 13}:
        assert gap == slice(0, 0)
