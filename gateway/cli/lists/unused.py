"""``monition lists unused``: what the lists give as website or address and nobody is found by."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_lists,
)
from gateway.cli.shared.tables import emit, print_message
from gateway.compliance.sanction_lists.unused_websites import (
    COLUMNS,
    require_imported,
    unused_websites,
)

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "unused",
    epilog=example(
        "monition lists unused",
        "monition lists unused us-ofac-sdn --format csv",
    ),
)
@click.argument("source", required=False)
@format_option()
@config_option
def command(source: str | None, config_file: Path | None, output_format: str) -> None:
    """Show the websites and addresses of the imported lists that were not used, and why.

    Of all lists, or of SOURCE alone: each with the file and row it stands in. A public suffix, a
    provider of personal mail and a shared host are nobody's own; a slip of the list's is put right
    in overrides.toml (docs/entities.md).
    """
    config = load_config(config_file)
    if source is not None:
        require_imported(config, source)
    found = unused_websites(config, load_lists(config).snapshot, source)
    emit(map(asdict, found), columns=COLUMNS, format=output_format)
    if output_format == "table":
        said = "1 website or address" if len(found) == 1 else f"{len(found)} websites or addresses"
        print_message(f"{said} not used")
