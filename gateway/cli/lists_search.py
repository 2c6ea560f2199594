"""``monition lists search``: which listed institution could be meant by a name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.output import emit, paint, say, visible
from gateway.cli.paragraphs import headline, paragraph
from gateway.screen.names import NameIndex, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.model import Entity
    from gateway.screen.names import Hit

COLUMNS = (
    *("score", "match", "entity", "entity_name", "name", "weak", "country"),
    *("lists", "domains", "why"),
)


@click.command(
    "search",
    epilog=example(
        "monition lists search Bauman",
        "monition lists search 'Malek Ashtar' --limit 3",
        "monition lists search 哈尔滨工业大学 --format json",
    ),
)
@click.argument("name", nargs=-1, required=True, metavar="NAME…")
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="At most.")
@format_option()
@config_option
def command(
    name: tuple[str, ...], limit: int, config_file: Path | None, output_format: str
) -> None:
    """Find listed institutions by NAME, by a part of it, or by what it sounded like.

    Any script will do. A score of 100 is the name itself; the words that led there are named,
    each with its part of how alike the names are as wholes. Whether an address belongs to the
    institution is what `monition check` tells.
    """
    query = " ".join(name)
    entities = load_snapshot(load_config(config_file)).entities
    index = NameIndex(each for entity in entities.values() for each in names_of(entity))
    hits = index.search(query, limit)
    if output_format == "table":
        for number, hit in enumerate(hits):
            for line in _told(hit, entities[hit.owner], is_first=number == 0):
                click.echo(line)
    else:
        emit(
            [as_row(hit, entities[hit.owner]) for hit in hits],
            columns=COLUMNS,
            format=output_format,
        )
    if not hits:
        say(
            f"No name among {len(entities)} institutions resembles {visible(query)!r}. A rarer "
            "word of it, or another spelling, may find it; words that many names have find nobody."
        )


def as_row(hit: Hit, entity: Entity) -> dict[str, Any]:
    """One hit as a row for programs. ``score`` is from 0 to 100."""
    return {
        "score": round(100 * hit.score),
        "match": hit.is_match,
        "entity": entity.id,
        "entity_name": entity.name,
        "name": hit.name,
        "weak": hit.is_weak,
        "country": entity.country,
        "lists": list(_lists(entity)),
        "domains": [claim.value for claim in entity.domains if not claim.clears],
        "why": hit.likeness.why,
    }


def _told(hit: Hit, entity: Entity, *, is_first: bool) -> Iterator[str]:
    if not is_first:
        yield ""
    row = as_row(hit, entity)
    country = f", {entity.country}" if entity.country else ""
    yield paint(headline(row["score"], f"{entity.name}{country}"), sys.stdout, bold=True)
    yield paragraph("id", entity.id)
    if hit.name != entity.name:
        kind = "a weak alias: too common to rest on" if hit.is_weak else "another name of it"
        yield paragraph("as", f"{hit.name} ({kind})")
    yield paragraph("lists", ", ".join(row["lists"]) or "none")
    domains = ", ".join(row["domains"])
    yield paragraph("domains", domains or "none known; `monition lists propose` may find some")
    yield paragraph("why", row["why"])


def _lists(entity: Entity) -> list[str]:
    """The lists an entity stands on, each with its programmes."""
    programmes: dict[str, list[str]] = {}
    for listing in entity.listings:
        known = programmes.setdefault(listing.list, [])
        if listing.programme and listing.programme not in known:
            known.append(listing.programme)
    return [f"{name} ({', '.join(some)})" if some else name for name, some in programmes.items()]
