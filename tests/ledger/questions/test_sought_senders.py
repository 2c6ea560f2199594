"""S18: whoever seeks a sender finds them, however either was written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.addresses.canonical_mailbox import MailboxFamily
from gateway.ledger.office.chosen_findings import findings
from gateway.ledger.query.ledger_reader import LedgerReader
from gateway.ledger.query.logged_reading import Access, LoggedReading
from gateway.ledger.questions.filters import Filters
from gateway.ledger.store.open_database import reading

SAME = (MailboxFamily(("gmail.com", "googlemail.com"), dots_count=False),)


@pytest.fixture
def path(mail, start, folder):
    """Events of today, which bear one spelling, and two of before."""
    ledger = start()
    recorded = ["jane@example.edu", "jane@example.edu", "jdoe@gmail.com", "Jane+a@example.edu"]
    for number, sender in enumerate([*recorded, "j.doe@gmail.com"]):
        ledger.observe(mail.records(f"m{number}", sender=sender.encode())).result()
    ledger.close()
    return folder / "ledger.db"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("jane@example.edu", ["jane@example.edu"] * 2),
        ("JANE@Example.edu.", ["jane@example.edu"] * 2),
        ("<jane@example.edu>", ["jane@example.edu"] * 2),
        ("jane+b@example.edu", ["jane@example.edu"] * 2),
        ("prvs=0123456789=jane@example.edu", ["jane@example.edu"] * 2),
        ("jane+a@example.edu", ["Jane+a@example.edu", "jane@example.edu", "jane@example.edu"]),
        ("J.Doe@googlemail.com", ["jdoe@gmail.com"]),
        ("j.doe@gmail.com", ["j.doe@gmail.com", "jdoe@gmail.com"]),
        ("jane*@example.edu", ["Jane+a@example.edu", "jane@example.edu", "jane@example.edu"]),
        ("joe@example.edu", []),
    ],
)
def test_s18_a_sender_is_found_by_any_spelling_and_old_events_by_theirs(path, asked, found):
    with LedgerReader(path) as reader:
        reader.same_mailboxes = lambda: SAME
        rows = list(reader.findings(Filters(sender=asked)))
        assert [row["sender"] for row in rows] == found
        assert reader.count(Filters(sender=asked)) == len(found)
    if found:
        with reading(path) as database:
            assert len(findings(database, Filters(sender=asked), SAME)) == len(found)


def test_s18_who_looked_is_told_of_the_one_mailbox(path):
    at = datetime(2026, 12, 1, tzinfo=UTC)
    access = Access("officer", "audit list", None, lambda: at, bytes)
    told = []
    for asked in ("jane@example.edu", "prvs=0123456789=Jane+b@example.edu"):
        with LoggedReading(path, access) as looking:
            told.append(looking._as_logged(Filters(sender=asked)))
    assert told[0] == told[1]
    assert "jane" not in str(told)
