from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Action, Address, Peek, Standing, Tier
from gateway.notices.rhythm import addr_spec, choose_language, is_open, notice_request, window_keys

WEEK = timedelta(days=7)
SENDER = Address(b"prof@example.edu", "prof", "example.edu")


class Outbox:
    """What the ledger does with windows, in a dictionary."""

    def __init__(self):
        self.opened = {}

    def offer(self, findings, at, on) -> bool:
        keys = window_keys(findings, on)
        if not is_open({key: self.opened.get(key) for key in keys}, at, WEEK):
            return False
        self.opened |= dict.fromkeys(keys, at)
        return True


def test_n02_ten_messages_in_seven_days_make_one_notice(finding, now, today):
    outbox = Outbox()
    sent = [outbox.offer([finding()], now + timedelta(hours=16 * n), today) for n in range(10)]
    assert sent == [True] + [False] * 9
    assert outbox.offer([finding()], now + WEEK, today)


def test_n02_another_entity_gets_its_own_notice(finding, now, today):
    outbox = Outbox()
    other = finding()
    other = replace(other, entity=replace(other.entity, id="us-bis-hit"))
    assert outbox.offer([finding()], now, today)
    assert outbox.offer([other], now, today)


def test_n02_another_recipient_at_the_entity_does_not(finding, now, today):
    outbox = Outbox()
    assert outbox.offer([finding("one")], now, today)
    assert not outbox.offer([finding("two", "phystech.edu")], now, today)


def test_n02_a_new_tier_opens_the_window_again(finding, now, today):
    outbox = Outbox()
    assert outbox.offer([finding(tier=Tier.ADVISORY)], now, today)
    assert outbox.offer([finding(tier=Tier.BLOCKING)], now, today)


def test_n02_a_new_listing_opens_the_window_again(finding, listing, now, today):
    outbox = Outbox()
    second = listing(list="EU-FSF", programme=None, uid=None)
    assert outbox.offer([finding()], now, today)
    assert outbox.offer([finding(listings=(listing(), second))], now, today)
    assert not outbox.offer([finding(listings=(listing(), second))], now, today)


def test_n02_a_listing_that_comes_into_force_opens_the_window_again(finding, listing, now, today):
    outbox = Outbox()
    later = listing(list="UK-SL", effective_from=date(2026, 11, 24))
    both = finding(listings=(listing(), later))
    assert outbox.offer([both], now, today)
    assert not outbox.offer([both], now, date(2026, 11, 23))
    assert outbox.offer([both], now, date(2026, 11, 24))


def test_n02_a_listing_that_ends_or_is_dated_anew_does_not(finding, listing, now, today):
    outbox = Outbox()
    second = listing(list="EU-FSF")
    assert outbox.offer([finding(listings=(listing(), second))], now, today)
    assert not outbox.offer([finding(listings=(listing(listed_on=date(2022, 8, 3)),))], now, today)


def test_n02_what_was_to_be_reviewed_and_is_listed_now_opens_the_window(finding, now, today):
    outbox = Outbox()
    assert outbox.offer([finding(standing=Standing.REVIEW)], now, today)
    assert outbox.offer([finding()], now, today)


def test_no_key_holds_an_address(finding, today):
    keys = window_keys([finding(), finding("x", "y.ru", entity=None, listing=None)], today)
    assert keys
    assert not any("@" in key or "petrov" in key for key in keys)


def test_n03_one_message_to_three_entities_names_all_and_opens_all(finding, decision, now, today):
    found = [finding(str(n)) for n in range(3)]
    found = [
        replace(one, entity=replace(one.entity, id=f"e{n}", name=f"Institute {n}"))
        for n, one in enumerate(found)
    ]
    told = make(decision(*found[:2]), decision(found[2]), events=found, on=today)
    assert [one.entity_name for one in told.matters] == [
        "Institute 0",
        "Institute 1",
        "Institute 2",
    ]
    outbox = Outbox()
    assert outbox.offer(found[:1], now, today)
    # The first is quiet already, but the others are not.
    assert outbox.offer(found, now, today)
    assert not any(outbox.offer([one], now, today) for one in found)
    assert set(told.windows) == set(outbox.opened)


@given(st.dictionaries(st.text(), st.none() | st.integers(-10000, 10000), max_size=4))
def test_open_means_that_any_window_is(hours):
    now = datetime(2026, 11, 22, tzinfo=UTC)
    opened = {k: None if h is None else now - timedelta(hours=h) for k, h in hours.items()}
    each = [is_open({key: at}, now, WEEK) for key, at in opened.items()]
    assert is_open(opened, now, WEEK) is any(each)


