"""``monition policy test``: the rules, tried on their examples."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_lists,
)
from gateway.cli.shared.tables import emit, print_message
from gateway.compliance.previews.try_policy import try_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.policy.policy_trial import FailedExample

COLUMNS = ("file", "line", "address", "key", "expected", "got")


@click.command(
    "test", epilog=example("monition policy test", "monition policy test --on 2027-01-01")
)
@config_option
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day for examples that name none, as in 2026-11-22.  [default: today, UTC]",
)
@format_option()
def command(config_file: Path | None, on: datetime | None, output_format: str) -> None:
    """Hold every [[example]] of the policies directory against today's lists and rules.

    Prints each that fails, with what it expects and what the verdict is. Exit status 0 when all
    are as expected, 1 when one is not, 2 when the policies cannot be read.
    """
    config = load_config(config_file)
    lists = load_lists(config)
    today = on.date() if on else datetime.now(UTC).date()
    trial = try_policy(config, lists.snapshot, today)
    if output_format == "table":
        for failure in trial.failed:
            click.echo(str(failure))
    else:
        emit(_rows(trial.failed), columns=COLUMNS, format=output_format)
    for note in trial.notes:
        print_message(note)
    if trial.failed:
        print_message(f"{len(trial.failed)} of {trial.examples} examples failed.")
        raise SystemExit(1)
    if trial.examples:
        print_message(f"All {trial.examples} examples are as expected.")
    else:
        print_message(f"No examples in {config.policies.directory}.")


def _rows(failed: Iterable[FailedExample]) -> Iterator[dict[str, Any]]:
    for failure in failed:
        for point in failure.differences:
            yield {
                "file": failure.example.file,
                "line": failure.example.line,
                "address": failure.example.address,
                **point._asdict(),
            }
