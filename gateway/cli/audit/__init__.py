"""``monition audit``: read the ledger, decide what it holds, and prove that it is intact."""

from __future__ import annotations

import click

from gateway.cli.audit import (
    ask,
    checkpoint,
    dispose,
    erase,
    export,
    hold,
    replay,
    retain,
    snapshot,
    stats,
    verify,
)
from gateway.cli.audit import list as list_


@click.group()
def command() -> None:
    """Read the ledger, decide its cases, and check that it is intact."""


for verb in (
    *(list_.list_command, list_.show, replay.replay),
    *(ask.questions, ask.ask, stats.stats, stats.first_contacts),
    *(dispose.dispose, hold.hold, erase.erase, retain.retain_command),
    *(verify.verify, checkpoint.checkpoint),
    *(export.export, snapshot.snapshot),
):
    command.add_command(verb)
