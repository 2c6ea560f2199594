"""``monition lists diff``: what changed between two snapshots, and what that touches."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import emit, paint, print_message, visible
from gateway.compliance.actor import access, open_as
from gateway.compliance.sanction_lists import list_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.lists.snapshot_diff import Change

COLUMNS = ("entity", "entity_name", "what", "how", "value", "before", "after")
_BARE = {"", "alias", "weak alias", "same"}
_AFFECTED_FOR_PEOPLE = (
    *("effect", "id", "at", "sender", "recipient"),
    *("recorded", "before", "now", "institution", "because"),
)


@click.command(
    "diff",
    epilog=example(
        "monition lists diff",
        "monition lists diff 2026-11-01",
        "monition lists diff 2026-11-01 063f95 --format csv",
        "monition lists diff --affected",
    ),
)
@click.argument("before", required=False, metavar="[A]")
@click.argument("after", required=False, metavar="[B]")
@click.option(
    "--affected",
    is_flag=True,
    help="Show the events in the ledger that the change touches, in place of the change.",
)
@format_option()
@config_option
def command(
    before: str | None,
    after: str | None,
    config_file: Path | None,
    output_format: str,
    *,
    affected: bool,
) -> None:
    """Show what changed in the institutions from snapshot A to snapshot B.

    Each is named by the start of its digest, or by a day, for what was in force when that day
    ended (UTC). B left out is the snapshot in force; A left out is the one before it.

    With --affected, the recipients that the ledger holds are screened again: those that are newly
    listed come first, then those that are listed no longer or otherwise. Mail that was never
    matched is not in the ledger; look for it in the logs of your mail servers.
    """
    config = load_config(config_file)
    found = list_change.compare(config, before, after)
    if found is None:
        print_message(
            "Only one snapshot is known to have been in force: nothing to compare it with yet."
        )
        return
    if affected:
        # The one place here that reads personal data.
        today = datetime.now(UTC).date()
        with open_as(config, access("lists diff --affected", None)) as reading:
            rows = list_change.affected(config, reading, found, today).rows
        if output_format == "table":
            emit(map(_affected_for_people, rows), columns=_AFFECTED_FOR_PEOPLE)
        else:
            emit(rows, columns=list_change.COLUMNS, format=output_format)
        for line in list_change.summary(rows):
            print_message(line)
        print_message(
            "Mail that was never matched is not in the ledger: see docs/lists.md, Looking back."
        )
    elif output_format == "table":
        for line in as_lines(found.changes):
            click.echo(fitted(line))
    else:
        emit(map(as_row, found.changes), columns=COLUMNS, format=output_format)
    for line in list_change.change_summary(found):
        print_message(line)


def as_row(change: Change) -> dict[str, Any]:
    """A change with the keys of :data:`COLUMNS`."""
    return {name: getattr(change, name) for name in COLUMNS}


def as_lines(changes: Iterable[Change]) -> Iterator[str]:
    """Put changes in lines, each institution's under its name."""
    for index, ((id_, name), of_it) in enumerate(groupby(changes, _institution)):
        if index:
            yield ""
        yield paint(visible(f"{name} ({id_})"), sys.stdout, bold=True)
        for change in of_it:
            stands = " → ".join(filter(None, (change.before, change.after)))
            # That an alias was one says nothing; how a listing or a domain stood does.
            detail = "" if stands in _BARE or stands == change.value else f"  ({stands})"
            yield visible(f"  {change.what} {change.how}: {change.value}{detail}")


def _institution(change: Change) -> tuple[str, str]:
    return change.entity, change.entity_name


def _affected_for_people(row: dict[str, Any]) -> dict[str, Any]:
    ends = {"recorded": "", "before": "_before", "now": "_now"}
    said = {name: row[f"standing{end}"] or "not known" for name, end in ends.items()}
    tiers = {name: row[f"tier{end}"] for name, end in ends.items()}
    if len(set(tiers.values()) - {None}) > 1:
        # Of one tier, it says nothing.
        said = {
            name: f"{each}, {tiers[name]}" if tiers[name] else each for name, each in said.items()
        }
    names = dict.fromkeys(filter(None, (row["entity_name"], row["entity_name_now"])))
    return {
        **row,
        "at": row["at"][:10],
        **said,
        "institution": "; now ".join(names),
        "because": "; ".join(row["changes"]),
    }
