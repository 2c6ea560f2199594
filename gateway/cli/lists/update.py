"""``monition lists update``: what the publishers have by now, into the snapshot in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import click
import structlog

from gateway.cli.lists import import_
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import print_message, visible
from gateway.compliance.sanction_lists import update_lists
from gateway.compliance.sanction_lists.update_lists import UnknownSourceError
from gateway.log import set_up as set_up_log

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.compliance.sanction_lists.update_lists import SourceRefused, Step

log = structlog.get_logger("lists")


@click.command(
    "update", epilog=example("monition lists update", "monition lists update us-ofac-sdn us-csl")
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@config_option
def command(names: tuple[str, ...], config_file: Path | None) -> None:
    """Fetch the lists that `lists.sources` names, or those given, and take them in.

    A list that its publisher has not changed is left as it is. One that cannot be fetched, is
    broken, or has lost more than a tenth of its institutions is refused, and what was there before
    stays in force; the others are taken all the same. Exit status 1 when one was refused.
    """
    config = load_config(config_file)
    try:
        wanted = update_lists.wanted_sources(config, names)
    except UnknownSourceError as error:
        raise click.UsageError(str(error)) from None
    update_lists.update(config, wanted, _tell)


def _tell(step: Step) -> None:
    match step:
        case update_lists.Terms():
            print_message(f"{step.source}: {step.licence}. {step.notice}")
        case update_lists.Fetching():
            print_message(f"{step.source}: fetching {step.address}")
        case update_lists.Unchanged():
            click.echo(f"{step.source}: unchanged")
        case update_lists.Updated():
            for line in import_.as_lines(step.imported):
                click.echo(fitted(line))
            for line in step.imported.own_domains:
                print_message(f"Warning: {line}.")
        case update_lists.PoliciesInForce():
            click.echo(
                f"{step.source}: {step.institutions} institutions in force, {step.snapshot[:19]}…"
            )
        case update_lists.PoliciesRefused():
            print_message(f"{step.source}: not in force: {step.reason}")
        case update_lists.SourceRefused():
            _tell_refused(step)
        case _:
            assert_never(step)


def _tell_refused(step: SourceRefused) -> None:
    if step.fault is not None:
        set_up_log()
        log.error("a list could not be taken", source=step.source, exc_info=step.fault)
    if step.unwritten is not None:
        print_message(
            f"{step.source}: that it was refused cannot be written down: {step.unwritten}"
        )
    print_message(f"{step.source}: refused: " + "\n".join(map(visible, step.reason.split("\n"))))
