"""``monition audit dispose``: what the office decides about findings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.audit_by import by_option
from gateway.cli.shared.audit_filters import filter_options
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.tables import say
from gateway.compliance.actor import access, hand
from gateway.ledger.office import office_writer
from gateway.ledger.query.logged_reading import Reading
from gateway.ledger.questions.filters import Filters
from gateway.model import Disposition

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.office.chosen_findings import Chosen
    from gateway.ledger.query.logged_reading import Access

_WITH_A_LICENCE = {Disposition.LICENSED, Disposition.EXEMPT}


@click.command(
    epilog=example(
        "monition audit dispose 01KB8Q --as personal --reason 'A friend from school.'",
        "monition audit dispose 01KB8Q --as licensed --licence 2026-0311 --expires 2027-06-30 "
        "--reason 'Covers the joint project.'",
        "monition audit dispose --sender prof@example.edu --entity us-ofac-38316 --as escalated "
        "--reason 'With counsel.' --yes",
    )
)
@click.argument("events", metavar="[EVENT]...", nargs=-1)
@click.option(
    "--as",
    "word",
    type=click.Choice([each.value for each in Disposition]),
    required=True,
    help="What it is; open takes a decision back.",
)
@click.option("--reason", metavar="TEXT", required=True, help="Why; it can be erased later.")
@click.option("--licence", metavar="NUMBER", help="Of the licence or exemption; kept for ever.")
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Its last day, as in 2027-06-30.",
)
@by_option("Who decides.")
@click.option("--yes", is_flag=True, help="Decide all that the filters choose.")
@filter_options
@config_option
def dispose(
    *,
    events: tuple[str, ...],
    word: str,
    reason: str,
    licence: str | None,
    expires: datetime | None,
    by: str | None,
    yes: bool,
    filters: Filters,
    config_file: Path | None,
) -> None:
    """Decide findings: EVENTs by id or the beginning of it, or all that the filters choose.

    All of them are decided, or none. A decision can be followed by another: the last one counts,
    and all of them stay in the history that `monition audit show` tells. With filters the number
    is told first, and nothing is done without --yes.
    """
    disposition = Disposition(word)
    if not reason.strip():
        raise click.BadParameter("says nothing: an auditor will ask why.", param_hint="--reason")
    if disposition not in _WITH_A_LICENCE and (licence or expires):
        raise click.UsageError("--licence and --expires belong to --as licensed or exempt.")
    path = load_config(config_file).ledger.path
    chosen = choose(path, events, filters, access("audit dispose", reason), yes=yes)
    done = office_writer.dispose(
        path,
        chosen,
        disposition,
        hand(by),
        reason=reason,
        licence=licence,
        expires_on=expires.date() if expires else None,
    )
    say(f"{findings(len(done))} decided: {disposition}")
    if disposition in _WITH_A_LICENCE and not licence:
        say("no --licence was given: an auditor will ask for its number")
    if expires and expires.date() < datetime.now(UTC).date():
        say(f"mind that it ended on {expires.date()}, before today")


def choose(
    path: Path, events: tuple[str, ...], filters: Filters, who: Access, *, yes: bool
) -> Chosen:
    """What an act is about; ends the command where it is neither or both, or wants a yes.

    How many findings a person has is told to ``who`` only once that is recorded.
    """
    by_filters = filters != Filters()
    if bool(events) == by_filters:
        raise click.UsageError(
            "name EVENTs, or choose them by filters, not both."
            if events
            else "name EVENTs, or choose them by filters such as --sender and --since."
        )
    if not by_filters:
        return events
    if not yes:
        count = office_writer.count(path, filters)
        told_of(path, filters, who)
        raise click.UsageError(
            f"the filters choose {findings(count)}; nothing was done. Look at them with `monition "
            "audit list` and the same filters, then add --yes."
        )
    return filters


def told_of(path: Path, filters: Filters, who: Access) -> None:
    """Record that somebody is told how much there is of a person, where the filters name one."""
    if filters.name_a_person:
        with Reading(path, who) as reading:
            reading.admitted(filters)


def findings(count: int) -> str:
    """A number of findings, in words."""
    return "1 finding" if count == 1 else f"{count:,} findings"
