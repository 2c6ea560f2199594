"""``monition audit dispose``: what the office decides about findings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.audit_by import by_option
from gateway.cli.shared.audit_filters import filter_options
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.tables import print_message
from gateway.compliance.actor import access, current_actor
from gateway.compliance.audit import dispose as acts
from gateway.compliance.audit import which_findings
from gateway.compliance.audit.dispose import NoReasonError, NotLicensedError, OfficeDecision
from gateway.compliance.audit.which_findings import BothError, NeitherError, count_chosen
from gateway.ledger.questions.filters import Filters
from gateway.model import Disposition

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.compliance.actor import Access
    from gateway.compliance.audit.which_findings import Chosen
    from gateway.config import Config


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
    try:
        decision = OfficeDecision(
            disposition, reason, licence, expires.date() if expires is not None else None
        )
    except NoReasonError as error:
        text = "says nothing: an auditor will ask why."
        raise click.BadParameter(text, param_hint="--reason") from error
    except NotLicensedError as error:
        text = "--licence and --expires belong to --as licensed or exempt."
        raise click.UsageError(text) from error
    config = load_config(config_file)
    chosen = choose(config, events, filters, access("audit dispose", reason), yes=yes)
    done = acts.dispose(config, chosen, decision, current_actor(by))
    print_message(f"{findings(done)} decided: {disposition}")
    if decision.lacks_licence:
        print_message("no --licence was given: an auditor will ask for its number")
    if decision.has_ended(datetime.now(UTC).date()):
        print_message(f"mind that it ended on {decision.expires_on}, before today")


def choose(
    config: Config, events: tuple[str, ...], filters: Filters, who: Access, *, yes: bool
) -> Chosen:
    """What an act is about; ends the command where it is neither or both, or wants a yes."""
    try:
        chosen = which_findings.choose(events, filters)
    except BothError as error:
        text = "name EVENTs, or choose them by filters, not both."
        raise click.UsageError(text) from error
    except NeitherError as error:
        text = "name EVENTs, or choose them by filters such as --sender and --since."
        raise click.UsageError(text) from error
    if isinstance(chosen, Filters) and not yes:
        count = count_chosen(config, chosen, who)
        raise click.UsageError(
            f"the filters choose {findings(count)}; nothing was done. Look at them with `monition "
            "audit list` and the same filters, then add --yes."
        )
    return chosen


def findings(count: int) -> str:
    """A number of findings, in words."""
    return "1 finding" if count == 1 else f"{count:,} findings"
