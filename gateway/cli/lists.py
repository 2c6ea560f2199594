"""``monition lists``: the group, and nothing else. Each of its verbs has a file of its own."""

from __future__ import annotations

import click

from gateway.cli import (
    lists_diff,
    lists_forget,
    lists_import,
    lists_propose,
    lists_search,
    lists_show,
    lists_status,
    lists_unused,
    lists_update,
)


@click.group()
def command() -> None:
    """Import, update, compare and search sanction lists.

    A list that was imported is live at once: a running gateway takes it within seconds.
    """


for verb in (
    lists_import.command,
    lists_update.command,
    lists_status.command,
    lists_forget.command,
    lists_show.command,
    lists_unused.command,
    lists_search.command,
    lists_propose.command,
    lists_diff.command,
):
    command.add_command(verb)
