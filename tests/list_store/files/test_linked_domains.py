import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway import packaged
from gateway.addresses.address_text import from_text
from gateway.list_store.files import linked_domains
from gateway.list_store.files.linked_domains import LINK_LASTS, MOST_LINKS, SeenLink
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import build_snapshot, snapshot_history
from gateway.model import Rule, Standing
from gateway.screening.classify import classify, classify_line
from gateway.screening.dns_linkage import Link
from gateway.screening.known_clear import KnownClear

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINK = Link("friend.example", "MX", "mx.mipt.ru", "mipt.ru")


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "lists")


def test_s07_where_nothing_was_linked_there_are_none(folder):
    assert linked_domains.read(folder, DAY) == {}
    assert not folder.path.exists()


def test_s07_a_link_is_kept_and_read_again(folder):
    assert linked_domains.add(folder, LINK, DAY)
    seen = linked_domains.read(folder, DAY)
    assert seen == {"friend.example": SeenLink(LINK, DAY)}
    claim = seen["friend.example"].claim
    assert claim.value == "friend.example"
    assert claim.source == "MX mx.mipt.ru lies inside mipt.ru, seen 2026-11-22"
    assert (claim.reviewer, claim.clears) == (None, False)


def test_s07_a_link_of_today_is_not_written_twice(folder):
    linked_domains.add(folder, LINK, DAY)
    before = folder.linked.stat()
    assert linked_domains.add(folder, LINK._replace(host="mx2.mipt.ru"), DAY)
    assert folder.linked.stat().st_ino == before.st_ino
    assert linked_domains.add(folder, LINK._replace(within="bmstu.ru"), DAY)
    assert linked_domains.read(folder, DAY)["friend.example"].link.within == "bmstu.ru"


def test_s07_a_link_that_is_not_seen_again_lapses_and_leaves_the_disk(folder):
    linked_domains.add(folder, LINK, DAY)
    last = DAY + LINK_LASTS - timedelta(days=1)
    assert linked_domains.read(folder, last)
    assert linked_domains.read(folder, DAY + LINK_LASTS) == {}
    linked_domains.add(folder, LINK._replace(domain="other.example"), DAY + LINK_LASTS)
    assert b"friend.example" not in folder.linked.read_bytes()
    assert linked_domains.add(folder, LINK, DAY + LINK_LASTS)
    assert linked_domains.read(folder, DAY + LINK_LASTS)["friend.example"].on == DAY + LINK_LASTS


def test_s07_who_hosts_the_public_ties_no_more_domains(folder):
    for number in range(MOST_LINKS):
        assert linked_domains.add(folder, LINK._replace(domain=f"d{number}.example"), DAY)
    before = folder.linked.read_bytes()
    assert not linked_domains.add(folder, LINK, DAY)
    assert folder.linked.read_bytes() == before
    assert linked_domains.add(folder, LINK._replace(within="bmstu.ru"), DAY)


def test_s07_several_workers_write_one_file(folder):
    def work(number):
        for each in range(10):
            linked_domains.add(folder, LINK._replace(domain=f"d{each}.w{number % 2}.example"), DAY)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(linked_domains.read(folder, DAY)) == 20
    assert len(folder.linked.read_bytes().splitlines()) == 20


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"domain": "friend.example"}',
        b'{"domain": "a b", "record": "MX", "host": "h", "within": "mipt.ru", "on": "2026-11-22"}',
        b'{"domain": "a.b", "record": "MX", "host": "h", "within": "mipt.ru", "on": "yesterday"}',
    ],
)
def test_s07_a_damaged_line_is_named_and_keeps_no_other_from_counting(folder, line):
    linked_domains.add(folder, LINK, DAY)
    with folder.linked.open("ab") as file:
        file.write(line + b"\n")
    assert list(linked_domains.read(folder, DAY)) == ["friend.example"]
    (fault,) = linked_domains.damage(folder)
    assert str(fault).startswith(f"{folder.linked}:2: is damaged, and passed over; take the line")
    assert linked_domains.add(folder, LINK._replace(domain="x.example"), DAY)
    assert list(linked_domains.read(folder, DAY)) == ["friend.example", "x.example"]
    assert linked_domains.damage(folder) == []


def test_s07_a_link_makes_another_snapshot_and_with_it_a_review(folder):
    policies = packaged.policies_directory()
    before = build_snapshot.put_in_force(policies, folder, NOW)
    assert verdict(before).standing is Standing.CLEAR
    linked_domains.add(folder, LINK, DAY)
    after = build_snapshot.put_in_force(policies, folder, NOW)
    found = verdict(after)
    assert (found.standing, found.rule) == (Standing.REVIEW, Rule.LINKED)
    assert found.evidence[0] == (
        "friend.example: MX mx.mipt.ru lies inside mipt.ru, seen 2026-11-22"
    )
    assert after.digest != before.digest
    # Events of either can be replayed.
    again = snapshot_history.load(folder, after.digest)
    assert verdict(again).evidence == found.evidence
    assert verdict(snapshot_history.load(folder, before.digest)).standing is Standing.CLEAR


@pytest.mark.parametrize(
    "written", ["[93.184.215.14]", "93.184.215.14", "[0x5db8d70e]", "1572394766"]
)
def test_s07_a_linked_address_is_for_review_in_any_notation(folder, written):
    literal = Link("[93.184.215.14]", "PTR", "mx.mipt.ru", "mipt.ru")
    assert linked_domains.add(folder, literal, DAY)
    made = build_snapshot.put_in_force(packaged.policies_directory(), folder, NOW)
    line = f"RCPT TO:<ivan@{written}>\r\n".encode()
    assert not KnownClear(made).is_clear(line)
    found = classify_line(line, made, DAY)
    assert (found.standing, found.rule) == (Standing.REVIEW, Rule.LINKED)
    assert found.evidence[0].startswith("[93.184.215.14]: PTR mx.mipt.ru lies inside mipt.ru")


def test_s07_a_link_to_what_is_listed_no_more_says_nothing(folder):
    linked_domains.add(folder, LINK._replace(within="not-listed.example"), DAY)
    made = build_snapshot.current_or_built(packaged.policies_directory(), folder, NOW)
    assert verdict(made).standing is Standing.CLEAR


def test_s07_a_link_that_lapsed_is_left_out_of_the_next_snapshot(folder):
    linked_domains.add(folder, LINK, DAY)
    made = build_snapshot.current_or_built(packaged.policies_directory(), folder, NOW + LINK_LASTS)
    assert verdict(made).standing is Standing.CLEAR


def verdict(snapshot):
    return classify(from_text("ivan@friend.example"), snapshot, DAY)
