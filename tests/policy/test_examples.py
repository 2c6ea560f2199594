from datetime import date

import pytest

from gateway.errors import ConfigError
from gateway.model import Kind, Standing
from gateway.policy.policy_trial import failed_examples

RULE = '[[rule]]\nname = "r"\naction = "warn"\ntext = "t"\n'
EXAMPLE = '[[example]]\naddress = "a@mipt.ru"\nstanding = "listed"\n'


def test_p04_an_example_that_holds_is_silent(policy, finding, today):
    full = EXAMPLE + (
        'kind = "individual"\ntier = "blocking"\nentity = "m"\nlist = "SDN"\nmatched = "none"\n'
        'rule = "none"\naction = "warn"\npolicy_rule = "r"\n'
    )
    rules = policy(RULE, examples=full)
    assert failed_examples(rules, lambda text, on: finding(text), today) == ()


@pytest.mark.parametrize(
    ("key", "wrong", "got"),
    [
        ("kind", "role", "individual"),
        ("tier", "advisory", "blocking"),
        ("tier", "none", "blocking"),
        ("entity", "x", "m"),
        ("list", "EL", "SDN"),
        ("matched", "mipt.ru", "none"),
        ("rule", "subdomain", "none"),
        ("action", "observe", "warn"),
        ("policy_rule", "s", "r"),
    ],
)
def test_p04_each_point_that_differs_is_told(key, wrong, got, *, policy, finding, today):
    rules = policy(RULE, examples=EXAMPLE + f'{key} = "{wrong}"\n')
    (failure,) = failed_examples(rules, lambda text, on: finding(text), today)
    assert failure.differences == ((key, wrong, got),)
    assert str(failure).endswith(f"examples.toml:1: a@mipt.ru: {key}: expected {wrong}, got {got}")


def test_p04_sender_and_day_are_the_examples_own(policy, finding, today):
    seen = []

    def screen(text, on):
        seen.append((text, on))
        return finding(text)

    examples = EXAMPLE + 'action = "warn"\nfrom = "jane@example.edu"\non = 2022-01-01\n' + EXAMPLE
    rules = policy(RULE + 'sender = ["example.edu"]\n', examples=examples)
    assert failed_examples(rules, screen, today) == ()
    assert seen == [("a@mipt.ru", date(2022, 1, 1)), ("a@mipt.ru", today)]


def test_p04_examples_may_stand_beside_what_they_are_about(policy, finding, today, tmp_path):
    (tmp_path / "entities").mkdir()
    (tmp_path / "entities" / "a.toml").write_text('[[entity]]\nid = "x"\n' + EXAMPLE)
    rules = policy(RULE + EXAMPLE, exceptions=EXAMPLE, examples=EXAMPLE)
    assert len(rules.examples) == 4
    clear = lambda text, on: finding(text, standing=Standing.CLEAR, kind=Kind.ROLE)  # noqa: E731
    assert len(failed_examples(rules, clear, today)) == 4


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[[example]]\nstanding = "listed"\n', "example[1].address: is missing"),
        ('[[example]]\naddress = "a@b"\n', "example[1].standing: is missing"),
        (EXAMPLE + 'tier = "blockng"\n', "example[1].tier: is 'blockng'"),
        (EXAMPLE + "tier = 3\n", "example[1].tier: must be one of"),
        (EXAMPLE + 'on = "2022"\n', "example[1].on: must be a date"),
        (EXAMPLE + 'acton = "warn"\n', "example[1].acton: unknown key; did you mean action?"),
        ('[[exampel]]\naddress = "a@b"\n', "exampel: unknown key; did you mean example?"),
    ],
)
def test_p05_a_wrong_example_is_told(text, fault, policy):
    with pytest.raises(ConfigError) as caught:
        policy(RULE, examples=text)
    assert fault in str(caught.value)


def test_p05_a_wrong_example_in_another_file_is_told_once(policy):
    with pytest.raises(ConfigError) as caught:
        policy(RULE + '[[example]]\naddress = "a@b"\n')
    assert len(caught.value.faults) == 1


def test_p05_examples_that_are_no_toml_are_told(policy):
    with pytest.raises(ConfigError, match=r"examples\.toml:1: is not TOML"):
        policy(RULE, examples="[[example]\n")
