import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import command

REPO = Path(__file__).parents[3]
CONFIG = """
[institution]
name = "U"
domains = ["example.edu"]
[compliance]
office = "O"
email = "o@example.edu"
[policies]
directory = "{directory}"
"""


@pytest.fixture
def policy(tmp_path):
    """Run ``monition policy test`` over the packaged policies, some files replaced."""
    directory = tmp_path / "policies"
    directory.mkdir()
    for path in (REPO / "policies").iterdir():
        (directory / path.name).symlink_to(path)
    config = tmp_path / "monition.toml"
    config.write_text(CONFIG.format(directory=directory))

    def run(*arguments, **files):
        for name, text in files.items():
            (directory / f"{name}.toml").unlink()
            (directory / f"{name}.toml").write_text(text)
        words = ["policy", "test", "--config", str(config), *arguments]
        return CliRunner().invoke(command, words, catch_exceptions=False)

    return run


EXAMPLE = '[[example]]\naddress = "a@mipt.ru"\nstanding = "clear"\naction = "refuse"\n'


def test_p04_the_packaged_policy_is_as_its_examples_say(policy):
    result = policy()
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("All ")


def test_p04_a_failed_example_is_told_with_its_place_and_ends_with_1(policy):
    result = policy(examples="\n" + EXAMPLE)
    assert result.exit_code == 1
    assert result.stdout.endswith(
        "examples.toml:2: a@mipt.ru: standing: expected clear, got listed; "
        "action: expected refuse, got warn\n"
    )
    assert "1 of 1 examples failed." in result.stderr


def test_p04_failures_are_rows_for_programs(policy):
    result = policy("--format", "json", examples=EXAMPLE)
    assert result.exit_code == 1
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["line"], row["key"], row["expected"], row["got"]) for row in rows] == [
        (1, "standing", "clear", "listed"),
        (1, "action", "refuse", "warn"),
    ]


def test_p04_an_example_without_a_day_is_of_the_day_given(policy):
    clear = EXAMPLE.replace("refuse", "pass")
    assert policy("--on", "2022-08-01", examples=clear).exit_code == 0
    assert policy("--on", "2022-08-02").exit_code == 1


def test_p03_an_expired_exception_is_told(policy):
    exception = (
        '[[exception]]\nname = "Detector"\nowner = "J. Smith"\nreason = "r"\n'
        'entity = ["us-ofac-1"]\nuntil = 2026-06-30\n'
    )
    result = policy("--on", "2026-11-22", exceptions=exception)
    assert "the exception 'Detector' of J. Smith ended on 2026-06-30" in result.stderr
    assert "names the entity 'us-ofac-1', which no list has" in result.stderr


def test_a_list_without_a_tier_is_told(policy):
    text = (REPO / "policies" / "policy.toml").read_text().replace('"US-BIS-EL"', '"US-BIS-XX"')
    result = policy(policy=text)
    assert "the list US-BIS-EL has no [[tier]]" in result.stderr
    assert result.exit_code == 1


def test_p05_a_policy_that_cannot_be_read_ends_with_2(policy):
    result = policy(policy="[[rule]]\n")
    assert result.exit_code == 2
    assert "policy.toml:1: rule[1].name: is missing" in result.stderr


def test_help_has_an_example(policy):
    assert "monition policy test" in policy("--help").stdout
