from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from gateway.errors import LedgerError
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.ledger.store.store_contract import Store, StoreError


@pytest.fixture
def path(folder):
    return folder / "ledger.db"


@pytest.fixture
def store(path):
    with closing(SqliteStore(path)) as store:
        yield store


def fail_after(_done):
    raise ZeroDivisionError


def test_it_keeps_the_contract_of_a_store(store):
    contract: Store = store
    assert contract.is_new


def test_a10_the_write_lock_is_taken_before_anything_is_read(path, store):
    """A deferred BEGIN would let both read the same head, and one would fail at its first write."""
    reached = []
    with closing(SqliteStore(path)) as other:
        other.set_waiting(wait=False)
        with store.transaction():
            with (
                pytest.raises(StoreError, match="another program holds it") as caught,
                other.transaction(),
            ):
                reached.append("inside")
            assert caught.value.is_busy
        assert reached == []
        with other.transaction():
            pass


def test_two_stores_write_one_chain(mail, path, store):
    seen = []
    with closing(SqliteStore(path)) as other:
        assert not other.is_new
        for number in range(6):
            writer = (store, other)[number % 2]
            with writer.transaction():
                seen += [writer.append(record) for record in mail.records(f"m{number}")]
    assert [event.seq for event in seen] == [1, 2, 3, 4, 5, 6]
    assert [event.previous for event in seen[1:]] == [event.hash for event in seen[:-1]]


def test_a_savepoint_that_fails_takes_back_its_part_alone(mail, store):
    (first,), (second,), (third,) = (mail.records(f"m{number}") for number in range(3))
    with store.transaction():
        store.append(first)
        with pytest.raises(ZeroDivisionError), store.savepoint():
            fail_after(store.append(second))
        assert store.append(third).seq == 2
    with store.transaction():
        assert [store.has(record.id) for record in (first, second, third)] == [True, False, True]


def test_a_transaction_that_fails_leaves_nothing(mail, store):
    (record,) = mail.records()
    with pytest.raises(ZeroDivisionError), store.transaction():
        fail_after(store.append(record))
    with store.transaction():
        assert not store.has(record.id)
        assert store.append(record).seq == 1


def test_what_cannot_be_written_is_the_callers_fault_not_the_stores(mail, store):
    (record,) = mail.records()
    for bad in (replace(record, facts={"float": 1.5}), replace(record, id="x", facts={"n": 2**60})):
        with pytest.raises(LedgerError, match="cannot be written") as caught, store.transaction():
            store.append(bad)
        assert not isinstance(caught.value, StoreError)
    with store.transaction():
        store.append(record)
    with pytest.raises(LedgerError, match="only ever appended") as caught, store.transaction():
        store.append(record)
    assert not isinstance(caught.value, StoreError)


def test_a_table_that_is_gone_is_the_stores_fault(mail, store):
    store._database.execute("PRAGMA foreign_keys = off")
    store._database.execute("DROP TABLE awaiting")
    with pytest.raises(StoreError), store.transaction():
        store.append(mail.records()[0])


def test_closing_twice_is_closing(store):
    store.close()
    store.close()
    with pytest.raises(StoreError), store.transaction():
        pass
