"""``monition notice retry``: a notice that failed, tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.tables import print_message
from gateway.compliance import notice_queue

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "retry",
    epilog=example("monition notice retry", "monition notice retry 01KANGHZ4TZ6X0V5W3Q9G4T2AB"),
)
@click.argument("notice", metavar="[ID]", required=False)
@config_option
def command(notice: str | None, config_file: Path | None) -> None:
    """Try again now: the notice with that ID, or all that wait after a failure or were given up.

    A running gateway takes them up within a second.
    """
    config = load_config(config_file)
    wanted = notice.strip().upper() if notice else None
    ids = notice_queue.retry(config, wanted, datetime.now(UTC))
    for id_ in ids:
        click.echo(id_)
    if not ids:
        print_message("No notice waits after a failure, and none was given up.")
    elif len(ids) == 1:
        print_message("The notice goes again.")
    else:
        print_message(f"{len(ids)} notices go again.")
