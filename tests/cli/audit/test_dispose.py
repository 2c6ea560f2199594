from __future__ import annotations

import pytest


def test_dispose_decides_events_and_show_tells_every_decision(audit, events):
    done = audit("dispose", events[0], "--as", "escalated", "--reason", "Looks odd.")
    assert (done.exit_code, done.stderr) == (0, "1 finding decided: escalated\n")
    audit(
        "dispose", events[0], "--as", "licensed", "--licence", "2026-1", "--expires", "2099-06-30",
        "--reason", "Covered.", "--by", "m.okafor",
    )  # fmt: skip
    audit("dispose", events[0], "--as", "open", "--reason", "Another project's licence.")
    told = " ".join(audit("show", events[0]).stdout.split())
    sentences = (
        "officer passed it on.",
        "notes reason Looks odd.",
        "m.okafor decided that it is covered by a licence, number 2026-1, until 2099-06-30.",
        "officer opened it again: it is not decided.",
    )
    places = [told.index(sentence) for sentence in sentences]
    assert places == sorted(places)


def test_dispose_by_filters_tells_the_number_and_asks_for_a_yes(audit, events, facts_of):
    asked = audit("dispose", "--sender", "jane@example.edu", "--as", "personal", "--reason", "x")
    assert asked.exit_code == 2
    assert "choose 2 findings; nothing was done" in asked.stderr
    assert facts_of("DISPOSED") == []
    done = audit(
        "dispose", "--sender", "jane@example.edu", "--as", "personal", "--reason", "x", "--yes"
    )
    assert done.stderr == "2 findings decided: personal\n"
    assert [facts["observed"] for facts in facts_of("DISPOSED")] == [
        events[0],
        events[2],
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name EVENTs, or choose them by filters such as"),
        (("01", "--sender", "jane@example.edu"), "not both"),
        (("ZZ",), "no event has an id that begins with 'ZZ'"),
        (("01", "--licence", "1"), "belong to --as licensed or exempt"),
        (("01", "--reason", " "), "says nothing"),
        (("--text", "moscow", "--yes"), "too much so to act on"),
    ],
)
def test_dispose_with_wrong_usage_does_nothing(audit, events, arguments, says, facts_of):
    result = audit("dispose", "--as", "personal", "--reason", "x", *arguments)
    assert (result.exit_code, says in result.stderr) == (2, True), result.stderr
    assert facts_of("DISPOSED") == []


def test_dispose_says_what_an_auditor_would_miss(audit, events):
    done = audit("dispose", events[0], "--as", "exempt", "--reason", "x", "--expires", "2020-01-01")
    assert "no --licence was given" in done.stderr
    assert "it ended on 2020-01-01, before today" in done.stderr


def test_dispose_has_an_example_and_begins_no_ledger(audit, ledger_path):
    shown = audit("dispose", "--help")
    assert "monition audit dispose" in shown.stdout.partition("Example")[2]
    result = audit("dispose", "01", "--as", "open", "--reason", "x")
    assert (result.exit_code, "there is no ledger" in result.stderr) == (2, True)
    assert not ledger_path.exists()
