import pytest

from gateway.errors import ListError
from gateway.lists.parsing import duplicates
from gateway.lists.parsing.duplicates import MAX_ID, without_duplicates
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.model import Listing


def entry(id_, line):
    return Entry(id_, "Institute", f"list.csv:{line}", (Listing("OWN", None, None),))


def test_s12_the_second_entry_under_one_id_is_told(part):
    first, other = entry("own-a", 1), entry("own-b", 2)
    turned_away = RejectedRow(RejectedRowReason.VESSEL, "list.csv:3")
    found = list(
        without_duplicates(part("list.csv", ""), [first, other, turned_away, entry("own-a", 4)])
    )
    assert found == [
        first,
        other,
        turned_away,
        RejectedRow(RejectedRowReason.DUPLICATE, "list.csv:4", "own-a stands at list.csv:1"),
    ]


def test_s12_an_endless_id_is_none(part):
    (found,) = without_duplicates(part("list.csv", ""), [entry("x" * (MAX_ID + 1), 1)])
    assert found == RejectedRow(RejectedRowReason.MALFORMED, "list.csv:1", "has an id of 201 signs")


def test_s12_entries_without_number_are_given_up(part, monkeypatch):
    monkeypatch.setattr(duplicates, "MAX_ENTRIES", 10)
    with pytest.raises(ListError, match=r"list\.csv: names more than 10 institutions"):
        list(
            without_duplicates(
                part("list.csv", ""), (entry(f"own-{line}", line) for line in range(20))
            )
        )
