"""``monition lists search``: which listed institution could be meant by a name or a number."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_lists,
)
from gateway.cli.shared.paragraphs import headline, paragraph
from gateway.cli.shared.tables import emit, paint, print_message, visible
from gateway.compliance.sanction_lists import search_lists

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.compliance.sanction_lists.search_lists import Candidate


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
    snapshot = load_lists(config).snapshot
    found = search_lists.search(config, snapshot, query, limit)
    if found.meant is not None:
        meant = visible(found.meant.name)
        print_message(f"ROR {found.meant.ror} is {meant}; institutions of a similar name:")
    if output_format == "table":
        for number, each in enumerate(found.candidates):
            for line in _told(each, is_first=number == 0):
                click.echo(line)
    else:
        emit(
            map(search_lists.as_row, found.candidates),
            columns=search_lists.COLUMNS,
            format=output_format,
        )
    if not found.candidates:
        print_message(
            f"No name among {len(snapshot.entities)} institutions resembles {visible(query)!r}. A "
            "rarer word of it, or another spelling, may find it; words that many names have find "
            "nobody."
        )


def _told(found: Candidate, *, is_first: bool) -> Iterator[str]:
    if not is_first:
        yield ""
    row, entity = search_lists.as_row(found), found.entity
    country = f", {entity.country}" if entity.country else ""
    yield paint(headline(found.score, f"{entity.name}{country}"), sys.stdout, bold=True)
    yield paragraph("id", entity.id)
    if found.name != entity.name:
        kind = "a weak alias: too common to rest on" if found.is_weak else "another name of it"
        yield paragraph("as", f"{found.name} ({kind})")
    yield paragraph("lists", ", ".join(row["lists"]) or "none")
    domains = ", ".join(row["domains"])
    yield paragraph("domains", domains or "none known; `monition lists propose` may find some")
    yield paragraph("why", found.why)
