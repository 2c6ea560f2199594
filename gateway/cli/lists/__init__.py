"""``monition lists``: the group, and nothing else. Each of its verbs has a file of its own."""

from __future__ import annotations

import click

from gateway.cli.lists import diff, forget, import_, propose, search, show, status, unused, update


@click.group()
def command() -> None:
    """Import, update, compare and search sanction lists.

    A list that was imported is live at once: a running gateway takes it within seconds.
    """


for verb in (
    import_.command,
    update.command,
    status.command,
    forget.command,
    show.command,
    unused.command,
    search.command,
    propose.command,
    diff.command,
):
    command.add_command(verb)
