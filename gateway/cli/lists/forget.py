"""``monition lists forget``: do without a list that was imported, on purpose."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.audit_by import by_option
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.person import REASON
from gateway.cli.shared.tables import print_message, visible
from gateway.compliance.sanction_lists.list_imports import forget_list

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "forget",
    epilog=example('monition lists forget us-csl --reason "counsel: not binding on us"'),
)
@click.argument("source", metavar="SOURCE")
@by_option("Who says so, as the record keeps it.")
@click.option(
    "--reason",
    metavar="TEXT",
    envvar=REASON,
    default="",
    help=f"Why, for the record.  [default: ${REASON}]",
)
@config_option
def command(source: str, by: str | None, reason: str, config_file: Path | None) -> None:
    """Take away what was imported of SOURCE: its institutions are no longer looked for.

    A list whose file is damaged or gone, also with the whole directory, keeps the last good
    snapshot in force and the gateway unready, until it is imported again or forgotten. Who said so,
    when and why stays on record in the lists directory (acts.jsonl). Nothing changes, and the exit
    status is 2, where there is no such list, or where without it an example of the policy fails.
    Snapshots that it was part of stay, so that verdicts of their time can be given again.
    """
    config = load_config(config_file)
    done = forget_list(config, source, datetime.now(UTC), by=by, reason=reason)
    click.echo(f"{visible(source)}: forgotten, with its {done.entries:,} institutions")
    if done.snapshot is not None:
        click.echo(f"In force: {done.snapshot[:19]}…, {done.institutions:,} institutions")
        print_message("The running gateway takes it within seconds.")
    else:
        print_message("The last good snapshot stays in force, since others are damaged:")
        for fault in done.faults:
            print_message(f"  {visible(str(fault))}")
    if done.is_fetched:
        print_message(
            f"{source} stands in lists.sources: the next `monition lists update` fetches it again; "
            f"take it out of {config.file}"
        )
