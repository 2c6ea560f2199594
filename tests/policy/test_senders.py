"""S18: rules and exceptions know a sender by one mailbox."""

import pytest

from gateway.addresses.canonical_mailbox import MailboxFamily
from gateway.policy.decide import NO_RULE, decide, decide_one

SAME = (MailboxFamily(("gmail.com", "googlemail.com"), dots_count=False),)
RULE = '[[rule]]\nname = "r"\naction = "warn"\ntext = "t"\nsender = {}\n'


def named(policy, finding, on, asked, same=SAME):
    condition, sender = asked
    return decide_one(sender, finding(), policy(RULE.format(condition)), on, same).rule


@pytest.mark.parametrize(
    ("condition", "sender"),
    [
        ('["jane@example.edu"]', "Jane+a@example.edu"),
        ('["jane@example.edu"]', "prvs=0123456789=jane@example.edu"),
        ('["Jane+news@example.edu"]', "jane@example.edu"),
        ('["jane@example.edu"]', "jane+SRS=hash=TT=other.org=ivan@example.edu"),
        ('["example.edu"]', "SRS0=HHH=TT=other.org=ivan@example.edu"),
        ('["j.doe@gmail.com"]', "JDoe+x@googlemail.com"),
        ('["googlemail.com"]', "jdoe@gmail.com"),
        ('["googlemail.com"]', "jdoe@googlemail.com"),
        ('["example.edu"]', "jos\\xe9@example.edu"),
        ('["jane%other.org@example.edu"]', "jane%other.org@example.edu"),
    ],
)
def test_s18_a_rule_fits_a_sender_however_it_is_spelt(condition, sender, policy, finding, today):
    assert named(policy, finding, today, (condition, sender)) == "r"


@pytest.mark.parametrize(
    ("condition", "sender"),
    [
        ('["example.edu"]', "jane%other.org@example.edu"),
        ('["example.edu"]', "other.org!jane@example.edu"),
        ('["example.edu"]', '"jane@other.org"@example.edu'),
        ('["jane@example.edu"]', "jane%other.org@example.edu"),
        ('["j.doe@example.edu"]', "jdoe@example.edu"),
        ('["jane@example.edu"]', "mary+jane@example.edu"),
    ],
)
def test_s18_who_routes_elsewhere_or_is_another_does_not_fit(
    condition, sender, policy, finding, today
):
    assert named(policy, finding, today, (condition, sender)) == NO_RULE


def test_s18_dots_count_where_nothing_says_otherwise(policy, finding, today):
    asked = ('["j.doe@gmail.com"]', "jdoe@gmail.com")
    assert named(policy, finding, today, asked, ()) == NO_RULE
    rules = policy(RULE.format(asked[0]))
    assert decide(asked[1], [finding()], rules, today, SAME)[0].rule == "r"
