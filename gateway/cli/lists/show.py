"""``monition lists show``: all that is known of an institution, and from whom."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_lists,
)
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import emit, visible
from gateway.compliance.sanction_lists.institution_card import as_object, institution_card
from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.compliance.sanction_lists.institution_card import InstitutionCard
    from gateway.model import Claim

_DATES = {
    "listed_on": "listed",
    "effective_from": "in force from",
    "wind_down_until": "wind-down through",
    "delisted_on": "taken off",
}


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
    card = institution_card(config, load_lists(config).snapshot, entity)
    if output_format == "json":
        emit([as_object(card)], format="json")
        return
    for line in _lines(card):
        click.echo(fitted(visible(line)))


def _lines(card: InstitutionCard) -> Iterator[str]:
    entity = card.entity
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
        f"{each.text.text}: {each.text.reason} ({each.source}: {each.text.place})"
        for each in card.unused
    )
    yield from _section("Given by a list and not used", idle)
    places = (f"{source}: {entry.place}, {entry.id}" for source, entry in card.entries)
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
