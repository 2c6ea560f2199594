"""``monition audit list`` and ``show``: what was noticed, and one event whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.audit.export import binary_stdout, write_xlsx
from gateway.cli.audit.story import as_object, as_text
from gateway.cli.shared.audit_answer import MOST
from gateway.cli.shared.audit_filters import explain, explain_nothing, filter_options
from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.person import read_as
from gateway.cli.shared.tables import emit, say
from gateway.ledger.query.logged_reading import COLUMNS, Reading

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.query.logged_reading import Access
    from gateway.ledger.questions.filters import Filters

# What fits a terminal; json and csv have all fields.
_FOR_PEOPLE = ("at", "id", "sender", "recipient", "entity_name", "tier", "outcome", "notice")
_PAGE = 100


@click.command(
    "list",
    epilog=example(
        "monition audit list --since 7d --tier blocking",
        "monition audit list --sender prof@example.edu --format csv --limit 0 > prof.csv",
    ),
)
@filter_options
@click.option(
    "--limit",
    type=click.IntRange(0, MOST),
    default=_PAGE,
    show_default=True,
    help="At most so many; 0 is all.",
)
@click.option(
    "--offset", type=click.IntRange(0, MOST), default=0, help="Leave out the newest so many."
)
@format_option(("table", "json", "csv", "xlsx"))
@read_as("audit list")
@config_option
def list_command(
    *,
    config_file: Path | None,
    output_format: str,
    who: Access | None,
    limit: int,
    offset: int,
    filters: Filters,
) -> None:
    """List what was noticed, newest first; all filters can be combined."""
    # Asked before anybody is recorded as a reader: a terminal gets no workbook.
    out = binary_stdout() if output_format == "xlsx" else None
    with Reading(load_config(config_file).ledger.path, who) as reading:
        rows = reading.findings(filters, limit=limit or None, offset=offset)
        if filters.text is not None:
            (explain if reading.count(filters) > offset else explain_nothing)(reading, filters)
        if out is not None:
            write_xlsx(out, rows, reading, filters)
        elif output_format == "json":
            emit(rows, format="json")
        else:
            columns = COLUMNS if output_format == "csv" else _FOR_PEOPLE
            held = list(rows)
            emit(held, columns=columns, format=output_format)
            if not held:
                say("nothing in the ledger fits")
        if limit and reading.count(filters) > offset + limit:
            say(f"there are more: go on with --offset {offset + limit}, or take all with --limit 0")


@click.command(epilog=example("monition audit show 01KB8Q"))
@click.argument("event")
@format_option(("table", "json"))
@read_as("audit show")
@config_option
def show(
    event: str,
    config_file: Path | None,
    output_format: str,
    who: Access | None,
) -> None:
    """Show all that is kept about one EVENT, by its id or the beginning of it."""
    with Reading(load_config(config_file).ledger.path, who) as reading:
        story, related = reading.find(event)
        if output_format == "json":
            emit([as_object(story, related)], format="json")
        else:
            click.echo(as_text(story, related, reading.checkpoint()))
