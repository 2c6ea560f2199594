"""``monition audit list`` and ``show``: what was noticed, and one event whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.audit.export import binary_stdout, tell_of_sheets
from gateway.cli.audit.story import as_text
from gateway.cli.shared.audit_answer import MOST
from gateway.cli.shared.audit_filters import filter_options, tell_of_words
from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.person import access_options
from gateway.cli.shared.tables import emit, print_message
from gateway.compliance.actor import open_as
from gateway.compliance.audit import findings
from gateway.compliance.audit.export_findings import write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.compliance.actor import Access
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
@access_options("audit list")
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
    with open_as(load_config(config_file), who) as reading:
        page = findings.findings_page(reading, filters, limit=limit or None, offset=offset)
        tell_of_words(page.words)
        if out is not None:
            tell_of_sheets(write_workbook(out, page.rows, reading, filters))
        elif output_format == "json":
            emit(page.rows, format="json")
        else:
            columns = findings.COLUMNS if output_format == "csv" else _FOR_PEOPLE
            held = list(page.rows)
            emit(held, columns=columns, format=output_format)
            if not held:
                print_message("nothing in the ledger fits")
        if page.next_offset is not None:
            beyond = f"go on with --offset {page.next_offset}, or take all with --limit 0"
            print_message(f"there are more: {beyond}")


@click.command(epilog=example("monition audit show 01KB8Q"))
@click.argument("event")
@format_option(("table", "json"))
@access_options("audit show")
@config_option
def show(
    event: str,
    config_file: Path | None,
    output_format: str,
    who: Access | None,
) -> None:
    """Show all that is kept about one EVENT, by its id or the beginning of it."""
    with open_as(load_config(config_file), who) as reading:
        story = findings.event_and_related(reading, event)
    if output_format == "json":
        emit([story.whole], format="json")
    else:
        click.echo(as_text(story))
