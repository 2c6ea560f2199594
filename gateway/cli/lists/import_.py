"""``monition lists import``: a list from files into the snapshot in force."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import emit, print_message
from gateway.compliance.sanction_lists import list_imports
from gateway.compliance.sanction_lists.list_imports import NotOneFileError
from gateway.lists.catalogue import ROR, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.compliance.sanction_lists.list_imports import ImportedList
    from gateway.config import Config

_SOURCES = (*(source.name for source in SOURCES), ROR)
_EXAMPLES = 5
"""How many of what was not used are shown."""


@click.command(
    "import",
    epilog=example(
        "monition lists import sdn.csv alt.csv add.csv sdn_comments.csv --source us-ofac-sdn",
        "monition lists import UK-Sanctions-List.csv --source uk-sanctions",
        "monition lists import v1.63-ror-data_schema_v2.json.gz --source ror",
    ),
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--source",
    required=True,
    metavar="NAME",
    type=click.Choice(_SOURCES),
    help=f"What the files are: {', '.join(_SOURCES)}.",
)
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Take the list although it lacks more than a tenth of what it had.",
)
@format_option(("table", "json"))
@config_option
def command(
    files: tuple[Path, ...],
    source: str,
    config_file: Path | None,
    output_format: str,
    *,
    accept_loss: bool,
) -> None:
    """Take a list in from FILEs, as its publisher gives them out; they may be gzipped.

    The list is read whole before anything is changed. One that is broken, or that has lost more
    than a tenth of its institutions, is refused, and what was there before stays in force: exit
    status 1. `ror` is no list: proposals of domains are made from it (`monition lists propose`).
    """
    config = load_config(config_file)
    if source == ROR:
        _import_registry(config, files, output_format, accepts_loss=accept_loss)
        return
    now = datetime.now(UTC)
    done = list_imports.import_list(config, source, files, now, accepts_loss=accept_loss)
    for line in done.own_domains:
        print_message(f"Warning: {line}.")
    if output_format == "json":
        emit([list_imports.as_object(done)], format="json")
        return
    for line in as_lines(done):
        click.echo(fitted(line))


def _import_registry(
    config: Config, files: tuple[Path, ...], output_format: str, *, accepts_loss: bool
) -> None:
    now = datetime.now(UTC)
    try:
        done = list_imports.import_registry(config, files, now, accepts_loss=accepts_loss)
    except NotOneFileError as error:
        raise click.UsageError(str(error)) from None
    if output_format == "json":
        emit([list_imports.registry_as_object(done)], format="json")
        return
    click.echo(f"{done.source}: {_count(done.entries, 'organisation')} taken")
    for reason, count in done.counts.items():
        click.echo(f"  {_count(count, 'row')} left out: {reason}")
    print_message("Nothing in force has changed: it is for proposals.")


def as_lines(done: ImportedList) -> Iterator[str]:
    """Say in lines what came of an import."""
    yield f"{done.source}: {_count(done.entries, 'institution')} taken"
    yield from _rows(done)
    yield from _not_used(done)
    before = f"{done.before[:19]}… before" if done.before else "there was none before"
    if not done.is_changed:
        before = "as before"
    yield (
        f"In force: {done.snapshot[:19]}… ({before}), {_count(done.institutions, 'institution')}, "
        f"{_count(done.domains, 'domain')}"
    )
    if done.is_changed:
        yield "The running gateway takes it within seconds."


def _rows(done: ImportedList) -> Iterator[str]:
    for some in done.left_out:
        yield f"  {_count(some.count, 'row')} left out: {some.reason}"
        if not some.is_plain:
            for each in some.examples[:3]:
                yield f"    {each.place}: {each.detail}" if each.detail else f"    {each.place}"


def _not_used(done: ImportedList) -> Iterator[str]:
    unused = [f"{each.place}: {each.entity}: {each.text}: {each.reason}" for each in done.unused]
    yield from _some(
        f"Websites and addresses not used: {len(unused)}",
        unused,
        f"`monition lists unused {done.source}` shows all",
    )
    shared = [f"{domain}: {', '.join(ids)}" for domain, ids in done.shared.items()]
    yield from _some(
        f"Domains that several institutions name, of which a match tells the first: {len(shared)}",
        shared,
        "--format json tells all",
    )
    for key in done.unused_overrides:
        yield f"An override meets nothing in the list: {key.list} {key.uid}, {key.website}"
    for id_ in done.orphans:
        yield f"An addition names {id_}, which no list and no file has"


def _some(head: str, all_: list[str], where: str) -> Iterator[str]:
    if all_:
        yield head
        yield from (f"  {each}" for each in all_[:_EXAMPLES])
        if len(all_) > _EXAMPLES:
            yield f"  and {len(all_) - _EXAMPLES} more: {where}"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
