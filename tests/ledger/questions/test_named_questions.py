"""Every question of the ledger's, put to a past that the test wrote."""

from __future__ import annotations

import json
import os
import string
from datetime import UTC, date, datetime

import pytest

from gateway.ledger.query.logged_reading import Access, LoggedReading
from gateway.ledger.questions.filters import Filters
from gateway.ledger.questions.named_questions import QUESTIONS
from gateway.model import Rule, Tier

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUAA = ("us-bis-el-beihang", "Beihang University")
JANE, OMAR = "jane@example.edu", "omar@example.edu"


@pytest.fixture
def ask(past, folder):
    """Put a question, as a person with access: its rows, as dicts."""

    def ask(name, filters=None, *, limit=None, **values):
        access = Access("k.weber", f"audit ask {name}", None, lambda: NOW, os.urandom)
        with LoggedReading(folder / "ledger.db", access) as reading:
            found = reading.ask(QUESTIONS[name], filters or Filters(), values, now=NOW, limit=limit)
        return found.rows

    return ask


def ids(rows):
    return [row["id"] for row in rows]


def test_a06_there_are_fifteen_questions_and_more_each_with_an_example():
    assert len(QUESTIONS) >= 15
    for name, question in QUESTIONS.items():
        assert question.name == name
        assert question.asks.endswith("?")
        assert set(question.table_columns) <= set(question.columns)
        assert set(question.filters) <= set(Filters.__dataclass_fields__)
        taken = {parameter.name for parameter in question.parameters} | set(question.filters)
        options = {word[2:] for word in question.example.split() if word.startswith("--")}
        assert options <= taken
        assert {p.name for p in question.parameters if p.is_required} <= options
        fields = string.Formatter().parse(question.sentence.many)
        assert {field for _, field, _, _ in fields if field} <= {"count"}


@pytest.mark.parametrize("name", [name for name, each in QUESTIONS.items() if each.sql])
def test_every_question_can_be_put_to_an_empty_ledger(ask, name):
    values = {p.name: "x@example.edu" for p in QUESTIONS[name].parameters if p.is_required}
    assert ask(name, **values) == []


def test_a06_from_whom_to_whom_between_dates(past, ask):
    past.saw("2026-02-28T23:59", JANE)
    first = past.saw("2026-03-01", JANE, "ivan@stud.mipt.ru")
    second = past.saw("2026-03-31T23:59", JANE, "Petr@mipt.ru", outcome="refused")
    past.saw("2026-03-15", JANE, "wei@buaa.edu.cn", entity=BUAA)
    past.saw("2026-03-15", OMAR)
    past.saw("2026-04-01", JANE)
    march = Filters(
        since=datetime(2026, 3, 1, tzinfo=UTC),
        until=datetime(2026, 4, 1, tzinfo=UTC),
        sender="JANE@example.edu",
        domain="mipt.ru",
    )
    rows = ask("contacts", march)
    assert ids(rows) == [second, first]
    assert rows[0]["recipient"] == "Petr@mipt.ru"
    assert rows[0]["outcome"] == "refused"


def test_a06_first_contacts_of_a_sender_with_an_institution(past, ask):
    first = past.saw("2026-03-01", JANE)
    past.saw("2026-03-02", "Jane@example.edu")
    other = past.saw("2026-03-03", JANE, "wei@buaa.edu.cn", entity=BUAA)
    theirs = past.saw("2026-03-04", OMAR)
    past.saw("2026-03-05", "")
    rows = ask("first-contacts")
    assert ids(rows) == [theirs, other, first]
    assert [row["findings"] for row in rows] == [1, 1, 2]
    # Within a period only those who wrote then for the first time ever.
    since = Filters(since=datetime(2026, 3, 2, tzinfo=UTC))
    assert ids(ask("first-contacts", since)) == [theirs, other]


def test_a06_who_was_warned_more_than_n_times(past, ask):
    for day in (1, 10, 20):
        past.saw(f"2026-03-{day:02}", JANE, notice="sent", department="Physics")
    past.saw("2026-03-21", JANE, notice="suppressed:rhythm")
    past.saw("2026-03-22", JANE, notice="failed")
    past.saw("2026-03-23", OMAR, notice="sent")
    assert [(row["sender"], row["warnings"]) for row in ask("warned-often", times=2)] == [(JANE, 3)]
    assert ask("warned-often", times=3) == []
    assert len(ask("warned-often", times=0)) == 2


