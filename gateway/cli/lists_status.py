"""``monition lists status``: what was imported and when, what was refused, what is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from gateway.archive import status
from gateway.archive.folder import Folder
from gateway.cli.options import config_option, example, format_option, load_config
from gateway.cli.output import emit, say
from gateway.cli.sources import POLICIES
from gateway.screen import snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.archive.status import Missing, SourceStatus, Status

COLUMNS = (
    "source",
    "title",
    "institutions",
    "rejected",
    "imported_at",
    "checked_at",
    "age_seconds",
    "refused_at",
    "refusal",
)
_FOR_PEOPLE = ("source", "institutions", "imported", "checked", "age")


@click.command(
    "status", epilog=example("monition lists status", "monition lists status --format json")
)
@format_option()
@config_option
def command(config_file: Path | None, output_format: str) -> None:
    """Show each list with its age, and the snapshot in force.

    Those that `lists.sources` names are shown before they were ever taken, too. As JSON the last
    object is the snapshot. Exit status 1 when the latest import of a list was refused.
    """
    config = load_config(config_file)
    policies, folder = config.policies.directory, Folder(config.lists.directory)
    wanted = [name for name in config.lists.sources if name != POLICIES]
    found = status.status(policies, folder, wanted)
    now = datetime.now(UTC)
    rows = [as_row(each, now) for each in found.sources]
    missing = status.missing(snapshot.read(policies).entities, folder)
    if output_format == "table":
        _print(rows, found)
    else:
        emit(rows, columns=COLUMNS, format=output_format)
        if output_format == "json":
            emit([as_object(found, missing)], format=output_format)
    for each in missing:
        say(
            f"note: {each.entity.id} is written down as {each.list} {each.uid}, which the imported "
            "list does not have: it was taken off, or the import is older; it stays in force"
        )
    if any(each.refusal for each in found.sources):
        raise SystemExit(1)


def _print(rows: list[dict[str, Any]], found: Status) -> None:
    emit([_for_people(row) for row in rows], columns=_FOR_PEOPLE)
    for row in rows:
        if row["refusal"]:
            say(f"{row['source']}: refused on {_day(row['refused_at'])}: {row['refusal']}")
    if not rows:
        say("no list was imported: the policies' own entities serve")
    if found.registry is not None:
        say(
            f"{found.registry.source}: {found.registry.entries} organisations, imported "
            f"{_day(found.registry.imported_at)}, for proposals"
        )
    for line in _in_force(found):
        say(line)


def as_object(found: Status, missing: list[Missing]) -> dict[str, Any]:
    """The snapshot in force as an object for programs."""
    turn = found.turn
    return {
        "snapshot": turn.digest if turn else None,
        "since": turn.at if turn else None,
        "institutions": turn.entities if turn else None,
        "domains": found.domains,
        "is_current": found.is_current,
        "snapshots_kept": found.kept,
        "missing": [
            {"entity": each.entity.id, "list": each.list, "uid": each.uid} for each in missing
        ],
    }


def as_row(each: SourceStatus, now: datetime) -> dict[str, Any]:
    """One list as a row for programs; what is not known is ``None``."""
    header, refusal, age = each.header, each.refusal, each.age(now)
    return {
        "source": each.name,
        "title": each.title,
        "institutions": header.entries if header else None,
        "rejected": sum(header.rejected.values()) if header else None,
        "imported_at": header.imported_at if header else None,
        "checked_at": header.checked_at if header else None,
        "age_seconds": int(age.total_seconds()) if age is not None else None,
        "refused_at": refusal.at if refusal else None,
        "refusal": refusal.reason if refusal else None,
    }


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    age = row["age_seconds"]
    return {
        **row,
        "imported": _day(row["imported_at"]),
        "checked": _day(row["checked_at"]),
        "age": spoken(timedelta(seconds=age)) if age is not None else "never taken",
    }


def _day(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""


def spoken(age: timedelta) -> str:
    """An age in its largest unit: 3 days, 5 hours, 12 minutes."""
    seconds = int(age.total_seconds())
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return "now"


def _in_force(found: Status) -> list[str]:
    turn = found.turn
    if turn is None:
        return ["no snapshot was put in force yet: `monition serve` or an import does"]
    kept = f"{found.kept} {'snapshot' if found.kept == 1 else 'snapshots'} kept"
    size = f"{turn.entities} institutions, {found.domains} domains"
    told = [f"in force: {turn.digest}", f"  since {_day(turn.at)} UTC: {size}; {kept}"]
    if found.domains is None:
        told[1] = "  its file cannot be read: `monition lists update policies` makes it anew"
    if not found.is_current:
        told.append(
            "  the policies or the lists have changed since: SIGHUP, or `monition lists update "
            "policies`, takes them"
        )
    return told
