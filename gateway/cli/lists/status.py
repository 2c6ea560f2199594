"""``monition lists status``: what was imported and when, what is damaged, what is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.tables import emit, print_message, visible
from gateway.compliance.sanction_lists import status_report
from gateway.serve import query_running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.compliance.sanction_lists.status_report import ListsStatus
    from gateway.config import Config
    from gateway.serve.query_running_gateway import RunningGateway

_FOR_PEOPLE = ("source", "institutions", "imported", "checked", "age")


@click.command(
    "status", epilog=example("monition lists status", "monition lists status --format json")
)
@format_option()
@config_option
def command(config_file: Path | None, output_format: str) -> None:
    """Show each list with its age, the snapshot in force, and what a running gateway works by.

    Those that `lists.sources` names are shown before they were ever taken, too. As JSON the last
    object is the snapshot. What is damaged is named with its file and the remedy; what cannot be
    known is said to be so. Exit status 1 when something is damaged, or when the latest import of a
    list was refused.
    """
    config = load_config(config_file)
    found = status_report.current_status(config)
    gateway = _running(config)
    now = datetime.now(UTC)
    rows = [status_report.as_row(each, now) for each in found.sources]
    if output_format == "table":
        emit([_for_people(row) for row in rows], columns=_FOR_PEOPLE)
        for line in status_report.remarks(found):
            print_message(visible(line))
        for line in (*status_report.in_force(found), *_at_work(found, gateway)):
            print_message(line)
    else:
        if output_format == "csv":
            rows = [row | {"damage": "; ".join(row["damage"])} for row in rows]
        emit(rows, columns=status_report.COLUMNS, format=output_format)
        if output_format == "json":
            emit([status_report.as_object(found) | _of_gateway(gateway)], format=output_format)
    for line in status_report.missing(found):
        print_message(line)
    for line in status_report.damage(found):
        print_message(visible(line))
    if found.is_damaged or any(each.refusal for each in found.sources):
        raise SystemExit(1)


def _running(config: Config) -> RunningGateway:
    if config.metrics is None:
        return query_running_gateway.RunningGateway(
            why_not="[metrics] is not configured, so a gateway cannot be asked"
        )
    return query_running_gateway.ask(config.metrics.listen)


def _of_gateway(gateway: RunningGateway) -> dict[str, Any]:
    return {
        "gateway_snapshots": list(gateway.snapshots),
        "gateway_policies": list(gateway.policies),
        "gateway_unknown": gateway.why_not,
    }


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    age = row["age_seconds"]
    spoken_age = age_text(timedelta(seconds=age)) if age is not None else "never taken"
    return {
        **row,
        "imported": status_report.minute(row["imported_at"]),
        "checked": status_report.minute(row["checked_at"]),
        "age": "damaged" if row["damage"] else spoken_age,
    }


def age_text(age: timedelta) -> str:
    """An age in its largest unit: 3 days, 5 hours, 12 minutes."""
    seconds = int(age.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "now"


def _at_work(found: ListsStatus, gateway: RunningGateway) -> Iterator[str]:
    if gateway.why_not is not None:
        yield f"running gateway: not known: {gateway.why_not}"
        return
    same = found.activation is not None and gateway.snapshots == (found.activation.digest,)
    yield (
        "running gateway: works by the same snapshot"
        if same
        else f"running gateway: works by {', '.join(gateway.snapshots)}"
    )
    yield f"  with the policy {', '.join(gateway.policies)}"
