from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.address_text import from_text
from gateway.addresses.domain_name import normalise
from gateway.addresses.path_reading import read
from gateway.model import Claim, Entity, Kind, Listing, Rule, Standing
from gateway.screening.classify import classify
from gateway.screening.dns_linkage import Link, find_link, may_be_linked
from gateway.screening.known_clear import KnownClear
from gateway.screening.recipient_kind import MailboxKinds
from gateway.screening.snapshot import build

DAY = date(2026, 11, 22)
MX = ("MX", "mx.mipt.ru")


@pytest.fixture
def listed(entity, snapshot):
    """MIPT with a part taken out, and a mailbox at a hoster."""
    mipt = entity("mipt", ["mipt.ru", "-hosting.mipt.ru"], ["era_1@mail.ru"])
    return snapshot(mipt)


@pytest.fixture
def tied(entity, snapshot):
    """Make a snapshot in which a domain is linked to MIPT."""

    def make(*domains, **fields):
        claims = tuple(Claim(each, "MX mx.mipt.ru lies inside mipt.ru") for each in domains)
        held = entity("mipt", ["mipt.ru", "-alumni.example"], **fields)
        return snapshot(replace(held, linked=claims))

    return make


def verdict(address, snapshot, on=DAY):
    return classify(from_text(address), snapshot, on)


@pytest.mark.parametrize("record", ["MX", "NS"])
@pytest.mark.parametrize("host", ["mipt.ru", "mx.mipt.ru", "a.b.mipt.ru", "MX.MIPT.RU."])
def test_s07_a_host_inside_a_listed_domain_links(record, host, listed):
    found = find_link("friend.example", [(record, host)], listed)
    assert found == Link("friend.example", record, normalise(host), "mipt.ru")
    assert found.evidence == f"{record} {normalise(host)} lies inside mipt.ru"


@pytest.mark.parametrize(
    "host",
    [
        "mx.example.org",
        "notmipt.ru",
        "ru",
        "mx.mipt.ru.example.org",
        "mx.hosting.mipt.ru",  # taken out: that part serves others
        "mx.mail.ru",  # a provider of everybody's, although one mailbox there is listed
        "gmail.com",
        "x.github.io",
        "",
        ".",
        "a b",
        "192.0.2.1",
        "x" * 300,
    ],
)
def test_s07_any_other_host_links_nobody(host, listed):
    assert find_link("friend.example", [("MX", host)], listed) is None


def test_s07_the_first_host_inside_a_listed_domain_counts(listed):
    answers = [("MX", "mx.example.org"), ("MX", "b.mipt.ru"), ("NS", "a.mipt.ru")]
    assert find_link("friend.example", answers, listed).host == "b.mipt.ru"


@pytest.mark.parametrize("domain", ["mipt.ru", "cs.mipt.ru", "x.hosting.mipt.ru"])
def test_s07_what_is_listed_or_taken_out_itself_is_not_linked(domain, listed):
    assert find_link(domain, [MX], listed) is None
    assert not may_be_linked(domain, listed)


@pytest.mark.parametrize("domain", ["gmail.com", "x.mail.ru", "blog.wordpress.com"])
def test_s07_a_personal_provider_or_shared_host_is_never_linked(domain, listed):
    assert find_link(domain, [MX], listed) is None
    assert not may_be_linked(domain, listed)


@pytest.mark.parametrize("domain", ["[192.0.2.1]", "[ipv6:2001:db8::1]", "localhost", ""])
def test_s07_what_is_no_name_in_the_dns_is_not_asked_about(domain, listed):
    assert not may_be_linked(domain, listed)


def test_s07_any_other_domain_may_be_linked(listed):
    assert may_be_linked("friend.example", listed)


@given(st.lists(st.tuples(st.sampled_from(["MX", "NS"]), st.text(max_size=40))))
def test_s07_whatever_a_zone_says_a_link_is_inside_a_listed_domain(answers):
    nobody = MailboxKinds({}, {}, frozenset(), frozenset(), frozenset())
    mipt = Entity("m", "M", listings=(Listing("L", None, None),), domains=(Claim("ru", "s"),))
    found = find_link("friend.example", answers, build([mipt], nobody))
    assert found is None or f".{found.host}".endswith(".ru")


def test_s07_a_linked_domain_is_for_review_and_says_why(tied):
    found = verdict("ivan@friend.example", tied("friend.example"))
    assert (found.standing, found.rule, found.kind) == (
        Standing.REVIEW,
        Rule.LINKED,
        Kind.INDIVIDUAL,
    )
    assert (found.entity.id, found.matched) == ("mipt", "friend.example")
    assert found.evidence == (
        "friend.example: MX mx.mipt.ru lies inside mipt.ru",
        "friend.example is linked to Name of mipt by the DNS, not by a list",
    )


def test_s07_what_is_linked_is_that_domain_alone(tied):
    held = tied("friend.example")
    assert verdict("ivan@cs.friend.example", held).standing is Standing.CLEAR
    assert verdict("ivan@example", held).standing is Standing.CLEAR


def test_s07_a_list_goes_before_a_link_and_so_does_a_persons_word(tied):
    held = tied("cs.mipt.ru", "alumni.example")
    assert verdict("ivan@cs.mipt.ru", held).rule is Rule.SUBDOMAIN
    assert verdict("ivan@alumni.example", held).standing is Standing.CLEAR


def test_s07_a_link_to_who_is_listed_no_more_is_clear(tied):
    held = tied("friend.example", listings=[Listing("L", None, None, delisted_on=DAY)])
    assert verdict("ivan@friend.example", held, date(2026, 11, 21)).standing is Standing.REVIEW
    assert verdict("ivan@friend.example", held).standing is Standing.CLEAR


def test_s07_a_link_is_part_of_the_snapshots_digest(tied):
    assert tied("friend.example").digest != tied().digest
    assert tied("friend.example").digest == tied("friend.example").digest


def test_s07_the_relay_looks_closer_at_a_linked_domain(tied):
    known_clear = KnownClear(tied("friend.example"))
    assert not known_clear.is_clear(b"RCPT TO:<ivan@friend.example>\r\n")


def test_s07_a_domain_found_clear_is_told_once(listed):
    known_clear, told = KnownClear(listed), []
    known_clear.on_new_domain = told.append
    for path in (
        b"a@Friend.Example",
        b"b@Friend.Example",
        b"a@other.example.",
        b"a@mipt.ru",
        b"postmaster",
        b"a@",
    ):
        known_clear.is_clear(b"RCPT TO:<" + path + b">\r\n")
    assert told == ["friend.example", "other.example"]


@pytest.mark.parametrize(
    ("literal", "worth"),
    [
        ("[93.184.215.14]", True),
        ("[ipv6:2001:4860::8]", True),
        ("[127.0.0.1]", False),
        ("[x:y]", False),
    ],
)
def test_s07_an_address_that_a_host_may_have_is_asked_about(listed, literal, worth):
    assert may_be_linked(literal, listed) is worth


def test_s07_where_nobody_listens_nothing_happens(listed):
    assert KnownClear(listed).is_clear(b"RCPT TO:<a@friend.example>\r\n")
    assert classify(read(b"a@friend.example"), listed, DAY).standing is Standing.CLEAR
