"""S18: what is known of providers' spellings is data, and part of a snapshot."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.addresses.canonical_mailbox import MailboxFamily, mailbox_of
from gateway.screening import snapshot_lines
from gateway.screening.mailbox_kind_files import read_mailbox_kinds, read_same_mailboxes

POLICIES = Path(__file__).parents[2] / "policies"
GROUP = '[[same_mailbox]]\ngroup = "G"\nsource = "s"\n'


def written(tmp_path, personal):
    (tmp_path / "personal.toml").write_text(personal)
    (tmp_path / "roles.toml").write_text((POLICIES / "roles.toml").read_text("utf-8"))
    faults = []
    return read_mailbox_kinds(tmp_path, faults).same_mailboxes, list(map(str, faults))


def test_s18_the_packaged_policies_know_gmail_and_yandex():
    same = read_mailbox_kinds(POLICIES, []).same_mailboxes
    assert mailbox_of("J.Doe@googlemail.com", same) == "jdoe@gmail.com"
    assert mailbox_of("j.doe@ya.ru", same) == "j.doe@yandex.ru"
    assert read_same_mailboxes(POLICIES) == same


def test_s18_a_family_is_read_and_its_first_domain_stands_for_all(tmp_path):
    text = GROUP + 'domains = ["B.example", "a.example."]\ndots = "ignored"\n'
    same, faults = written(tmp_path, text)
    assert (same, faults) == ((MailboxFamily(("b.example", "a.example"), dots_count=False),), [])
    assert written(tmp_path, GROUP + 'domains = ["b.example"]\n') == (
        (MailboxFamily(("b.example",)),),
        [],
    )


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('domains = ["a.example", "a.example"]', "stands in the group 'G' already"),
        ('domains = ["a.example"]\ndots = "lost"', 'it is "counted" or "ignored"'),
        ("domains = []", "domains"),
        ('domains = ["a..b"]', "empty"),
    ],
)
def test_s18_a_faulty_family_is_told_and_no_search_waits_for_it(tmp_path, more, fault):
    _, faults = written(tmp_path, GROUP + more)
    assert any(fault in each for each in faults), faults
    assert read_same_mailboxes(tmp_path) == ()
    assert read_same_mailboxes(tmp_path / "nowhere") == ()


def test_s18_a_snapshot_holds_them_and_without_them_keeps_its_digest():
    kinds = read_mailbox_kinds(POLICIES, [])
    for each in (
        kinds,
        replace(kinds, reverse_aliases=frozenset()),
        replace(kinds, same_mailboxes=()),
        replace(kinds, reverse_aliases=frozenset(), same_mailboxes=()),
    ):
        line = next(iter(snapshot_lines.lines([], each)))
        assert snapshot_lines.mailbox_kinds_of(line) == each
        parts = 5 + bool(each.reverse_aliases) if not each.same_mailboxes else 7
        assert len(snapshot_lines._read(line, 5, 6, 7)) == parts
