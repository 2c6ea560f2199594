from __future__ import annotations

import pytest

from gateway.compliance.actor import open_as
from gateway.compliance.audit import findings
from gateway.errors import LedgerError
from gateway.ledger.questions.filters import Filters

JANE = Filters(sender="jane@example.edu")


def test_pages_follow_one_another_and_the_last_says_so(office, events, who):
    with open_as(office, who) as reading:
        first = findings.findings_page(reading, Filters(), limit=2)
        assert [row["id"] for row in first.rows] == [events[2], events[1]]
        assert first.next_offset == 2
        last = findings.findings_page(reading, Filters(), limit=2, offset=first.next_offset)
        assert [row["id"] for row in last.rows] == [events[0]]
        assert last.next_offset is None


def test_a09_a_page_with_names_is_recorded_before_its_first_row_is_read(office, who, facts_of):
    with open_as(office, who) as reading:
        page = findings.findings_page(reading, JANE)
        (fact,) = facts_of("ACCESSED")
        assert (fact["by"], fact["verb"], fact["rows"]) == ("j.lindqvist", "console", 2)
        assert {row["sender"] for row in page.rows} == {"jane@example.edu"}


def test_a09_by_pseudonym_nothing_is_recorded_and_nobody_named(office, facts_of):
    with open_as(office, None) as reading:
        page = findings.findings_page(reading, Filters())
        assert "example.edu" not in str([row["sender"] for row in page.rows])
        with pytest.raises(LedgerError):
            findings.findings_page(reading, JANE)
    assert facts_of("ACCESSED") == []


def test_a07_words_are_told_that_stand_for_others_or_for_nothing(office, who):
    with open_as(office, who) as reading:
        page = findings.findings_page(reading, Filters(text="jame"))
        assert [(word.asked, word.taken) for word in page.words] == [("jame", ("jane",))]
        page = findings.findings_page(reading, Filters(text="zzzzzz"))
        assert [word.asked for word in page.words] == ["zzzzzz"]
        assert list(page.rows) == []


def test_an_event_is_told_in_words_and_as_an_object(office, events, who):
    with open_as(office, who) as reading:
        story = findings.event_and_related(reading, events[0][:26])
    (told,) = story.events
    assert (told.kind, told.id, story.row, story.whole["id"]) == (
        "OBSERVED",
        events[0],
        1,
        events[0],
    )
    assert told.sentence.endswith("said: warn.")
    assert ("sender", "jane@example.edu") in told.fields
    assert story.sealed_parts == ("recipient", "sender")
    assert story.rows > story.row
