"""``monition audit retain``: personal data whose time is over goes; made for a timer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.audit.erase import counted, finish, print_amount
from gateway.cli.shared.audit_by import by_option
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.progress import progress
from gateway.cli.shared.tables import print_message
from gateway.compliance.actor import current_actor
from gateway.compliance.audit.retain import RetentionRun, retain

if TYPE_CHECKING:
    from pathlib import Path


@click.command("retain", epilog=example("monition audit retain --dry-run", "monition audit retain"))
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@by_option("Who has it done.")
@config_option
def retain_command(*, dry_run: bool, by: str | None, config_file: Path | None) -> None:
    """Erase the personal data of findings whose time is over, as [retention] says.

    The events stay. What is under hold is kept. A clock that runs ahead erases nothing early: no
    later moment counts than that of the ledger's last event.
    """

    def tell(done: RetentionRun) -> None:
        if done.is_silent:
            print_message(
                f"judged as of {done.as_of:%Y-%m-%d %H:%M} UTC, the time of the ledger's last "
                "event: the gateway has written nothing since, or this machine's clock is wrong"
            )
        would = "would be " if dry_run else ""
        print_amount(done.amount, would=would)
        for disposition, count in sorted(done.due.items()):
            print_message(f"  {disposition}: {counted(count, 'finding')}")
        if done.reasons:
            print_message(f"  reasons given when people looked: {done.reasons:,}")
        if done.notices:
            print_message(
                f"{counted(done.notices, 'notice')} {would}removed, sent or given up long ago"
            )

    config = load_config(config_file)
    unfinished = retain(config, current_actor(by), is_trial=dry_run, progress=progress, tell=tell)
    if not dry_run:
        finish(unfinished)
