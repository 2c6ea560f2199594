"""``monition policy``: the rules, tried on their examples."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from gateway.addresses.mailbox import from_text
from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_snapshot,
)
from gateway.cli.shared.tables import emit, say
from gateway.policy import rules as policy
from gateway.policy.policy_trial import failures
from gateway.screening.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.model import Finding
    from gateway.policy.policy_trial import Failure
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot

COLUMNS = ("file", "line", "address", "key", "expected", "got")


@click.group()
def command() -> None:
    """Test the policy against its examples."""


@command.command(epilog=example("monition policy test", "monition policy test --on 2027-01-01"))
@config_option
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day for examples that name none, as in 2026-11-22.  [default: today, UTC]",
)
@format_option()
def test(config_file: Path | None, on: datetime | None, output_format: str) -> None:
    """Hold every [[example]] of the policies directory against today's lists and rules.

    Prints each that fails, with what it expects and what the verdict is. Exit status 0 when all
    are as expected, 1 when one is not, 2 when the policies cannot be read.
    """
    config = load_config(config_file)
    directory = config.policies.directory
    snapshot = load_snapshot(config)
    rules = policy.load(directory)
    today = on.date() if on else datetime.now(UTC).date()

    def screen(text: str, day: date) -> Finding:
        return classify(from_text(text), snapshot, day)

    failed = failures(rules, screen, today)
    if output_format == "table":
        for failure in failed:
            click.echo(str(failure))
    else:
        emit(_rows(failed), columns=COLUMNS, format=output_format)
    for note in notes(rules, snapshot, today):
        say(note)
    count = len(rules.examples)
    if failed:
        say(f"{len(failed)} of {count} examples failed.")
        raise SystemExit(1)
    say(f"All {count} examples are as expected." if count else f"No examples in {directory}.")


def notes(rules: Rules, snapshot: Snapshot, on: date) -> Iterator[str]:
    """Say what is no fault of one file but does not fit together: ids, tiers, days gone by."""
    for exemption in rules.expired(on):
        until = exemption.conditions.until
        yield (
            f"note: the exception {exemption.name!r} of {exemption.owner} ended on {until} "
            "and does nothing; renew it or take it out"
        )
    named = [(f"rule {rule.name!r}", rule.conditions) for rule in rules.rules]
    named += [(f"exception {each.name!r}", each.conditions) for each in rules.exceptions]
    for who, conditions in named:
        for id_ in sorted(conditions.entity - snapshot.entities.keys()):
            yield f"note: the {who} names the entity {id_!r}, which no list has"
    lists = {each.list for entity in snapshot.entities.values() for each in entity.listings}
    for list_ in sorted(lists):
        if not rules.tiers.names(list_):
            tier = rules.tiers.otherwise
            yield f"note: the list {list_} has no [[tier]] in policy.toml and counts as {tier}"


def _rows(failed: tuple[Failure, ...]) -> Iterator[dict[str, Any]]:
    for failure in failed:
        for point in failure.differences:
            yield {
                "file": failure.example.file,
                "line": failure.example.line,
                "address": failure.example.address,
                **point._asdict(),
            }