def test_a_clock_set_back_keeps_a_window_shut_but_not_for_good(now):
    assert not is_open({"x": now + timedelta(hours=1)}, now, WEEK)
    assert is_open({"x": now + timedelta(days=3650)}, now, WEEK)


def make(*decisions, events, on, peek=None, languages=("en",)):
    return notice_request(
        message="M",
        sender=SENDER,
        decisions=decisions,
        events={one.recipient: f"E{n}" for n, one in enumerate(events)},
        peek=peek or Peek(),
        languages=languages,
        on=on,
    )


def test_only_warnings_and_refusals_are_told(finding, decision, today):
    seen = finding("seen")
    warned = finding("warned")
    refused = finding("refused")
    told = make(
        decision(seen, action=Action.OBSERVE),
        decision(warned),
        decision(refused, action=Action.REFUSE),
        events=[seen, warned, refused],
        on=today,
    )
    assert [(m.event, m.recipient, m.action) for m in told.matters] == [
        ("E1", "warned@mipt.ru", Action.WARN),
        ("E2", "refused@mipt.ru", Action.REFUSE),
    ]
    assert told.refused
    assert make(decision(seen, action=Action.OBSERVE), events=[seen], on=today) is None
    assert make(events=[], on=today) is None


def test_a_matter_holds_what_the_text_needs(finding, decision, today):
    found = finding()
    told = make(decision(found), events=[found], on=today)
    (one,) = told.matters
    assert (one.entity, one.list, one.programme, one.listed_on, one.tier, one.standing) == (
        "us-ofac-38316",
        "US-OFAC-SDN",
        "RUSSIA-EO14024",
        "2022-08-02",
        Tier.BLOCKING,
        Standing.LISTED,
    )
    assert told.to == "prof@example.edu"
    assert not told.refused


def test_a_finding_without_entity_tier_or_date_is_told_too(finding, decision, listing, today):
    bare = finding("x", "odd.ru", entity=None, listing=None, tier=None, standing=Standing.REVIEW)
    undated = finding("y", listings=(listing(listed_on=None),))
    told = make(decision(bare, undated), events=[bare, undated], on=today)
    assert [(m.entity_name, m.list, m.listed_on) for m in told.matters] == [
        ("odd.ru", "-", None),
        ("Moscow Institute of Physics and Technology", "US-OFAC-SDN", None),
    ]
    assert told.matters[0].tier is Tier.ADVISORY


def test_a_recipient_named_twice_is_told_of_once(finding, decision, today):
    found = finding()
    assert len(make(decision(found, found), events=[found], on=today).matters) == 1


def test_the_thread_comes_from_the_message(finding, decision, today):
    seen = Peek(message_id="<m@x>", references=("<r@x>",), content_language="de")
    told = make(
        decision(finding()), events=[finding()], on=today, peek=seen, languages=("en", "de")
    )
    assert (told.in_reply_to, told.references, told.language) == ("<m@x>", ("<r@x>",), "de")


def test_r27_an_id_that_no_header_may_bear_is_in_none_of_ours(finding, decision, today):
    seen = Peek(message_id="no id\u202e at all")
    told = make(decision(finding()), events=[finding()], on=today, peek=seen)
    assert told.in_reply_to is None


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        (None, ("en", "de"), "en"),
        ("de", ("en", "de"), "de"),
        ("de-AT", ("en", "de"), "de"),
        ("de-at", ("en", "de", "de-AT"), "de-AT"),
        ("fr, de", ("en", "de"), "de"),
        ("fr", ("de", "en"), "de"),
        ("", ("de",), "de"),
        ("fr", (), "en"),
    ],
)
def test_n09_the_language_is_the_message_s_where_it_is_offered(wanted, offered, chosen):
    assert choose_language(wanted, offered) == chosen


@pytest.mark.parametrize(
    ("local", "written"),
    [
        ("a.b", "a.b@x.edu"),
        ("a b", '"a b"@x.edu'),
        ('a"b\\', '"a\\"b\\\\"@x.edu'),
        ("a..b", '"a..b"@x.edu'),
        ("a@b", '"a@b"@x.edu'),
        ("jürgen", "jürgen@x.edu"),
        ("", '""@x.edu'),
    ],
)
def test_an_address_is_quoted_where_it_must_be(local, written):
    assert addr_spec(Address(b"", local, "x.edu")) == written
