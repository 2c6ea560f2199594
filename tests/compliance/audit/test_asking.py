"""Questions as a page puts them: to the ledger, and to the lists and the policy with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.compliance.actor import open_as
from gateway.compliance.audit import ask_ledger, question_values, questions_beyond_ledger
from gateway.errors import LedgerError
from gateway.ledger.questions.filters import Filters
from gateway.ledger.questions.stats import BY
from gateway.model import Standing


def test_a06_an_answer_is_rows_and_a_sentence(office, who):
    with open_as(office, who) as reading:
        found = ask_ledger.ask(reading, BY["sender"], limit=1)
    assert (len(found.rows), found.has_more) == (1, True)
    assert found.sentence == "More than 1 senders, the busiest first."


def test_a07_words_are_told_beside_an_answer(office, who):
    with open_as(office, who) as reading:
        found = ask_ledger.ask(reading, BY["week"], filters=Filters(text="jame"))
        assert [word.taken for word in found.words] == [("jane",)]


def test_a06_why_a_message_matched_is_a_sentence_and_facts(office, events, who):
    with open_as(office, who) as reading:
        told = questions_beyond_ledger.why(reading, events[1])
        assert told.facts["id"] == events[1]
        assert told.facts["sender"] == "joe@example.edu"
        assert told.facts["action"] == "warn"
        assert told.sentence.endswith("said: warn.")


def test_a06_of_an_event_about_no_message_it_is_said(office, who):
    with open_as(office, who) as reading:
        beat = reading.checkpoint().id
        with pytest.raises(LedgerError, match="is of kind HEARTBEAT and belongs to no message"):
            questions_beyond_ledger.why(reading, beat)


def test_a06_why_an_address_did_not_match_and_where_it_was_seen(office, who):
    with open_as(office, who) as reading:
        found = questions_beyond_ledger.why_not(office, reading, "nobody@example.org")
    assert found.verdict.finding.standing is Standing.CLEAR
    assert found.verdict.on == datetime.now(UTC).date()
    assert (found.seen.rows, found.lists.damage) == ([], ())
    assert found.seen.sentence == "The ledger never saw that recipient."


def test_a06_what_is_wrong_in_the_policy_is_told_before_anybody_is_shown(
    office, who, tmp_path, facts_of
):
    policies = replace(office.policies, directory=tmp_path / "none")
    broken = replace(office, policies=policies)
    with open_as(office, who) as reading, pytest.raises(Exception, match="policy"):
        questions_beyond_ledger.why_not(broken, reading, "nobody@example.org")
    assert facts_of("ACCESSED") == []


def test_what_people_type_is_read_or_what_it_lacks_is_said():
    day = question_values.moment("2026-11-22")
    assert day == datetime(2026, 11, 22, tzinfo=UTC)
    end = question_values.moment("2026-11-22", is_end=True)
    assert end == datetime(2026, 11, 23, tzinfo=UTC)
    with pytest.raises(ValueError, match="is no time; accepted are"):
        question_values.moment("yesterday")
    assert question_values.mailbox_or_pseudonym(" jane@example.edu ") == "jane@example.edu"
    assert question_values.mailbox_or_pseudonym("person-1") == "person-1"
    with pytest.raises(ValueError, match="is no mail address"):
        question_values.mailbox_or_pseudonym("jane@")
    assert question_values.is_empty_period(end, day)
    assert question_values.is_empty_period(day, day)
    assert not question_values.is_empty_period(day, end)
    assert not question_values.is_empty_period(None, day)
