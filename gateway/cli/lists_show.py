"""``monition lists show``: all that is known of an institution, and from whom."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import click

from gateway.archive import source
from gateway.archive.folder import Folder
from gateway.cli.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.output import emit, visible
from gateway.domain import DomainError, normalise
from gateway.errors import MonitionError
from gateway.model import Listing
from gateway.screen.address import mailbox_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.model import Claim, Entity
    from gateway.screen.snapshot import Snapshot

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
    told = as_object(found, Folder(config.lists.directory)) | {"snapshot": snapshot.digest}
    if output_format == "json":
        emit([told], format="json")
        return
    for line in _lines(found, told["taken_from"]):
        click.echo(visible(line))


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
    """Give the entities of an id; else those that hold a domain; else of a number or a name."""
    if (entity := snapshot.entities.get(text)) is not None:
        yield entity
        return
    held = list(_holders(text, snapshot))
    if held:
        yield from held
        return
    name = text.casefold()
    for each in snapshot.entities.values():
        names = (each.name, *each.aliases, *each.weak_aliases)
        if text in {listing.uid for listing in each.listings} or name in map(str.casefold, names):
            yield each


def _holders(text: str, snapshot: Snapshot) -> Iterator[Entity]:
    local, _, host = text.rpartition("@")
    try:
        domain = normalise(host)
    except DomainError:
        return
    match = next(snapshot.matches(mailbox_key(local), domain), None)
    if match is not None:
        yield from (holding.entity for holding in match.holdings)
    elif (linked := snapshot.linked.get(domain)) is not None:
        yield linked.entity


def as_object(entity: Entity, folder: Folder) -> dict[str, Any]:
    """All of it for programs. ``taken_from`` are the entries of imported lists it is made of."""
    said = asdict(entity)
    said["taken_from"] = list(_taken_from(entity, folder))
    return said


def _taken_from(entity: Entity, folder: Folder) -> Iterator[dict[str, Any]]:
    listed = {(each.list, each.uid) for each in entity.listings}
    for name in source.names(folder):
        for entry in source.read_entries(folder, name):
            numbers = {(each.list, each.uid) for each in entry.listings if each.uid}
            if entry.id == entity.id or numbers & listed:
                yield {"source": name, "entry": entry.id, "place": entry.place, "name": entry.name}


def _lines(entity: Entity, taken_from: list[dict[str, Any]]) -> Iterator[str]:
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
    places = (f"{each['source']}: {each['place']}, {each['entry']}" for each in taken_from)
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
