"""``monition lists import``: a list from files into the snapshot in force."""

from __future__ import annotations

import contextlib
import errno
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import emit, say, visible
from gateway.errors import MonitionError
from gateway.list_store.files.paths import Folder
from gateway.list_store.imports import import_run, ror_store
from gateway.list_store.imports.import_run import Parcel
from gateway.list_store.imports.own_domain_guard import own_domains
from gateway.lists import catalogue
from gateway.lists.parsing.entry import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.list_store.files.imported_source import Header
    from gateway.list_store.imports.import_run import Taken
    from gateway.lists.claimed_domains import NotUsed

_OF_ANOTHER_KIND = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}
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
    folder = Folder(config.lists.directory)
    with writable(folder):
        if source == catalogue.PROPOSING:
            header = _take_registry(files, folder, accepts_loss=accept_loss)
            if output_format == "json":
                emit([_of_header(header)], format="json")
            else:
                _tell_registry(header)
            return
        parcel = Parcel(source, files, accepts_loss=accept_loss)
        taken = import_run.take(config.policies.directory, folder, parcel, datetime.now(UTC))
    own = own_domains(config.institution.domains, taken.assembly.snapshot)
    for line in own:
        say(f"Warning: {line}.")
    if output_format == "json":
        emit([as_object(taken) | {"own_domains": own}], format="json")
        return
    for line in told(taken):
        click.echo(fitted(line))


def _take_registry(files: tuple[Path, ...], folder: Folder, *, accepts_loss: bool) -> Header:
    if len(files) != 1:
        raise click.UsageError(f"{catalogue.PROPOSING} is one file, and {len(files)} are given")
    return ror_store.take(folder, files[0], datetime.now(UTC), accepts_loss=accepts_loss)


def _tell_registry(header: Header) -> None:
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
        elif error.errno in _OF_ANOTHER_KIND:
            remedy = (
                f"{visible(str(error.filename))} is not what it should be: move it away, or set "
                "[lists] directory to a folder of its own"
            )
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
    refused = [f"{each.place}: {each.entity}: {each.text}: {each.reason}" for each in _idle(taken)]
    yield from _some(
        f"Websites and addresses not used: {len(refused)}",
        refused,
        f"`monition lists unused {taken.header.source}` shows all",
    )
    shared = [f"{domain}: {', '.join(ids)}" for domain, ids in _shared(taken).items()]
    yield from _some(
        f"Domains that several institutions name, of which a match tells the first: {len(shared)}",
        shared,
        "--format json tells all",
    )
    for key in taken.unused:
        yield f"An override meets nothing in the list: {key.list} {key.uid}, {key.website}"
    for id_ in taken.assembly.merged.orphans:
        yield f"An addition names {id_}, which no list and no file has"


def _idle(taken: Taken) -> list[NotUsed]:
    """What was not used of this list: what the others say was told when they were imported."""
    own = {(entry.id, entry.place) for entry in taken.reading.entries}
    return [each for each in taken.assembly.merged.refused if (each.entry, each.place) in own]


def _shared(taken: Taken) -> dict[str, tuple[str, ...]]:
    """Domains of several institutions, as far as this list names them."""
    says = "\n".join(
        text
        for entry in taken.reading.entries
        for text in (*entry.websites, *entry.emails, *entry.domains)
    ).lower()
    every = taken.assembly.merged.shared.items()
    return {domain: ids for domain, ids in every if domain in says}


def as_object(taken: Taken) -> dict[str, Any]:
    """What came of an import, for programs: all that was not used, each with its file and row."""
    made = taken.assembly.snapshot
    return _of_header(taken.header) | {
        "examples": [
            {"reason": reason.value, "place": each.place, "detail": each.detail}
            for reason, some in taken.reading.examples.items()
            if reason not in _PLAIN
            for each in some
        ],
        "unused": [
            {
                "place": each.place,
                "entity": each.entity,
                "text": each.text,
                "reason": each.reason,
            }
            for each in _idle(taken)
        ],
        "shared": {domain: list(ids) for domain, ids in _shared(taken).items()},
        "unused_overrides": [asdict(key) for key in taken.unused],
        "orphans": list(taken.assembly.merged.orphans),
        "before": taken.before,
        "snapshot": made.digest,
        "institutions": len(made.entities),
        "domains": len(made.domains),
    }


def _of_header(header: Header) -> dict[str, Any]:
    return {"source": header.source, "taken": header.entries, "left_out": dict(header.rejected)}


def _some(head: str, all_: list[str], where: str) -> Iterator[str]:
    if all_:
        yield head
        yield from (f"  {each}" for each in all_[:_EXAMPLES])
        if len(all_) > _EXAMPLES:
            yield f"  and {len(all_) - _EXAMPLES} more: {where}"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"
