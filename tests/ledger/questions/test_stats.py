from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from gateway.ledger.query.logged_reading import Access, LoggedReading
from gateway.ledger.questions.filters import Filters
from gateway.ledger.questions.stats import BY
from gateway.model import Rule

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BUAA = ("us-bis-el-beihang", "Beihang University")
JANE, OMAR = "jane@example.edu", "omar@example.edu"


@pytest.fixture
def stats(past, folder):
    """Two senders, two institutions, two weeks, three notices, one false positive."""
    past.saw("2026-03-01", JANE, notice="sent", department="Physics")  # a Sunday
    past.saw("2026-03-02", JANE, notice="suppressed:rhythm", department="Physics")
    past.saw(
        "2026-03-03", JANE, "wei@buaa.edu.cn", entity=BUAA, notice="sent", department="Physics"
    )
    wrong = past.saw("2026-03-04", OMAR, notice="sent", rule=Rule.LOOKALIKE)
    past.decided(wrong, "false-positive", "2026-03-05")

    def stats(by, filters=None):
        access = Access("k.weber", "audit stats", None, lambda: NOW, os.urandom)
        with LoggedReading(folder / "ledger.db", access) as reading:
            return reading.ask(BY[by], filters or Filters(), now=NOW).rows

    return stats


def test_findings_are_counted_by_institution(stats):
    first, second = stats("entity")
    assert (first["entity"], first["entity_name"]) == (
        "us-ofac-38316",
        "Moscow Institute of Physics and Technology",
    )
    assert (first["findings"], first["senders"], first["warnings"]) == (3, 2, 2)
    assert (first["open"], first["false_positives"]) == (2, 1)
    assert (first["first_at"][:10], first["last_at"][:10]) == ("2026-03-01", "2026-03-04")
    assert (second["entity_name"], second["findings"]) == ("Beihang University", 1)


def test_findings_are_counted_by_sender_and_by_department(stats):
    assert [(row["sender"], row["findings"], row["institutions"]) for row in stats("sender")] == [
        (JANE, 3, 2),
        (OMAR, 1, 1),
    ]
    assert [(row["department"], row["senders"]) for row in stats("department")] == [
        ("Physics", 1),
        ("(not known)", 1),
    ]


def test_a_week_begins_with_its_monday(stats):
    assert [(row["week"], row["findings"]) for row in stats("week")] == [
        ("2026-03-02", 3),
        ("2026-02-23", 1),
    ]


def test_findings_are_counted_by_rule_and_after_filters(stats):
    assert [(row["rule"], row["findings"]) for row in stats("rule")] == [
        ("subdomain", 3),
        ("lookalike", 1),
    ]
    assert [row["findings"] for row in stats("rule", Filters(sender=JANE, domain="mipt.ru"))] == [2]
    assert stats("entity", Filters(sender="nobody@example.edu")) == []


def test_every_count_takes_every_filter():
    for question in BY.values():
        assert set(question.filters) == set(Filters.__dataclass_fields__)
        assert "{where}" in question.sql
