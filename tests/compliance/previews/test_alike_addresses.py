"""Addresses that share a verdict, and those whose verdict is their own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.compliance.previews import alike_addresses
from gateway.compliance.previews.alike_addresses import AlikeAddresses
from gateway.compliance.previews.try_address import TrialBasis, try_address
from gateway.model import Claim, Entity, Listing
from gateway.policy import rules as policy
from gateway.screening import snapshot as screening
from gateway.screening.recipient_kind import MailboxKinds

DAY = date(2026, 11, 22)
POLICY = """
[tiers]
otherwise = "advisory"

[[rule]]
name = "a visiting professor"
recipient = ["ivan@mipt.ru"]
text = "Read this."
action = "observe"
"""
PEOPLE = MailboxKinds({}, {}, frozenset({"info"}), frozenset({"info"}), frozenset({"alumni"}))
SNAPSHOT = screening.build(
    [
        Entity(
            "m",
            "MIPT",
            listings=(Listing("US-OFAC-SDN", "P", "1", date(2022, 8, 2)),),
            domains=(Claim("mipt.ru", "s", "r", DAY),),
            addresses=(Claim("era@mail.ru", "s"),),
        )
    ],
    PEOPLE,
)


@pytest.fixture
def by(tmp_path):
    (tmp_path / "policy.toml").write_text(POLICY)
    return TrialBasis(SNAPSHOT, policy.load(tmp_path), DAY)


def test_people_at_one_domain_are_alike_and_offices_are_another_group(by):
    alike = AlikeAddresses(by)
    assert alike.group("a@mipt.ru") == alike.group("b.c@mipt.ru") == ("mipt.ru", False)
    assert alike.group("info@mipt.ru") == ("mipt.ru", True)


@pytest.mark.parametrize(
    "text",
    ["Ivan@other.example", '"a b"@mipt.ru', "Jo <jo@mipt.ru>", "a=mipt.ru@x.example", "=1@x.org"],
)
def test_whom_a_rule_names_and_what_is_not_plain_is_alone(by, text):
    assert AlikeAddresses(by).group(text) is None


def test_at_a_domain_where_single_addresses_are_listed_no_verdict_is_shared(by):
    alike = AlikeAddresses(by)
    assert not alike.is_shared(try_address("a@MAIL.ru", by))
    assert alike.is_shared(try_address("a@mipt.ru", by))


def test_the_packaged_rules_name_no_address():
    packaged = policy.load(Path(__file__).parents[3] / "policies")
    assert alike_addresses.locals_named_by(packaged) == frozenset()
