"""``monition audit hold``: findings that must not be erased while a matter is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from gateway.cli.audit.dispose import choose, findings
from gateway.cli.shared.audit_by import by_option
from gateway.cli.shared.audit_filters import filter_options
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.tables import print_message
from gateway.compliance.actor import access, current_actor
from gateway.compliance.audit import hold as acts
from gateway.compliance.audit.hold import NoMatterError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.questions.filters import Filters


@click.command(
    epilog=example(
        "monition audit hold 01KB8Q 01KB8R --matter 2026-17",
        "monition audit hold --entity us-ofac-38316 --since 2026-01-01 --matter 2026-17 --yes",
        "monition audit hold --release 01KB8Q --matter 2026-17 --reason 'The inquiry ended.'",
    )
)
@click.argument("events", metavar="[EVENT]...", nargs=-1)
@click.option("--matter", metavar="NAME", help="What for, such as an inquiry's number.")
@click.option(
    "--release", is_flag=True, help="End the hold for --matter; without it, every hold on them."
)
@click.option("--reason", metavar="TEXT", help="More words; they can be erased later.")
@by_option("Who does it.")
@click.option("--yes", is_flag=True, help="Take all that the filters choose.")
@filter_options
@config_option
def hold(
    *,
    events: tuple[str, ...],
    matter: str | None,
    release: bool,
    reason: str | None,
    by: str | None,
    yes: bool,
    filters: Filters,
    config_file: Path | None,
) -> None:
    """Keep findings whole: nothing of them is erased until they are released.

    EVENTs by id or the beginning of it, or all that the filters choose. A finding can be under
    hold for several matters; it is free when the last of them has ended.
    """
    if not release:
        try:
            matter = acts.named_matter(matter)
        except NoMatterError as error:
            text = "a hold needs --matter, a name by which it is ended again."
            raise click.UsageError(text) from error
    config = load_config(config_file)
    who = access("audit hold", reason)
    chosen = choose(config, events, filters, who, yes=yes)
    if release:
        done = acts.release(config, chosen, matter, current_actor(by), who)
        print_message(f"{findings(done.changed)} released")
        if done.passed_over:
            print_message(f"{findings(done.passed_over)} passed over: under no such hold")
        return
    assert matter is not None
    done = acts.hold(config, chosen, matter, current_actor(by), who)
    print_message(f"{findings(done.changed)} under hold for {matter}")
    if done.passed_over:
        print_message(f"{findings(done.passed_over)} passed over: under hold for it already")
