"""``monition policy``: the group, and nothing else. Each of its verbs has a file of its own."""

from __future__ import annotations

import click

from gateway.cli.policy import test


@click.group()
def command() -> None:
    """Test the policy against its examples."""


command.add_command(test.command)
