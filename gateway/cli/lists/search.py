"""``monition lists search``: which listed institution could be meant by a name or a number."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.shared.paragraphs import headline, paragraph
from gateway.cli.shared.tables import emit, paint, say, visible
from gateway.list_store.files.paths import Folder
from gateway.list_store.find_institution import organisation_of, pointed
from gateway.screening.names.name_index import NameIndex, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gateway.list_store.find_institution import Pointed
    from gateway.model import Entity
    from gateway.screening.names.name_index import Hit
    from gateway.screening.snapshot import Snapshot

COLUMNS = (
    *("score", "match", "how", "entity", "entity_name", "name", "weak", "country"),
    *("lists", "domains", "why"),
)

UNSURE = 60
"""The score of a domain that is for review: it looks like a listed one, or is tied to it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One institution that could be meant, by its name or by what points at it.

    ``score`` is from 0 to 100. ``is_match``: all that was asked for is the institution's, and
    nothing of it guessed. ``how`` is one word for the way that led there, ``why`` a line.
    """

    score: int
    is_match: bool
    how: str
    entity: Entity
    name: str
    why: str
    is_weak: bool = False


@click.command(
    "search",
    epilog=example(
        "monition lists search Bauman",
        "monition lists search 'МГТУ им. Баумана'",
        "monition lists search 38316",
        "monition lists search ivanov@stud.mipt.ru",
        "monition lists search 哈尔滨工业大学 --limit 3 --format json",
    ),
)
@click.argument("name", nargs=-1, required=True, metavar="NAME…")
@click.option(
    "--limit", type=click.IntRange(1, 2**31 - 1), default=10, show_default=True, help="At most."
)
@format_option()
@config_option
def command(
    name: tuple[str, ...], limit: int, config_file: Path | None, output_format: str
) -> None:
    """Find listed institutions by NAME, by a part of it, or by what it sounded like.

    Any script will do. An id, a number on a list, a ROR id, a domain or an address finds the
    institution as well. A score of 100 is the name itself; the words that led there are named,
    each with its part of how alike the names are as wholes. Whether an address belongs to the
    institution is what `monition check` tells.
    """
    query = " ".join(name)
    if not query.strip():
        raise click.UsageError("say what to look for")
    config = load_config(config_file)
    snapshot = load_snapshot(config)
    answers = _answers(query, snapshot, Folder(config.lists.directory), limit)
    if output_format == "table":
        for number, answer in enumerate(answers):
            for line in _told(answer, is_first=number == 0):
                click.echo(line)
    else:
        emit(map(as_row, answers), columns=COLUMNS, format=output_format)
    if not answers:
        say(
            f"No name among {len(snapshot.entities)} institutions resembles {visible(query)!r}. A "
            "rarer word of it, or another spelling, may find it; words that many names have find "
            "nobody."
        )


def _answers(query: str, snapshot: Snapshot, folder: Folder, limit: int) -> list[Answer]:
    """What is pointed at; else what a name, the question or its ROR record's, resembles."""
    if sure := pointed(query, snapshot):
        return list(map(_of_pointer, sure[:limit]))
    if (known := organisation_of(query, folder)) is not None:
        say(f"ROR {known.ror} is {visible(known.name)}; institutions of a similar name:")
        query = known.name
    entities = snapshot.entities
    index = NameIndex(each for entity in entities.values() for each in names_of(entity))
    return [_of_hit(hit, entities) for hit in index.search(query, limit)]


def _of_pointer(found: Pointed) -> Answer:
    score = 100 if found.by.is_sure else UNSURE
    return Answer(score, found.by.is_sure, found.by, found.entity, found.entity.name, found.why)


def _of_hit(hit: Hit, entities: Mapping[str, Entity]) -> Answer:
    return Answer(
        round(100 * hit.score),
        hit.is_named,
        hit.how,
        entities[hit.owner],
        hit.name,
        hit.likeness.why,
        hit.is_weak,
    )


def as_row(answer: Answer) -> dict[str, Any]:
    """One answer as a row for programs."""
    entity = answer.entity
    return {
        "score": answer.score,
        "match": answer.is_match,
        "how": answer.how,
        "entity": entity.id,
        "entity_name": entity.name,
        "name": answer.name,
        "weak": answer.is_weak,
        "country": entity.country,
        "lists": list(_lists(entity)),
        "domains": [claim.value for claim in entity.domains if not claim.clears],
        "why": answer.why,
    }


def _told(answer: Answer, *, is_first: bool) -> Iterator[str]:
    if not is_first:
        yield ""
    row, entity = as_row(answer), answer.entity
    country = f", {entity.country}" if entity.country else ""
    yield paint(headline(answer.score, f"{entity.name}{country}"), sys.stdout, bold=True)
    yield paragraph("id", entity.id)
    if answer.name != entity.name:
        kind = "a weak alias: too common to rest on" if answer.is_weak else "another name of it"
        yield paragraph("as", f"{answer.name} ({kind})")
    yield paragraph("lists", ", ".join(row["lists"]) or "none")
    domains = ", ".join(row["domains"])
    yield paragraph("domains", domains or "none known; `monition lists propose` may find some")
    yield paragraph("why", answer.why)


def _lists(entity: Entity) -> list[str]:
    """The lists an entity stands on, each with its programmes."""
    programmes: dict[str, list[str]] = {}
    for listing in entity.listings:
        known = programmes.setdefault(listing.list, [])
        if listing.programme and listing.programme not in known:
            known.append(listing.programme)
    return [f"{name} ({', '.join(some)})" if some else name for name, some in programmes.items()]
