"""``monition lists import``: a list from files into the snapshot in force."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.archive import importing
from gateway.archive.folder import Folder
from gateway.archive.importing import Parcel, Taken
from gateway.cli.options import config_option, example, load_config
from gateway.cli.output import say
from gateway.errors import MonitionError
from gateway.lists import catalogue
from gateway.lists.entry import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.lists.merge import Merged

_PLAIN = {Reason.INDIVIDUAL, Reason.VESSEL, Reason.AIRCRAFT, Reason.OTHER_KIND, Reason.INACTIVE}
"""Rows that are left out because of what they are; nobody needs to look at examples of them."""


@click.command(
    "import",
    epilog=example(
        "monition lists import sdn.csv alt.csv add.csv sdn_comments.csv --source us-ofac-sdn",
        "monition lists import UK-Sanctions-List.csv --source uk-sanctions",
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
    type=click.Choice([source.name for source in catalogue.SOURCES]),
    help=f"The list that the files are: {', '.join(source.name for source in catalogue.SOURCES)}.",
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
    """Take a list in from FILEs, as its publisher gives them out.

    The list is read whole before anything is changed. One that is broken, or that has lost more
    than a tenth of its institutions, is refused, and what was there before stays in force.
    """
    config = load_config(config_file)
    folder = Folder(config.lists.directory)
    parcel = Parcel(source, files, accepts_loss=accept_loss)
    try:
        taken = importing.take(config.policies.directory, folder, parcel, datetime.now(UTC))
    except OSError as error:
        raise MonitionError(
            f"{folder.path} cannot be written ({error.strerror or error}): run this as the "
            "gateway's user, or set [lists] directory to a folder of its own"
        ) from None
    for line in told(taken):
        click.echo(line)
    if not taken.is_changed:
        say("The snapshot in force is what it was.")


def told(taken: Taken) -> Iterator[str]:
    """Say in lines what came of an import."""
    made = taken.assembly.snapshot
    yield f"{taken.header.source}: {taken.header.entries} institutions taken"
    yield from _rows(taken)
    yield from _not_used(taken.assembly.merged)
    yield (
        f"In force: {made.digest[:19]}…, {len(made.entities)} institutions, "
        f"{len(made.domains)} domains"
    )


def _rows(taken: Taken) -> Iterator[str]:
    for reason, some in taken.reading.examples.items():
        count = taken.reading.rejected[reason]
        yield f"  {count} rows left out: {reason.value}"
        if reason not in _PLAIN:
            for each in some[:3]:
                yield f"    {each.place}: {each.detail}" if each.detail else f"    {each.place}"


def _not_used(merged: Merged) -> Iterator[str]:
    if merged.refused:
        yield f"Websites and addresses not used: {len(merged.refused)}"
        for id_, each in merged.refused[:5]:
            yield f"  {id_}: {each.text}: {each.reason}"
        if len(merged.refused) > 5:
            yield f"  and {len(merged.refused) - 5} more"
    if merged.shared:
        yield "Domains that several institutions name (a match names the first):"
        for domain, ids in list(merged.shared.items())[:5]:
            yield f"  {domain}: {', '.join(ids)}"
        if len(merged.shared) > 5:
            yield f"  and {len(merged.shared) - 5} more"
    for id_ in merged.orphans:
        yield f"An addition names {id_}, which no list and no file has"
