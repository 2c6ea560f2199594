"""What the office decides and keeps, as a page asks for it."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.compliance.audit import dispose, hold, which_findings
from gateway.compliance.audit.dispose import NoReasonError, NotLicensedError, OfficeDecision
from gateway.compliance.audit.hold import HoldResult, NoMatterError
from gateway.compliance.audit.which_findings import BothError, NeitherError
from gateway.ledger.questions.filters import Filters
from gateway.model import Disposition

JANE = Filters(sender="jane@example.edu")


def test_an_act_is_about_what_is_named_or_about_what_filters_choose():
    assert which_findings.choose(("01KB8Q",), Filters()) == ("01KB8Q",)
    assert which_findings.choose((), JANE) == JANE
    with pytest.raises(NeitherError):
        which_findings.choose((), Filters())
    with pytest.raises(BothError):
        which_findings.choose(("01KB8Q",), JANE)


def test_a09_who_is_told_how_many_findings_a_person_has_is_recorded(office, who, facts_of):
    assert which_findings.count_chosen(office, Filters(tier="blocking"), who) == 3
    assert facts_of("ACCESSED") == []
    assert which_findings.count_chosen(office, JANE, who) == 2
    assert [fact["rows"] for fact in facts_of("ACCESSED")] == [2]


def test_a_decision_without_a_reason_is_none():
    with pytest.raises(NoReasonError):
        OfficeDecision(Disposition.PERSONAL, "  ")


def test_a_licence_belongs_to_what_is_licensed():
    with pytest.raises(NotLicensedError):
        OfficeDecision(Disposition.PERSONAL, "a friend", licence="2026-0311")
    with pytest.raises(NotLicensedError):
        OfficeDecision(Disposition.PERSONAL, "a friend", expires_on=date(2027, 6, 30))
    last = date(2027, 6, 30)
    decision = OfficeDecision(Disposition.EXEMPT, "an agreement", expires_on=last)
    assert decision.lacks_licence
    assert not decision.has_ended(last)
    assert decision.has_ended(date(2027, 7, 1))


def test_a_decision_is_the_named_persons(office, hand, facts_of):
    decision = OfficeDecision(Disposition.ESCALATED, "with counsel")
    assert dispose.dispose(office, JANE, decision, hand) == 2
    assert {fact["by"] for fact in facts_of("DISPOSED")} == {"j.lindqvist"}


def test_a_hold_needs_a_name_by_which_it_is_ended(office, events, hand, who):
    for nothing in (None, "", "  "):
        with pytest.raises(NoMatterError):
            hold.named_matter(nothing)
    with pytest.raises(NoMatterError):
        hold.hold(office, events, " ", hand, who)


def test_what_is_under_hold_already_is_passed_over_and_that_is_recorded(
    office, events, hand, who, facts_of
):
    assert hold.hold(office, events[:1], "2026-17", hand, who) == HoldResult(1, 0)
    assert hold.hold(office, JANE, "2026-17", hand, who) == HoldResult(1, 1)
    assert facts_of("ACCESSED") == []
    assert hold.hold(office, JANE, "2026-17", hand, who) == HoldResult(0, 2)
    assert len(facts_of("ACCESSED")) == 1
    assert hold.release(office, JANE, "another", hand, who) == HoldResult(0, 2)
    assert hold.release(office, events[:2], None, hand, who) == HoldResult(1, 1)
