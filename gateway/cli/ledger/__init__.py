"""``monition ledger``: the group, and nothing else. Each of its verbs has a file of its own."""

from __future__ import annotations

import click

from gateway.cli.ledger import begin


@click.group()
def command() -> None:
    """Look after the ledger's file itself."""


command.add_command(begin.command)