def test_a06_who_wrote_again_after_a_warning(past, ask):
    past.saw("2026-03-01", JANE)  # before any
    past.saw("2026-03-02", JANE, notice="sent")
    again = past.saw("2026-03-03", JANE, notice="suppressed:rhythm")
    warned_again = past.saw("2026-03-20", JANE, notice="sent")
    later = past.saw("2026-03-21", JANE)
    past.saw("2026-03-22", JANE, "wei@buaa.edu.cn", entity=BUAA)  # never warned of that one
    past.saw("2026-03-23", OMAR, notice="failed")
    past.saw("2026-03-24", OMAR)  # whose letter never went
    rows = ask("after-warning")
    assert ids(rows) == [later, warned_again, again]
    assert [row["warned_at"][:10] for row in rows] == ["2026-03-20", "2026-03-02", "2026-03-02"]


def test_a06_what_was_sent_before_the_letter_is_not_after_the_warning(past, ask):
    past.saw("2026-03-02T10:00:00", JANE, notice="sent")  # the letter goes 3 s later
    past.saw("2026-03-02T10:00:02", JANE)
    assert ask("after-warning") == []


def test_who_was_not_told_and_why(past, ask):
    untold = past.saw("2026-03-01", JANE, notice="suppressed:list-mail")
    past.saw("2026-03-02", JANE, notice="sent")
    past.saw("2026-03-03", JANE, outcome="failed")
    rows = ask("not-warned")
    assert [(row["id"], row["notice"]) for row in rows] == [(untold, "suppressed:list-mail")]


def test_which_messages_may_not_have_arrived(past, ask):
    past.saw("2026-03-01", JANE)
    unknown = past.saw("2026-03-02", JANE, outcome="unknown")
    pending = past.saw("2026-03-03", JANE, outcome=None)
    rows = ask("unknown-outcome")
    assert [(row["id"], row["outcome"]) for row in rows] == [
        (pending, "pending"),
        (unknown, "unknown"),
    ]


def test_a06_open_for_longer_than_n_days(past, ask):
    old = past.saw("2026-10-01", JANE)
    decided = past.saw("2026-10-02", JANE)
    reopened = past.saw("2026-10-03", JANE)
    past.saw("2026-11-01", JANE)
    past.decided(decided, "personal", "2026-10-05")
    past.decided(reopened, "personal", "2026-10-05")
    past.decided(reopened, "open", "2026-10-06")
    rows = ask("open-longer", days=30)
    assert [(row["id"], row["days_open"]) for row in rows] == [(old, 52), (reopened, 50)]
    assert len(ask("open-longer", days=20)) == 3


def test_a06_under_a_licence(past, ask):
    first, second = past.saw("2026-03-01", JANE), past.saw("2026-03-02", OMAR)
    past.decided(first, "licensed", "2026-03-03", licence="GL-8J", reason="answers an inquiry")
    past.decided(second, "licensed", "2026-03-03", licence="GL-9")
    (row,) = ask("licence", number="gl-8j")
    assert (row["id"], row["by"], row["reason"]) == (first, "j.doe", "answers an inquiry")
    # The last decision counts.
    past.decided(first, "escalated", "2026-03-04")
    assert ask("licence", number="GL-8J") == []


def test_a06_how_often_a_rule_was_wrong_about_an_institution(past, ask):
    events = [past.saw("2026-03-01", JANE, rule=Rule.LOOKALIKE) for _ in range(4)]
    for event, as_ in zip(events, ("false-positive", "false-positive", "escalated"), strict=False):
        past.decided(event, as_, "2026-03-02")
    past.saw("2026-03-03", OMAR, rule=Rule.SUBDOMAIN)  # never decided
    (row,) = ask("false-positives")
    assert (row["entity"], row["rule"]) == ("us-ofac-38316", "lookalike")
    counts = (row["findings"], row["decided"], row["false_positives"], row["percent"])
    assert counts == (4, 3, 2, 67)


def test_a06_exceptions_in_force_and_those_that_end_soon(past, ask):
    ended, soon, later, endless = (past.saw("2026-03-01", JANE) for _ in range(4))
    for event, day in ((ended, 21), (soon, 22), (later, 28)):
        past.decided(event, "licensed", "2026-03-02", licence="L", expires_on=date(2026, 11, day))
    past.decided(endless, "exempt", "2026-03-02")
    rows = ask("exceptions")
    assert ids(rows) == [soon, later, endless]
    assert [row["name"] for row in rows] == ["L", "L", "exempt"]
    assert ids(ask("expiring", days=6)) == [soon, later]
    assert ids(ask("expiring", days=5)) == [soon]


def test_who_decided_what_and_why(past, ask):
    event = past.saw("2026-03-01", JANE)
    past.decided(event, "personal", "2026-03-02", by="j.doe", reason="a cousin")
    past.decided(event, "escalated", "2026-04-02", by="A.Rossi")
    rows = ask("decisions")
    assert [(row["by"], row["disposition"], row["reason"], row["sender"]) for row in rows] == [
        ("A.Rossi", "escalated", None, JANE),
        ("j.doe", "personal", "a cousin", JANE),
    ]
    assert [row["by"] for row in ask("decisions", by="a.rossi")] == ["A.Rossi"]
    assert len(ask("decisions", until=datetime(2026, 4, 1, tzinfo=UTC))) == 1


