"""``monition audit stats`` and ``first-contacts``: findings counted, and who began to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.shared.audit_answer import limit_option, print_answer
from gateway.cli.shared.audit_filters import filter_options, filters_of
from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.person import access_options
from gateway.compliance.actor import open_as
from gateway.compliance.audit.ask_ledger import ask
from gateway.ledger.questions.questions_contacts import FIRST_CONTACTS
from gateway.ledger.questions.stats import BY

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.compliance.actor import Access
    from gateway.ledger.questions.filters import Filters


@click.command(
    epilog=example(
        "monition audit stats --by entity --since 365d",
        "monition audit stats --by week --tier blocking --format csv > weeks.csv",
    )
)
@click.option(
    "--by", type=click.Choice(list(BY)), required=True, help="What findings are counted by."
)
@filter_options
@limit_option
@format_option()
@access_options("audit stats")
@config_option
def stats(
    *,
    by: str,
    config_file: Path | None,
    output_format: str,
    who: Access | None,
    limit: int,
    filters: Filters,
) -> None:
    """Count findings by institution, sender, department, week or rule."""
    with open_as(load_config(config_file), who) as reading:
        found = ask(reading, BY[by], filters=filters, limit=limit or None)
    print_answer(BY[by], found, output_format)


@click.command(
    "first-contacts",
    epilog=example(
        "monition audit first-contacts --since 7d",
        "monition audit first-contacts --department Physics --format csv",
    ),
)
@filters_of(*FIRST_CONTACTS.filters)
@limit_option
@format_option()
@access_options("audit first-contacts")
@config_option
def first_contacts(
    *,
    config_file: Path | None,
    output_format: str,
    who: Access | None,
    limit: int,
    filters: Filters,
) -> None:
    """List who wrote to an institution for the first time, newest first."""
    with open_as(load_config(config_file), who) as reading:
        found = ask(reading, FIRST_CONTACTS, filters=filters, limit=limit or None)
    print_answer(FIRST_CONTACTS, found, output_format)
