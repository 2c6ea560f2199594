"""``monition ledger begin``: say that a missing ledger is meant to begin anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.shared.audit_by import by_option
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.person import REASON
from gateway.cli.shared.tables import print_message
from gateway.compliance.actor import current_actor
from gateway.compliance.new_ledger import begin_ledger

if TYPE_CHECKING:
    from pathlib import Path


@click.command("begin", epilog=example('monition ledger begin --reason "the disk was lost"'))
@by_option("Who says so.")
@click.option(
    "--reason",
    metavar="TEXT",
    envvar=REASON,
    help=f"Why, for the ledger; it can be erased later.  [default: ${REASON}]",
)
@config_option
def command(by: str | None, reason: str | None, config_file: Path | None) -> None:
    """Begin a ledger where the one that was there is gone, on purpose.

    A ledger that was there and is gone, empty or another one is a fault: the gateway is not ready,
    and matches go to the emergency journal. Look for a backup first. What is begun here says who
    began it, when and why, and which ledger was there before; the running gateway takes it within
    seconds, and what waits in the journal goes into it. Where the ledger is there still, nothing is
    changed, and the exit status is 2.
    """
    config = load_config(config_file)
    done = begin_ledger(config, current_actor(by), reason)
    click.echo(f"{config.ledger.path}: begun, with event {done}")
    print_message("The running gateway takes it within seconds.")
