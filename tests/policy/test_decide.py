from datetime import date

import pytest

from gateway.model import Action, Kind, Listing, Rule, Standing, Tier
from gateway.policy.decide import NO_RULE, NOT_LISTED, decide, decide_one, sends_notices

RULES = """
[[rule]]
name = "review"
standing = ["review"]
action = "observe"
text = "t"
[[rule]]
name = "listed"
standing = ["listed"]
action = "warn"
text = "t"
"""


def rule(conditions, action="warn", name="r"):
    return f'[[rule]]\nname = "{name}"\naction = "{action}"\ntext = "t"\n{conditions}\n'


def outcome(rules, finding, on, sender="jane@cs.example.edu"):
    decision = decide_one(sender, finding, rules, on)
    return decision.action, decision.rule


def test_p01_the_first_rule_that_fits_wins(policy, finding, today):
    first = rule('kind = ["alumni"]', "observe", "first")
    rules = policy(first + rule("", "warn", "second"))
    assert outcome(rules, finding(kind=Kind.ALUMNI), today) == (Action.OBSERVE, "first")
    assert outcome(rules, finding(), today) == (Action.WARN, "second")


@pytest.mark.parametrize(
    ("condition", "fits", "fails"),
    [
        ('standing = ["listed"]', {}, {"standing": Standing.REVIEW}),
        ('tier = ["blocking"]', {}, {"listings": [Listing("EL", None, None)]}),
        ('kind = ["role", "alumni"]', {"kind": Kind.ROLE}, {"kind": Kind.INDIVIDUAL}),
        ('list = ["SDN"]', {}, {"listings": [Listing("EL", None, None)]}),
        ('programme = ["EO14024"]', {}, {"listings": [Listing("SDN", "X", None)]}),
        ('entity = ["m"]', {}, {"id_": "other"}),
        ('match = ["embedded"]', {"rule": Rule.EMBEDDED}, {"rule": Rule.SUBDOMAIN}),
        ('recipient = ["mipt.ru"]', {"text": "a@x.mipt.ru"}, {"text": "a@notmipt.ru"}),
        ('recipient = ["A@MIPT.ru."]', {"text": "a@mipt.ru"}, {"text": "b@mipt.ru"}),
    ],
)
def test_p01_each_condition_must_hold(condition, fits, fails, *, policy, finding, today):
    rules = policy(rule(condition))
    assert outcome(rules, finding(**fits), today) == (Action.WARN, "r")
    assert outcome(rules, finding(**fails), today) == (Action.OBSERVE, NO_RULE)


@pytest.mark.parametrize(
    ("condition", "fits", "fails"),
    [
        ('["cs.example.edu"]', "jane@cs.example.edu", "jane@example.edu"),
        ('["example.edu"]', "jane@CS.Example.edu.", "jane@notexample.edu"),
        ('["jane@example.edu"]', "Jane@Example.edu", "john@example.edu"),
        ('["jane@example.edu"]', "jane@example.edu", "jane@cs.example.edu"),
        ('["example.edu"]', "jane@example.edu", None),
        ('["example.edu"]', "jane@example.edu", "jane"),
        ('["example.edu"]', "jane@example.edu", "jane@a..b"),
    ],
)
def test_p01_a_rule_may_ask_for_the_sender(condition, fits, fails, *, policy, finding, today):
    rules = policy(rule(f"sender = {condition}"))
    assert outcome(rules, finding(), today, fits)[1] == "r"
    assert outcome(rules, finding(), today, fails)[1] == NO_RULE


def test_p01_a_rule_may_be_bound_to_days_both_included(policy, finding):
    rules = policy(rule("from = 2026-01-01\nuntil = 2026-12-31"))
    for on, name in [
        (date(2025, 12, 31), NO_RULE),
        (date(2026, 1, 1), "r"),
        (date(2026, 12, 31), "r"),
        (date(2027, 1, 1), NO_RULE),
    ]:
        assert outcome(rules, finding(), on)[1] == name


def test_p01_list_and_programme_must_be_of_one_listing_in_force(policy, finding, today):
    rules = policy(rule('list = ["SDN"]\nprogramme = ["P"]'))
    apart = [Listing("SDN", "Q", None), Listing("EL", "P", None)]
    ended = [Listing("SDN", "P", None, delisted_on=date(2020, 1, 1)), Listing("EL", None, None)]
    any_of = [Listing("SDN", "Q", None), Listing("SDN", "P", None)]
    assert outcome(rules, finding(listings=apart), today)[1] == NO_RULE
    assert outcome(rules, finding(listings=ended), today)[1] == NO_RULE
    assert outcome(rules, finding(listings=any_of), today)[1] == "r"


