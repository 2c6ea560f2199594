"""How the lists stand."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.list_store import list_status
from gateway.list_store.files import imported_source
from gateway.list_store.files.imported_source import Header, Refusal
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.list_status import MissingDesignation
from gateway.lists.parsing.entry import Entry
from gateway.model import Entity, Listing

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path / "lists")
    folder.make()
    return folder


@pytest.fixture
def look(folder, policies):
    return lambda *wanted: list_status.status(policies, folder, wanted)


def keep(folder, name, *numbers):
    listed = [Listing("OWN", "P", number) for number in numbers]
    entries = [Entry(f"own-{each.uid}", "Institute", "own.csv:2", (each,)) for each in listed]
    header = Header(name, NOW, NOW - timedelta(hours=1), (), len(entries))
    imported_source.write(folder, header, entries)


def test_lists_stand_in_the_catalogues_order_and_strangers_behind(folder, look):
    keep(folder, "zzz", "1")
    keep(folder, "un-sc", "1")
    imported_source.write_refusal(folder, "us-csl", Refusal(NOW, "half of it"))
    found = look("us-ofac-sdn", "un-sc").sources
    assert [each.name for each in found] == ["us-ofac-sdn", "us-csl", "un-sc", "zzz"]
    assert [each.header is not None for each in found] == [False, False, True, True]
    assert found[1].refusal.reason == "half of it"
    assert [each.age(NOW) for each in found] == [None, None, *[timedelta(hours=1)] * 2]
    assert list_status.tried_sources(folder) == {"us-csl", "un-sc", "zzz"}


def entity(*listings):
    return Entity("e-1", "Institute", listings=tuple(Listing(*each) for each in listings))


@pytest.mark.parametrize(
    ("listings", "lacking"),
    [
        ([("OWN", "P", "1")], []),
        ([("OWN", "P", "7")], ["7"]),
        ([("OWN", "P", "7"), ("OWN", "Q", "7")], ["7"]),  # once, whatever its programmes
        ([("OTHER", "P", "7")], []),  # a list that was not imported
        ([("OWN", "P", None)], []),  # nobody knows its number
    ],
)
def test_what_an_imported_list_lacks_is_found_by_its_number(folder, listings, lacking):
    keep(folder, "own", "1", "2")
    written = entity(*listings)
    lists = [imported_source.read_entries(folder, "own")]
    assert list_status.missing([written], lists) == [
        MissingDesignation(written, "OWN", number) for number in lacking
    ]


def test_s08_a_list_that_was_seen_unchanged_is_as_young_as_that(folder, look):
    keep(folder, "own", "1")
    imported_source.write_checked(folder, "own", NOW)
    (found,) = look().sources
    assert found.age(NOW) == timedelta(0)
    # An import thereafter counts from its own time again.
    imported_source.write_checked(folder, "own", NOW - timedelta(days=1))
    (found,) = look().sources
    assert found.age(NOW) == timedelta(hours=1)
