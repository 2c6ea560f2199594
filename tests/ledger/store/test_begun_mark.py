"""The mark beside the ledger: a ledger that is gone is missed."""

import json
import os
from datetime import UTC, datetime

import pytest

from gateway.config.settings import record_of
from gateway.errors import LedgerError
from gateway.ledger.office import begin_ledger
from gateway.ledger.record.office_events import Actor
from gateway.ledger.store.begun_mark import Begun, BegunMark
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.ledger.store.store_contract import StoreError
from gateway.ledger.store.writer import LedgerWriter


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def actor():
    return Actor("j.lindqvist", datetime(2026, 12, 1, tzinfo=UTC), os.urandom)


@pytest.fixture
def begun(path, actor):
    """A ledger begun by hand; gives the event that says so."""
    return begin_ledger.begin(path, actor, reason="a first one")


def opened(path):
    """Why a gateway cannot use the ledger; ``None``: it can."""
    told = []
    writer = LedgerWriter(
        path,
        path.with_name("journal"),
        process="test",
        clock=lambda: datetime.now(UTC),
        entropy=os.urandom,
        tell=lambda text, _: told.append(text),
    )
    writer.start()
    fault = writer.fault
    writer.close()
    return fault


def remove(path):
    for each in path.parent.glob("ledger.db*"):
        if each.is_file():
            each.unlink()


def test_o07_a_ledger_that_a_gateway_began_is_marked(path):
    assert opened(path) is None
    mark = BegunMark(path).read()
    assert mark.id
    assert (record_of(path) / "ledger.json").stat().st_mode & 0o077 == 0
    assert opened(path) is None
    assert BegunMark(path).read() == mark


@pytest.mark.parametrize("is_empty", [False, True])
def test_o07_one_that_is_gone_is_not_begun_anew(path, begun, is_empty):
    assert opened(path) is None
    remove(path)
    if is_empty:
        path.touch()
    fault = opened(path)
    assert f"the ledger {path} was begun on 2026-12-01 and is gone" in fault
    assert "monition ledger begin" in fault
    assert path.exists() is is_empty
    assert not is_empty or path.stat().st_size == 0


def test_o07_another_one_is_not_taken_for_it(path, begun, actor):
    mark = BegunMark(path).read()
    assert mark.id == begun.id
    remove(path)
    (record_of(path) / "ledger.json").unlink()
    begin_ledger.begin(path, actor)
    BegunMark(path).write(mark)
    assert "what is there is another one" in opened(path)
    # A person says that it is meant.
    told = begin_ledger.begin(path, actor)
    assert json.loads(told.facts)["instead_of"] == begun.id
    assert opened(path) is None


def test_o07_one_without_an_event_is_empty(path, begun):
    remove(path)
    SqliteStore(path).close()
    assert "what is there is empty" in opened(path)


def test_o07_a_mark_that_is_damaged_still_says_that_there_was_one(path, begun):
    (record_of(path) / "ledger.json").write_text("{")
    assert BegunMark(path).read() == Begun("", "")
    assert opened(path) is None
    assert BegunMark(path).read().id == begun.id
    (record_of(path) / "ledger.json").write_text("{")
    remove(path)
    assert f"the ledger {path} was begun and is gone" in opened(path)


def test_o07_what_is_there_is_not_begun(path, begun, actor):
    with pytest.raises(LedgerError, match="it goes on"):
        begin_ledger.begin(path, actor)
    with pytest.raises(StoreError, match="is missing"):
        begin_ledger.begin(path.parent / "nowhere" / "ledger.db", actor)
