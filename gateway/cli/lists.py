"""``monition lists``: the group, and nothing else. Each of its verbs has a file of its own."""

from __future__ import annotations

import click

from gateway.cli import lists_import, lists_status


@click.group()
def command() -> None:
    """Import, update, compare and search sanction lists.

    A list that was imported is live at once: a running gateway takes it within seconds.
    """


for verb in (lists_import.command, lists_status.command):
    command.add_command(verb)
