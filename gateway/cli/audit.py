"""``monition audit``: read the ledger, decide what it holds, and prove that it is intact."""

from __future__ import annotations

import click

from gateway.cli import audit_list, audit_verify


@click.group()
def command() -> None:
    """Read the ledger, decide its cases, and check that it is intact."""


for verb in (
    *(audit_list.list_command, audit_list.show),
    *(audit_verify.verify, audit_verify.checkpoint),
):
    command.add_command(verb)
