"""Personal data that goes, because somebody asked or because its time is over."""

from __future__ import annotations

from gateway.compliance.audit import erase, hold
from gateway.compliance.audit.erase import Amount
from gateway.compliance.audit.retain import retain, retention_periods
from gateway.model import Disposition


def test_a03_what_would_go_of_a_person_is_counted_and_that_is_recorded(office, hand, who, facts_of):
    sought = erase.read_mailbox("Jane@example.edu")
    found = erase.foresee_person(office, sought, erase.BOTH, hand, who)
    assert (found.as_sender, found.as_recipient, found.notices) == (2, 0, 0)
    assert found.amount == Amount({"sender": 2}, 2, 0)
    assert (found.torn.lines, found.tagged) == (0, ())
    assert [fact["by"] for fact in facts_of("ACCESSED")] == ["j.lindqvist"]
    assert facts_of("ERASED") == []


def test_a03_what_went_of_a_person_is_what_was_counted(office, events, hand, who):
    hold.hold(office, events[:1], "2026-17", hand, who)
    sought = erase.read_mailbox("jane@example.edu")
    foreseen = erase.foresee_person(office, sought, "sender", hand, who).amount
    assert foreseen == Amount({"sender": 1}, 1, 1)
    done = erase.erase_person(office, sought, "sender", hand, reason="Request 2026-44")
    assert (done.amount, done.unfinished) == (foreseen, ())


def test_a03_parts_go_and_are_told_before_the_file_is_tidied_up(office, events, hand, facts_of):
    names = ("recipient", "sender")
    foreseen = erase.foresee_parts(office, events[:1], names)
    told = []

    def tell(amount):
        told.append((amount, len(facts_of("ERASED"))))

    done = erase.erase_findings_parts(office, events[:1], names, hand, tell=tell)
    assert done.amount == foreseen == Amount({"sender": 1, "recipient": 1}, 1, 0)
    assert list(done.amount.parts) == ["sender", "recipient"]
    assert (told, done.unfinished) == ([(foreseen, 1)], ())


def test_a04_a_trial_counts_and_erases_nothing(office, hand, facts_of):
    told, lengths = [], []

    def progress(length):
        lengths.append(length)
        return lambda _: None

    assert retain(office, hand, is_trial=True, progress=progress, tell=told.append) == ()
    assert retain(office, hand, tell=told.append) == ()
    assert [(one.amount, one.due, one.is_silent) for one in told] == [
        (Amount({"sender": 1, "recipient": 1}, 1, 0), {"open": 1}, False)
    ] * 2
    assert lengths == [4]
    assert len(facts_of("ERASED")) == 1


def test_a04_every_disposition_has_its_time(office):
    kept = retention_periods(office)
    assert set(kept.findings) == set(Disposition)
    assert kept.findings[Disposition.OPEN].days == 199
