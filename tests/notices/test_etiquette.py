from __future__ import annotations

import pytest

from gateway.model import Address, Peek, Suppression
from gateway.notices import render
from gateway.notices.etiquette import suppression_of
from gateway.notices.header_peek import LIST_FIELDS, peek

OURS = frozenset({"example.edu", "institute.example"})


def address(local="prof", domain="example.edu") -> Address:
    return Address(f"{local}@{domain}".encode(), local, domain)


def test_n01_a_person_s_own_message_gets_its_notice():
    assert suppression_of(address(), Peek(), OURS) is None
    assert (
        suppression_of(address(domain="physics.example.edu"), Peek(auto_submitted="no"), OURS)
        is None
    )
    assert suppression_of(address(), Peek(x_auto_response_suppress="DR, RN, NRN"), OURS) is None
    assert suppression_of(address(), Peek(precedence="first-class"), OURS) is None


def test_n01_nothing_to_the_null_sender():
    assert suppression_of(None, Peek(), OURS) is Suppression.NULL_SENDER


@pytest.mark.parametrize(
    "value",
    [
        "auto-replied",
        "auto-generated",
        "AUTO-NOTIFIED; owner-email=x",
        "",
        "no, auto-replied",
        "auto-generated (no (really))",
        "nothing",
    ],
)
def test_n01_nothing_to_what_a_program_sent(value):
    assert suppression_of(address(), Peek(auto_submitted=value), OURS) is Suppression.AUTO_SUBMITTED


@pytest.mark.parametrize(
    "value", ["no", "No", " no ", "no; reason=x", "no (typed by hand)", "no, no"]
)
def test_n01_auto_submitted_no_is_a_person(value):
    assert suppression_of(address(), Peek(auto_submitted=value), OURS) is None


@pytest.mark.parametrize("name", LIST_FIELDS)
def test_n01_nothing_to_list_mail(name):
    assert suppression_of(address(), Peek(list_headers=(name,)), OURS) is Suppression.LIST_MAIL


@pytest.mark.parametrize("value", ["bulk", "list", "Junk", "first-class, bulk"])
def test_n01_nothing_to_bulk(value):
    assert suppression_of(address(), Peek(precedence=value), OURS) is Suppression.BULK


@pytest.mark.parametrize("value", ["All", "OOF", "AutoReply", "DR, OOF, RN", "all"])
def test_n01_nothing_where_no_answer_is_wanted(value):
    seen = Peek(x_auto_response_suppress=value)
    assert suppression_of(address(), seen, OURS) is Suppression.AUTO_SUBMITTED


@pytest.mark.parametrize(
    ("local", "reason"),
    [
        ("MAILER-DAEMON", Suppression.NULL_SENDER),
        ("owner-physics", Suppression.LIST_MAIL),
        ("Physics-Request", Suppression.LIST_MAIL),
        ("postmaster", None),
        ("POSTMASTER", None),
        ("owner", None),
        ("request", None),
    ],
)
def test_n01_clerks_are_no_persons_but_postmaster_is(local, reason):
    assert suppression_of(address(local), Peek(), OURS) is reason


@pytest.mark.parametrize(
    "sender",
    [
        address(domain="other.edu"),
        address(domain="notexample.edu"),
        address(domain="example.edu.evil.org"),
        address(domain="edu"),
        address(domain=""),
        address("SRS0=HHH=TT=stranger.org=ivan"),
        address("srs1+HHH=x==y"),
    ],
)
def test_n01_nothing_to_a_sender_that_is_not_ours(sender):
    assert suppression_of(sender, Peek(), OURS) is Suppression.NOT_OURS


def test_n01_in_doubt_nobody_is_written_to():
    assert suppression_of(address(), Peek(readable=False), OURS) is Suppression.UNREADABLE


def test_n01_what_is_known_of_an_unreadable_header_is_the_better_reason():
    seen = Peek(readable=False, auto_submitted="auto-generated")
    assert suppression_of(address(), seen, OURS) is Suppression.AUTO_SUBMITTED


def test_n05_our_own_notice_fed_back_in_makes_no_notice(notice, config, packaged_texts):
    content = render.rendered_notice(notice(), config, packaged_texts).content
    seen = peek(content.partition(b"\r\n\r\n")[0] + b"\r\n")
    assert suppression_of(None, seen, OURS) is Suppression.NULL_SENDER
    # Nor when a forwarder put somebody in the null sender's place.
    assert suppression_of(address(), seen, OURS) is Suppression.AUTO_SUBMITTED


@pytest.mark.parametrize(
    "local",
    [
        "jane+SRS=hash=TT=other.org=ivan",
        "bounces+SRS=hash=TT",
        "jane+caf_=other=example.org",
        "prvs=0123456789=SRS0=HHH=TT=other.org=ivan",
        "jane%other.org",
        "other.org!jane",
        "jane@other.org",
    ],
)
def test_s18_nothing_to_a_forwarder_s_stranger_or_to_who_routes_elsewhere(local):
    assert suppression_of(address(local), Peek(), OURS) is Suppression.NOT_OURS


@pytest.mark.parametrize(
    ("local", "reason"),
    [
        ("prvs=0123456789=owner-physics", Suppression.LIST_MAIL),
        ("physics-request+x", Suppression.LIST_MAIL),
        ("MAILER-DAEMON+x", Suppression.NULL_SENDER),
        ("prvs=0123456789=prof+x", None),
    ],
)
def test_s18_a_clerk_is_one_in_any_spelling(local, reason):
    assert suppression_of(address(local), Peek(), OURS) is reason
