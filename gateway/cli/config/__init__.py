"""``monition config``: the group, and nothing else. Each of its verbs has a file of its own."""

from __future__ import annotations

import click

from gateway.cli.config import check, show


@click.group()
def command() -> None:
    """Check the configuration, or show what is in force."""


for verb in (check.command, show.command):
    command.add_command(verb)
