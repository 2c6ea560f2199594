"""``monition audit``: read the ledger, decide what it holds, and prove that it is intact."""

from __future__ import annotations

import click

from gateway.cli import (
    audit_ask,
    audit_checkpoint,
    audit_dispose,
    audit_erase,
    audit_export,
    audit_hold,
    audit_list,
    audit_replay,
    audit_retain,
    audit_snapshot,
    audit_stats,
    audit_verify,
)


@click.group()
def command() -> None:
    """Read the ledger, decide its cases, and check that it is intact."""


for verb in (
    *(audit_list.list_command, audit_list.show, audit_replay.replay),
    *(audit_ask.questions, audit_ask.ask, audit_stats.stats, audit_stats.first_contacts),
    *(audit_dispose.dispose, audit_hold.hold, audit_erase.erase, audit_retain.retain_command),
    *(audit_verify.verify, audit_checkpoint.checkpoint),
    *(audit_export.export, audit_snapshot.snapshot),
):
    command.add_command(verb)
