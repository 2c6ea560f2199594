from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.model import Action, Tier
from gateway.policy.rules import load

REPO = Path(__file__).parents[2]
RULE = '[[rule]]\nname = "r"\naction = "warn"\ntext = "t"\n'


def told(policy, *arguments, **keywords):
    with pytest.raises(ConfigError) as caught:
        policy(*arguments, **keywords)
    return [str(fault).rpartition("/")[2] for fault in caught.value.faults]


def test_the_packaged_policy_warns_about_listed_institutions():
    rules = load(REPO / "policies")
    assert rules.named("listed institutions: warn").action is Action.WARN
    assert rules.tiers.table["US-OFAC-SDN", None] is Tier.BLOCKING
    assert not any(rule.action is Action.REFUSE for rule in rules.rules)
    assert all(rule.text for rule in rules.rules)
    assert len(rules.examples) >= 30


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (RULE + 'standing = ["lsted"]', "policy.toml:18: rule[1].standing[1]: "),
        (RULE + 'kind = "role"', "policy.toml:18: rule[1].kind: must be a list"),
        (RULE + "kind = []", "policy.toml:18: rule[1].kind: is empty, which would fit everything"),
        (RULE + 'sender = ["@a.edu"]', "policy.toml:18: rule[1].sender[1]: has nothing before"),
        (RULE + 'sender = ["a@b..c"]', "policy.toml:18: rule[1].sender[1]: the domain has"),
        (
            RULE + 'list = ["SND"]',
            "policy.toml:18: rule[1].list: SND has no tier; did you mean SDN?",
        ),
        (
            RULE + 'list = ["ZZZZ"]',
            "policy.toml:18: rule[1].list: ZZZZ has no tier; add a [[tier]]",
        ),
        (
            RULE + "until = 2026-01-01\nfrom = 2027-01-01",
            "policy.toml:18: rule[1].until: lies before",
        ),
        (RULE + 'untill = "x"', "policy.toml:18: rule[1].untill: unknown key; did you mean until?"),
        (RULE.replace('"warn"', '"wam"'), "policy.toml:16: rule[1].action: "),
        (RULE.replace('text = "t"\n', ""), "policy.toml:14: rule[1].text: is missing"),
        (RULE + 'standing = ["clear"]', "policy.toml:16: rule[1].action: is 'warn', but mail"),
        (RULE.replace('"r"', '"exception: x"'), "policy.toml:15: rule[1].name: begins like"),
        (RULE.replace("warn", "refuse"), "policy.toml:14: rule[1].url: is missing"),
        (
            RULE.replace("warn", "refuse") + 'url = "ü"',
            "policy.toml:18: rule[1].url: must be ASCII",
        ),
        (RULE + RULE.replace('"r"', '"s"'), "policy.toml:18: rule[2]: is never reached: 'r'"),
        (
            RULE + 'kind = ["role"]\n' + RULE,
            "policy.toml:20: rule[2].name: 'r' is the name of the rule in line 14",
        ),
    ],
)
def test_p05_a_wrong_rule_is_told_with_file_line_and_key(rule, fault, policy):
    faults = told(policy, rule)
    assert any(each.startswith(fault) for each in faults), faults


def test_p05_a_refusal_must_fit_into_an_smtp_reply(policy):
    rule = RULE.replace("warn", "refuse").replace('"t"', f'"{"t" * 600}"') + 'url = "https://x.y"\n'
    (fault,) = told(policy, rule)
    assert "rule[1].text: and url may have" in fault


EXCEPTION = """[[exception]]
name = "e"
owner = "o"
reason = "r"
entity = ["m"]
until = 2027-01-01
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('owner = "o"\n', "", "exceptions.toml:1: exception[1].owner: is missing"),
        ('reason = "r"\n', "", "exceptions.toml:1: exception[1].reason: is missing"),
        ("until = 2027-01-01\n", "", "exceptions.toml:1: exception[1].until: is missing"),
        ('entity = ["m"]\n', "", "exceptions.toml:1: exception[1]: covers everybody"),
        ("2027-01-01", '"2027"', "exceptions.toml:6: exception[1].until: must be a date"),
        (
            "[[exception]]",
            EXCEPTION + "[[exception]]",
            "exceptions.toml:8: exception[2].name: 'e' is",
        ),
    ],
)
def test_p03_an_exception_has_owner_reason_end_and_somebody_it_is_about(old, new, fault, policy):
    faults = told(policy, exceptions=EXCEPTION.replace(old, new, 1))
    assert any(each.startswith(fault) for each in faults), faults


def test_p05_all_faults_of_all_files_come_at_once(policy):
    faults = told(policy, "[[rule]]\n", exceptions="[[exception]]\n", examples="[[example]]\n")
    assert {fault.split(":")[0] for fault in faults} == {
        "policy.toml",
        "exceptions.toml",
        "examples.toml",
    }


def test_p05_a_policy_that_is_missing_or_no_toml_is_told(policy, tmp_path):
    with pytest.raises(ConfigError, match=r"policy\.toml: cannot be read"):
        load(tmp_path)
    assert "is not TOML" in told(policy, "[[rule]")[0]
    assert "otherwise: is missing" in "".join(told(policy, RULE, tiers=""))


def test_exceptions_and_examples_may_be_absent(policy):
    rules = policy(RULE)
    assert (rules.exceptions, rules.examples) == ((), ())


def test_the_digest_covers_what_bears_on_decisions_and_nothing_else(policy):
    digest = policy(RULE).digest
    assert digest.startswith("sha256:")
    assert policy("# remark\n" + RULE, examples="").digest == digest
    example = '[[example]]\naddress = "a@b"\nstanding = "clear"\n'
    assert policy(RULE, examples=example).digest == digest
    for changed in (
        RULE.replace('"warn"', '"observe"'),
        RULE.replace('"t"', '"u"'),
        RULE + 'kind = ["role"]',
        RULE + "until = 2030-01-01",
        RULE + '[[tier]]\nlist = "Z"\ntier = "advisory"',
        RULE + 'kind = ["role"]\n' + RULE.replace('"r"', '"s"'),
    ):
        assert policy(changed).digest != digest
    assert policy(RULE, exceptions=EXCEPTION).digest != digest


def test_the_order_of_rules_is_part_of_the_digest_that_of_words_is_not(policy):
    one, two = RULE + 'kind = ["role", "alumni"]\n', RULE.replace('"r"', '"s"')
    digest = policy(one + two).digest
    assert policy(one.replace('"role", "alumni"', '"alumni", "role"') + two).digest == digest
    two = two + 'kind = ["unknown"]\n'
    assert policy(one + two).digest != policy(two + one).digest
