"""docs/audit.md: what an officer copies from it can be typed, and no question is missing."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest

from gateway.cli.main import command
from gateway.ledger.questions.named_questions import QUESTIONS
from gateway.ledger.questions.stats import BY

PAGE = (Path(__file__).parents[3] / "docs" / "audit.md").read_text()
TYPED = re.findall(r"^\$ (monition .*)$", PAGE, re.MULTILINE)
MENTIONED = [
    " ".join(text.split())
    for text in re.findall(r"`(monition [^`]+)`", PAGE)
    if text.split()[1] in {"audit", "config"}
]


def parsed(line):
    """Read a command as the command line does, without running it."""
    words = shlex.split(line)[1:]
    group, context = command, click.Context(command, info_name="monition")
    while isinstance(group, click.Group):
        name, group, words = group.resolve_command(context, words)
        assert group is not None, line
        if isinstance(group, click.Group):
            context = click.Context(group, info_name=name, parent=context)
        else:
            return group.make_context(name, words, parent=context)
    raise AssertionError(line)


def test_the_page_answers_fifteen_questions():
    assert len(re.findall(r"^### \d+\. .*\?$", PAGE, re.MULTILINE)) == 15
    assert len(TYPED) >= 20


@pytest.mark.parametrize("line", TYPED)
def test_what_the_page_types_can_be_typed(line):
    assert parsed(line).command.name in line


@pytest.mark.parametrize("line", sorted(set(MENTIONED)))
def test_what_the_page_mentions_can_be_typed(line):
    # Help ends by itself; a verb may be mentioned without what it takes.
    with suppress(click.exceptions.Exit, click.MissingParameter):
        parsed(line.replace("NAME", "contacts"))


def test_the_page_names_every_question_and_count():
    asked = set(re.findall(r"monition audit ask ([a-z-]+)", PAGE))
    assert set(QUESTIONS) - {"unknown-outcome"} <= asked
    assert "ask unknown-outcome" in PAGE
    assert all(f"`{by}`" in PAGE or f"--by {by}" in PAGE for by in BY)
