"""``monition lists import``: a list from files into the snapshot in force."""

from __future__ import annotations

import contextlib
import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.archive import importing, organisations
from gateway.archive.folder import Folder
from gateway.archive.importing import Parcel
from gateway.cli.options import config_option, example, load_config
from gateway.cli.output import say
from gateway.errors import MonitionError
from gateway.lists import catalogue
from gateway.lists.entry import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.archive.importing import Taken

_PLAIN = {Reason.INDIVIDUAL, Reason.VESSEL, Reason.AIRCRAFT, Reason.OTHER_KIND, Reason.INACTIVE}
"""Rows that are left out because of what they are; nobody needs to look at examples of them."""


_SOURCES = (*(source.name for source in catalogue.SOURCES), catalogue.PROPOSING)
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
@config_option
def command(
    files: tuple[Path, ...], source: str, config_file: Path | None, *, accept_loss: bool
) -> None:
    """Take a list in from FILEs, as its publisher gives them out; they may be gzipped.

    The list is read whole before anything is changed. One that is broken, or that has lost more
    than a tenth of its institutions, is refused, and what was there before stays in force: exit
    status 1. `ror` is no list: proposals of domains are made from it (`monition lists propose`).
    """
    config = load_config(config_file)
    folder = Folder(config.lists.directory)
    with writable(folder):
        if source == catalogue.PROPOSING:
            _take_registry(files, folder, accepts_loss=accept_loss)
            return
        parcel = Parcel(source, files, accepts_loss=accept_loss)
        taken = importing.take(config.policies.directory, folder, parcel, datetime.now(UTC))
    for line in told(taken):
        click.echo(line)


def _take_registry(files: tuple[Path, ...], folder: Folder, *, accepts_loss: bool) -> None:
    if len(files) != 1:
        raise click.UsageError(f"{catalogue.PROPOSING} is one file, and {len(files)} are given")
    header = organisations.take(folder, files[0], datetime.now(UTC), accepts_loss=accepts_loss)
    click.echo(f"{header.source}: {_count(header.entries, 'organisation')} taken")
    for reason, count in header.rejected.items():
        click.echo(f"  {_count(count, 'row')} left out: {reason}")
    say("Nothing in force has changed: it is for proposals.")


@contextlib.contextmanager
def writable(folder: Folder) -> Iterator[None]:
    """Tell in a person's words where the lists directory cannot be written, or must not be."""
    if os.geteuid() == 0 and folder.path.is_dir() and (owner := folder.path.stat().st_uid) != 0:
        # What root writes there, the gateway could not read.
        raise MonitionError(
            f"{folder.path} is not root's: run this as its owner, sudo -u '#{owner}' monition …"
        )
    try:
        yield
    except OSError as error:
        remedy = "run this as the gateway's user, or set [lists] directory to a folder of its own"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = "make room; what was in force before still is"
        raise MonitionError(
            f"{folder.path} cannot be written ({error.strerror or error}): {remedy}"
        ) from None


def told(taken: Taken) -> Iterator[str]:
    """Say in lines what came of an import."""
    made = taken.assembly.snapshot
    yield f"{taken.header.source}: {_count(taken.header.entries, 'institution')} taken"
    yield from _rows(taken)
    yield from _not_used(taken)
    before = f"{taken.before[:19]}… before" if taken.before else "there was none before"
    if not taken.is_changed:
        before = "as before"
    yield (
        f"In force: {made.digest[:19]}… ({before}), {_count(len(made.entities), 'institution')}, "
        f"{_count(len(made.domains), 'domain')}"
    )
    if taken.is_changed:
        yield "The running gateway takes it within seconds."


def _rows(taken: Taken) -> Iterator[str]:
    for reason, some in taken.reading.examples.items():
        yield f"  {_count(taken.reading.rejected[reason], 'row')} left out: {reason.value}"
        if reason not in _PLAIN:
            for each in some[:3]:
                yield f"    {each.place}: {each.detail}" if each.detail else f"    {each.place}"


def _not_used(taken: Taken) -> Iterator[str]:
    merged = taken.assembly.merged
    # Of this list: what the others say was told when they were imported.
    says = "\n".join(
        text
        for entry in taken.reading.entries
        for text in (*entry.websites, *entry.emails, *entry.domains)
    )
    refused = [
        f"{id_}: {each.text}: {each.reason}" for id_, each in merged.refused if each.text in says
    ]
    yield from _some(f"Websites and addresses not used: {len(refused)}", refused)
    says = says.lower()
    shared = [
        f"{domain}: {', '.join(ids)}" for domain, ids in merged.shared.items() if domain in says
    ]
    yield from _some(
        f"Domains that several institutions name, of which a match tells the first: {len(shared)}",
        shared,
    )
    for key in taken.unused:
        yield f"An override meets nothing in the list: {key.list} {key.uid}, {key.website}"
    for id_ in merged.orphans:
        yield f"An addition names {id_}, which no list and no file has"


def _some(head: str, all_: list[str]) -> Iterator[str]:
    if all_:
        yield head
        yield from (f"  {each}" for each in all_[:_EXAMPLES])
        if len(all_) > _EXAMPLES:
            yield f"  and {len(all_) - _EXAMPLES} more"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
