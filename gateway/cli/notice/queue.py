"""``monition notice queue``: the notices on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.person import access_options
from gateway.cli.shared.tables import emit, print_message
from gateway.compliance import notice_queue
from gateway.compliance.actor import open_as

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.compliance.actor import Access


@click.command("queue", epilog=example("monition notice queue", "monition notice queue --all"))
@config_option
@click.option("--all", "everything", is_flag=True, help="Those that were sent, too.")
@format_option()
@access_options("notice queue")
def command(
    config_file: Path | None,
    everything: bool,
    output_format: str,
    who: Access | None,
) -> None:
    """List the outbox: the notices that wait or were given up, oldest first.

    Recipients here are senders of matched mail: these are personal data.
    """
    config = load_config(config_file)
    with open_as(config, who) as reading:
        rows = notice_queue.waiting(reading, everything=everything)
    if not rows and output_format == "table":
        print_message(
            "The outbox is empty." if everything else "No notice waits, and none was given up."
        )
    emit(rows, columns=notice_queue.COLUMNS, format=output_format)
