"""``monition lists show``: all that is known of an institution, and from whom."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import emit, visible
from gateway.errors import MonitionError
from gateway.list_store.files import imported_source
from gateway.list_store.files.paths import Folder
from gateway.list_store.find_institution import By, pointed
from gateway.list_store.unused_contacts import unused_of
from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.list_store.unused_contacts import Unused
    from gateway.lists.parsing.entry import Entry
    from gateway.model import Claim, Entity
    from gateway.screening.snapshot import Snapshot

_DATES = {
    "listed_on": "listed",
    "effective_from": "in force from",
    "wind_down_until": "wind-down through",
    "delisted_on": "taken off",
}


class Unknown(MonitionError):  # noqa: N818 - a state, as its text says
    """No institution, or more than one, is called so."""

    exit_code = 1


@click.command(
    "show",
    epilog=example(
        "monition lists show us-ofac-38316",
        "monition lists show mipt.ru",
        'monition lists show "Moscow Institute of Physics and Technology"',
    ),
)
@click.argument("entity")
@format_option(("table", "json"))
@config_option
def command(entity: str, config_file: Path | None, output_format: str) -> None:
    """Show everything about ENTITY: its id, or number on a list, a domain of its, or its name.

    A name has to be exact; `monition lists search` finds similar ones.

    Exit status 1 where no institution is called so, or more than one.
    """
    config = load_config(config_file)
    snapshot = load_snapshot(config)
    found = _one(entity, snapshot)
    entries = list(_entries(found, Folder(config.lists.directory)))
    idle = list(unused_of(found, iter(entries), config.policies.directory, snapshot))
    told = as_object(found, entries, idle) | {"snapshot": snapshot.digest}
    if output_format == "json":
        emit([told], format="json")
        return
    for line in _lines(found, told):
        click.echo(fitted(visible(line)))


def _one(text: str, snapshot: Snapshot) -> Entity:
    found = list({each.id: each for each in _called(text.strip(), snapshot)}.values())
    if not found:
        raise Unknown(
            f"no institution has this id, number, name or domain: {text}; `monition lists search` "
            "finds similar names"
        )
    if len(found) > 1:
        ids = ", ".join(f"{each.id} ({each.name})" for each in found)
        raise Unknown(f"{len(found)} institutions are called so; say which by its id: {ids}")
    return found[0]


def _called(text: str, snapshot: Snapshot) -> Iterator[Entity]:
    """Give what an id, a number, a domain or an address points at; else what bears this name."""
    sure = pointed(text, snapshot)
    if sure:
        yield from (each.entity for each in sure if each.by is not By.LOOKALIKE)
        return
    name = text.casefold()
    for each in snapshot.entities.values():
        if name in map(str.casefold, (each.name, *each.aliases, *each.weak_aliases)):
            yield each


def as_object(
    entity: Entity, entries: Iterable[tuple[str, Entry]], idle: Iterable[Unused]
) -> dict[str, Any]:
    """All of it for programs.

    ``taken_from`` are the entries of imported lists it is made of, each with its source; ``unused``
    are the websites and addresses of these that were not used.
    """
    said = asdict(entity)
    said["taken_from"] = [
        {"source": name, "entry": entry.id, "place": entry.place, "name": entry.name}
        for name, entry in entries
    ]
    said["unused"] = [
        {
            "source": each.source,
            "place": each.text.place,
            "text": each.text.text,
            "reason": each.text.reason,
        }
        for each in idle
    ]
    return said


def _entries(entity: Entity, folder: Folder) -> Iterator[tuple[str, Entry]]:
    listed = {(each.list, each.uid) for each in entity.listings}
    for name in imported_source.names(folder):
        for entry in imported_source.read_entries(folder, name):
            numbers = {(each.list, each.uid) for each in entry.listings if each.uid}
            if entry.id == entity.id or numbers & listed:
                yield name, entry


def _lines(entity: Entity, told: dict[str, Any]) -> Iterator[str]:
    yield entity.name
    yield f"  id       {entity.id}"
    if entity.country:
        yield f"  country  {entity.country}"
    yield from _section("Also called", entity.aliases)
    yield from _section("Names too common to match alone", entity.weak_aliases)
    yield from _section("Listed", map(_listing, entity.listings))
    yield from _section("Domains", map(_claim, entity.domains), "none is known")
    yield from _section("Addresses", map(_claim, entity.addresses))
    yield from _section("For review: tied to it by the DNS", map(_claim, entity.linked))
    idle = (
        f"{each['text']}: {each['reason']} ({each['source']}: {each['place']})"
        for each in told["unused"]
    )
    yield from _section("Given by a list and not used", idle)
    places = (f"{each['source']}: {each['place']}, {each['entry']}" for each in told["taken_from"])
    yield from _section("Taken from", places, "the policies alone")


def _section(head: str, lines: Iterable[str], nothing: str = "") -> Iterator[str]:
    told = list(lines) or ([nothing] if nothing else [])
    if told:
        yield ""
        yield head
        yield from (f"  {line}" for line in told)


def _listing(listing: Listing) -> str:
    parts = [listing.list, listing.programme or "", listing.uid or ""]
    said = " ".join(part for part in parts if part)
    dates = [
        f"{_DATES[each.name]} {value.isoformat()}"
        for each in fields(Listing)
        if each.name in _DATES and (value := getattr(listing, each.name)) is not None
    ]
    known = ", ".join(dates) or "dates not known"
    return f"{said}: {known}; {listing.source}" if listing.source else f"{said}: {known}"


def _claim(claim: Claim) -> str:
    said = f"{claim.evidence} by {claim.reviewer}" if claim.reviewer else claim.evidence
    return f"not {said}" if claim.clears else said
