"""``monition lists status``: what was imported and when, what is damaged, what is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.sources import POLICIES
from gateway.cli.shared.tables import emit, say, visible
from gateway.list_store import list_status
from gateway.list_store.files.paths import Folder
from gateway.serve import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.config import Config
    from gateway.list_store.list_status import SourceStatus, Status
    from gateway.serve.running_gateway import Running

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
    "damage",
)
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
    wanted = [name for name in config.lists.sources if name != POLICIES]
    found = list_status.status(config.policies.directory, Folder(config.lists.directory), wanted)
    gateway = _running(config)
    now = datetime.now(UTC)
    rows = [as_row(each, now) for each in found.sources]
    if output_format == "table":
        emit([_for_people(row) for row in rows], columns=_FOR_PEOPLE)
        for line in (*_about(found, rows), *_in_force(found), *_at_work(found, gateway)):
            say(line)
    else:
        if output_format == "csv":
            rows = [row | {"damage": "; ".join(row["damage"])} for row in rows]
        emit(rows, columns=COLUMNS, format=output_format)
        if output_format == "json":
            emit([as_object(found, gateway)], format=output_format)
    for each in found.missing:
        say(
            f"note: {each.entity.id} is written down as {each.list} {each.uid}, which the imported "
            "list does not have: it was taken off, or the import is older; it stays in force"
        )
    for fault in (*(fault for each in found.sources for fault in each.damage), *found.damage):
        say(f"damaged: {visible(str(fault))}")
    if found.is_damaged or any(each.refusal for each in found.sources):
        raise SystemExit(1)


def _running(config: Config) -> Running:
    if config.metrics is None:
        return running_gateway.Running(
            why_not="[metrics] is not configured, so a gateway cannot be asked"
        )
    return running_gateway.ask(config.metrics.listen)


def _about(found: Status, rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        if row["refusal"]:
            yield visible(
                f"{row['source']}: refused on {_day(row['refused_at'])}: {row['refusal']}"
            )
    for each in found.sources:
        if not each.has_digest:
            yield (
                f"note: {each.name} was taken by an earlier version, without a digest: should its "
                "file be altered, nobody would notice; import it again"
            )
    if not rows and not found.damage:
        yield "no list was imported: the policies' own entities serve"
    if found.registry is not None:
        yield (
            f"{found.registry.source}: {found.registry.entries} organisations, imported "
            f"{_day(found.registry.imported_at)}, for proposals"
        )


def as_object(found: Status, gateway: Running) -> dict[str, Any]:
    """The snapshot in force as an object for programs; what is not known is ``None``."""
    turn = found.turn
    return {
        "snapshot": turn.digest if turn else None,
        "since": turn.at if turn else None,
        "institutions": turn.entities if turn else None,
        "domains": found.domains,
        "is_known": found.is_known,
        "is_current": found.is_current,
        "snapshots_kept": found.kept,
        "missing": [
            {"entity": each.entity.id, "list": each.list, "uid": each.uid} for each in found.missing
        ],
        "damage": list(map(str, found.damage)),
        "gateway_snapshots": list(gateway.snapshots),
        "gateway_policies": list(gateway.policies),
        "gateway_unknown": gateway.why_not,
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
        "damage": list(map(str, each.damage)),
    }


def _for_people(row: dict[str, Any]) -> dict[str, Any]:
    age = row["age_seconds"]
    spoken_age = spoken(timedelta(seconds=age)) if age is not None else "never taken"
    return {
        **row,
        "imported": _day(row["imported_at"]),
        "checked": _day(row["checked_at"]),
        "age": "damaged" if row["damage"] else spoken_age,
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
    if turn is None and found.is_known:
        return ["no snapshot was put in force yet: `monition serve` or an import does"]
    if turn is None:
        return ["in force: not known, as what tells it is damaged"]
    kept = "an unknown number of" if found.kept is None else found.kept
    told = [f"in force: {turn.digest}"]
    if not found.is_known:
        told = [f"in force: not known, as what tells it is damaged; last known: {turn.digest}"]
    told.append(
        f"  since {_day(turn.at)} UTC: {turn.entities} institutions, {found.domains} domains; "
        f"{kept} {'snapshot' if found.kept == 1 else 'snapshots'} kept"
    )
    if found.domains is None:
        told[1] = "  its file cannot be read: `monition lists update policies` makes it anew"
    if any(each.damage for each in found.sources):
        told.append(
            "  a list is damaged: the last good snapshot stays in force until it is mended, or "
            "`monition lists forget NAME` says that it may go"
        )
    elif found.is_current is False:
        told.append(
            "  the policies or the lists have changed since: SIGHUP, or `monition lists update "
            "policies`, takes them"
        )
    return told


def _at_work(found: Status, gateway: Running) -> Iterator[str]:
    if gateway.why_not is not None:
        yield f"running gateway: not known: {gateway.why_not}"
        return
    same = found.turn is not None and gateway.snapshots == (found.turn.digest,)
    yield (
        "running gateway: works by the same snapshot"
        if same
        else f"running gateway: works by {', '.join(gateway.snapshots)}"
    )
    yield f"  with the policy {', '.join(gateway.policies)}"
