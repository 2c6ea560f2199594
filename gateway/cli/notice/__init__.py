"""``monition notice``: the group, and nothing else. Each of its verbs has a file of its own."""

from __future__ import annotations

import click

from gateway.cli.notice import preview, queue, retry


@click.group()
def command() -> None:
    """Preview a notice; look after the outbox."""


for verb in (preview.command, queue.command, retry.command):
    command.add_command(verb)