def test_a_match_that_no_rule_fits_is_observed_and_the_unlisted_pass(policy, finding, today):
    rules = policy(rule('entity = ["x"]'))
    assert outcome(rules, finding(), today) == (Action.OBSERVE, NO_RULE)
    clear = finding(standing=Standing.CLEAR, id_=None)
    assert outcome(rules, clear, today) == (Action.PASS, NOT_LISTED)


def test_a_rule_without_a_standing_never_touches_the_unlisted(policy, finding, today):
    rules = policy(rule("", "warn"))
    assert outcome(rules, finding(standing=Standing.CLEAR, id_=None), today)[0] is Action.PASS


def test_a_rule_may_name_what_passes(policy, finding, today):
    rules = policy(rule('standing = ["clear"]', "pass", "the clear"))
    clear = finding(standing=Standing.CLEAR, id_=None)
    assert outcome(rules, clear, today) == (Action.PASS, "the clear")


@pytest.mark.parametrize("action", ["warn", "observe"])
def test_s15_what_could_not_be_read_is_observed_and_no_more(policy, finding, today, action):
    unread = finding(standing=Standing.REVIEW, id_=None, rule=Rule.UNREADABLE)
    rules = policy(rule('standing = ["review"]', action))
    assert decide_one("jane@cs.example.edu", unread, rules, today).action is Action.OBSERVE


def test_findings_are_grouped_by_rule_in_the_order_of_the_rules(policy, finding, today):
    rules = policy(RULES)
    findings = [
        finding("a@mipt.ru"),
        finding("b@x.org", standing=Standing.REVIEW),
        finding("c@x.org", standing=Standing.CLEAR, id_=None),
        finding("d@bit.edu.cn", listings=[Listing("EL", None, None)]),
    ]
    review, listed = decide("jane@example.edu", findings, rules, today)
    assert (review.rule, review.action) == ("review", Action.OBSERVE)
    assert (listed.rule, listed.action) == ("listed", Action.WARN)
    assert [str(each.recipient) for each in listed.findings] == ["a@mipt.ru", "d@bit.edu.cn"]
    assert [each.tier for each in listed.findings] == [Tier.BLOCKING, Tier.EXPORT_CONTROL]
    assert review.policy == listed.policy == rules.digest
    assert decide("jane@example.edu", [], rules, today) == ()


EXCEPTION = """
[[exception]]
name = "LHCb"
owner = "J. Smith"
reason = "licence"
entity = ["m"]
sender = ["physics.example.edu"]
from = 2026-01-01
until = 2026-12-31
"""


def test_p03_what_an_exception_covers_is_recorded_with_it(policy, finding, today):
    rules = policy(RULES, exceptions=EXCEPTION)
    covered = outcome(rules, finding(), today, "jane@physics.example.edu")
    assert covered == (Action.OBSERVE, "exception: LHCb")
    assert outcome(rules, finding(), today, "jane@example.edu") == (Action.WARN, "listed")
    assert outcome(rules, finding(id_="x"), today, "jane@physics.example.edu")[1] == "listed"


def test_p03_an_expired_exception_does_nothing_and_is_told(policy, finding):
    rules = policy(RULES, exceptions=EXCEPTION)
    sender = "jane@physics.example.edu"
    last, after = date(2026, 12, 31), date(2027, 1, 1)
    assert outcome(rules, finding(), last, sender)[1] == "exception: LHCb"
    assert outcome(rules, finding(), after, sender) == (Action.WARN, "listed")
    assert outcome(rules, finding(), date(2025, 12, 31), sender)[1] == "listed"
    assert rules.expired(last) == ()
    assert [each.name for each in rules.expired(after)] == ["LHCb"]


def test_p03_an_exception_lifts_a_refusal_and_records_nothing_that_passes(policy, finding, today):
    refuse = rule('url = "https://example.edu/x"', "refuse")
    sender = "jane@physics.example.edu"
    assert outcome(policy(refuse, exceptions=EXCEPTION), finding(), today, sender)[0] == "observe"
    passing = policy(rule("", "pass"), exceptions=EXCEPTION)
    assert outcome(passing, finding(), today, sender)[0] is Action.PASS
    assert decide(sender, [finding()], passing, today) == ()


def test_r22_one_recipient_is_decided_by_sender_recipient_and_date_alone(policy, finding, today):
    rules = policy(rule('url = "https://example.edu/x"\nsender = ["example.edu"]', "refuse"))
    decision = decide_one("jane@example.edu", finding(), rules, today)
    assert decision.action is Action.REFUSE
    assert decide("jane@example.edu", [finding()], rules, today) == (decision,)
    assert rules.named(decision.rule).url == "https://example.edu/x"


def test_p02_observe_mode_writes_to_nobody():
    assert sends_notices("warn")
    assert not sends_notices("observe")