def test_what_is_under_hold(past, ask):
    held, released = past.saw("2026-03-01", JANE), past.saw("2026-03-02", JANE)
    past.held(held, "2026-03-03", matter="INQ-1")
    past.held(released, "2026-03-03", matter="INQ-2")
    past.released(released, "2026-03-04")
    (row,) = ask("held")
    assert (row["id"], row["matter"], row["by"]) == (held, "INQ-1", "j.doe")
    assert ask("held", matter="INQ-2") == []


def test_what_was_erased(past, ask):
    past.erased("2026-03-01")
    (row,) = ask("erased")
    assert (row["by"], row["cause"], row["events"], row["kept"]) == ("j.doe", "request", 3, 1)
    assert ask("erased", since=datetime(2026, 3, 2, tzinfo=UTC)) == []


def test_a06_was_the_gateway_blind(past, ask):
    beats = [("heartbeat", f"2026-11-22T10:{minute:02}") for minute in (5, 10)]
    past.process(("started", "2026-11-22T10:00"), *beats, id_="first")
    # The first was killed behind 10:10; the second came at 10:40, and was stopped in good order.
    more = [("heartbeat", f"2026-11-22T10:{minute:02}") for minute in (45, 50, 55)]
    past.process(("started", "2026-11-22T10:40"), *more, ("stopped", "2026-11-22T10:58"), id_="b")
    alive = [("heartbeat", f"2026-11-22T11:{minute:02}") for minute in range(25, 60, 5)]
    past.process(("started", "2026-11-22T11:20"), *alive, id_="c")
    rows = ask("blind", minutes=1)
    told = [
        (row["since"][11:16], row["until"][11:16], row["minutes"], row["detail"]) for row in rows
    ]
    assert told == [
        ("10:58", "11:20", 22, "stopped in good order"),
        ("10:10", "10:40", 30, "no sign of life"),
    ]
    assert len(ask("blind", minutes=25)) == 1
    assert ask("blind", minutes=1, since=datetime(2026, 11, 22, 11, 30, tzinfo=UTC)) == []
    until = datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert [row["minutes"] for row in ask("blind", minutes=25, until=until)] == [30]
    since = datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert [row["minutes"] for row in ask("blind", minutes=1, since=since)] == [20]


def test_a06_a_gateway_that_is_gone_is_blind_until_now(past, ask):
    past.process(("started", "2026-11-22T11:40"), ("heartbeat", "2026-11-22T11:45"))
    (row,) = ask("blind", minutes=1)
    assert (row["minutes"], row["detail"]) == (15, "no sign of life, until now")


def test_a06_a_gateway_without_any_sign_of_life_in_the_period_was_blind_all_through_it(past, ask):
    since = datetime(2026, 11, 22, 11, tzinfo=UTC)
    past.saw("2026-11-22T09:30", JANE)
    told = [(row["since"][11:16], row["minutes"]) for row in ask("blind", minutes=1)]
    assert told == [("09:30", 150)]
    past.process(("started", "2026-11-22T09:00"), ("stopped", "2026-11-22T09:02"))
    (row,) = ask("blind", minutes=1, since=since)
    assert (row["since"][11:16], row["minutes"]) == ("11:00", 60)
    assert row["detail"] == "stopped in good order, until now"


def test_a06_two_processes_cover_for_each_other_and_a_sleeping_one_covers_nothing(past, ask):
    past.process(("started", "2026-11-22T09:00"), ("heartbeat", "2026-11-22T09:05"), id_="first")
    signs = [f"2026-11-22T{hour}" for hour in ("09:04", "09:09", "09:14", "09:19")]
    past.process(("started", signs[0]), *(("heartbeat", sign) for sign in signs[1:]), id_="second")
    # The second slept for forty minutes, as a machine does that was suspended.
    on = [f"2026-11-22T{hour}" for hour in ("09:59", "10:04", "10:06")]
    past.process(*(("heartbeat", sign) for sign in on[:2]), ("stopped", on[2]), id_="second")
    until = datetime(2026, 11, 22, 10, 6, tzinfo=UTC)
    rows = ask("blind", minutes=1, until=until)
    assert [(row["since"][11:16], row["until"][11:16]) for row in rows] == [("09:19", "09:59")]


