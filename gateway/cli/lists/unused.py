"""``monition lists unused``: what the lists give as website or address and nobody is found by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.shared.tables import emit, say
from gateway.errors import MonitionError
from gateway.list_store import unused_contacts
from gateway.list_store.files import imported_source as sources
from gateway.list_store.files.paths import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.list_store.unused_contacts import Unused

COLUMNS = ("source", "place", "entity", "entity_name", "text", "reason")


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
    folder = Folder(config.lists.directory)
    if source is not None and source not in (known := sources.names(folder)):
        had = ", ".join(known) or "none"
        raise MonitionError(f"{source} was not imported; imported are: {had}")
    snapshot = load_snapshot(config)
    found = list(unused_contacts.unused(config.policies.directory, folder, snapshot, source))
    rows = (as_row(each, snapshot.entities[each.text.entity].name) for each in found)
    emit(rows, columns=COLUMNS, format=output_format)
    if output_format == "table":
        said = "1 website or address" if len(found) == 1 else f"{len(found)} websites or addresses"
        say(f"{said} not used")


def as_row(found: Unused, name: str) -> dict[str, Any]:
    """One of them as a row."""
    return {
        "source": found.source,
        "place": found.text.place,
        "entity": found.text.entity,
        "entity_name": name,
        "text": found.text.text,
        "reason": found.text.reason,
    }