def test_a06_blindness_counts_the_journal_and_unknown_outcomes_too(past, ask):
    past.process(("started", "2026-11-22T11:55"))
    past.journalled("2026-03-01T10:00", 7)
    past.saw("2026-03-02", JANE, outcome="unknown")
    past.saw("2026-03-02", JANE, outcome="unknown")
    told = [(row["what"], row["detail"]) for row in ask("blind", minutes=1)]
    assert told == [
        ("outcome unknown", "of 2 recipients: ask unknown-outcome"),
        ("journal taken in", "7 events kept there meanwhile, 0 lines not readable"),
    ]


def test_a06_who_looked_at_whose_records(past, folder, ask):
    with LoggedReading(folder / "ledger.db", None) as reading:
        jane, omar = map(reading.names.person, (JANE, OMAR))
    about_jane = past.looked("2026-03-01", [jane], reason="a request")
    past.looked("2026-03-02", [omar], by="j.doe")
    of_many = past.looked("2026-03-03", [f"person-{number}" for number in range(1001)])
    rows = ask("who-looked", sender="JANE@example.edu")
    assert [(row["id"], row["theirs"]) for row in rows] == [(of_many, "maybe"), (about_jane, "yes")]
    assert rows[1]["reason"] == "a request"
    assert ids(ask("who-looked", sender=JANE)) == ids(ask("who-looked", sender=jane))
    assert [row["by"] for row in ask("who-looked", by="j.doe")] == ["j.doe"]


def test_a06_did_the_ledger_ever_see_a_recipient(past, ask):
    seen = past.saw("2026-03-01", JANE, "ivan@stud.mipt.ru")
    assert ids(ask("why-not", address="Ivan@stud.mipt.ru")) == [seen]
    assert ask("why-not", address="petr@stud.mipt.ru") == []


def test_a_page_ends_at_its_limit_and_says_so(past, folder):
    for day in range(1, 6):
        past.saw(f"2026-03-{day:02}", JANE)
    with LoggedReading(folder / "ledger.db", None) as reading:
        page = reading.ask(QUESTIONS["contacts"], now=NOW, limit=3)
        everything = reading.ask(QUESTIONS["contacts"], now=NOW, limit=5)
    assert (len(page.rows), page.has_more) == (3, True)
    assert (len(everything.rows), everything.has_more) == (5, False)


def test_said_is_one_sentence_for_any_number():
    said = QUESTIONS["after-warning"].sentence
    assert said.of(0).startswith("Nobody wrote")
    assert said.of(1).startswith("One recipient")
    assert said.of(1, has_more=True).startswith("More than 1 recipients")
    assert said.of(1234).startswith("1,234 recipients")


# ── what a person may see ────────────────────────────────────────────────────────────────────


def accesses(rows):
    return rows("SELECT facts FROM event WHERE kind = 'ACCESSED' ORDER BY seq")


def test_a09_an_answer_that_shows_people_is_recorded_with_whose_it_was(past, ask, rows, folder):
    past.saw("2026-03-01", JANE)
    past.saw("2026-03-02", OMAR)
    with LoggedReading(folder / "ledger.db", None) as reading:
        jane, ivan = map(reading.names.person, (JANE, "ivan@stud.mipt.ru"))
    ask("contacts", Filters(sender=JANE))
    ask("why-not", address="ivan@stud.mipt.ru")
    facts = [json.loads(row["facts"]) for row in accesses(rows)]
    assert facts[0]["verb"] == "audit ask contacts"
    assert (facts[0]["rows"], facts[0]["subjects"]) == (1, [jane])
    assert facts[0]["filters"]["sender"] == jane
    assert facts[1]["filters"] == {"address": ivan}
    assert "jane@" not in str(facts)


def test_an_answer_that_shows_nobody_is_not_recorded(past, ask, rows):
    past.saw("2026-03-01", JANE)
    ask("false-positives")
    ask("blind")
    ask("contacts", Filters(tier=Tier.ADVISORY))  # no row
    assert accesses(rows) == []


def test_a09_with_pseudonyms_an_answer_names_nobody_and_is_not_recorded(past, rows, folder):
    event = past.saw("2026-03-01", JANE, notice="sent")
    past.saw("2026-03-02", JANE)
    past.decided(event, "licensed", "2026-03-03", licence="L", reason="for jane@example.edu")
    past.looked("2026-03-04", [], reason="jane@example.edu asked")
    with LoggedReading(folder / "ledger.db", None) as reading:
        for question in QUESTIONS.values():
            if question.sql is None:
                continue
            values = {p.name: "L" for p in question.parameters if p.is_required}
            if question.name == "why-not":
                values = {"address": reading.names.recipient("ivan@stud.mipt.ru")}
            answer = reading.ask(question, values=values, now=NOW)
            assert "jane" not in str(answer.rows), question.name
            assert "ivan" not in str(answer.rows), question.name
    assert len(accesses(rows)) == 1  # the one written above
