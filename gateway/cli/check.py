"""``monition check``: the verdict on addresses, and why it is what it is."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import (
    config_option,
    example,
    format_option,
    load_config,
    load_lists,
)
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import paint, visible
from gateway.cli.shared.verdict_lines import VerdictLines
from gateway.compliance.previews import try_address as trial
from gateway.compliance.previews import verdict_words
from gateway.compliance.previews.alike_addresses import AlikeAddresses
from gateway.compliance.previews.try_address import UnreadableAddressError, Verdict
from gateway.model import Standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gateway.policy.rules import Rules

_COLOURS = {Standing.LISTED: "red", Standing.REVIEW: "yellow", Standing.CLEAR: "green"}

_HANG = 15
"""Where the second of the two columns of an explanation begins."""


@click.command(
    epilog=example(
        "monition check a@stud.mipt.ru",
        "monition check --on 2022-08-15 --from jane@example.edu a@mipt.ru",
        "monition check --format json - < addresses.txt",
    )
)
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS…")
@config_option
@click.option("--from", "sender", metavar="SENDER", help="The sender whom rules may ask for.")
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day to decide for, as in 2026-11-22.  [default: today, UTC]",
)
@format_option()
def command(
    addresses: tuple[str, ...],
    config_file: Path | None,
    sender: str | None,
    on: datetime | None,
    output_format: str,
) -> None:
    """Explain the verdict on each ADDRESS; - reads them from standard input, one a line.

    Nothing is sent, stored or looked up elsewhere.
    """
    config = load_config(config_file)
    lists = load_lists(config)
    day = on.date() if on else datetime.now(UTC).date()
    try:
        basis = trial.trial_basis(config, lists.snapshot, day, sender)
    except UnreadableAddressError as error:
        raise click.BadParameter(f"cannot be read: {error}.", param_hint="--from") from None

    def judged(text: str) -> Verdict:
        return trial.try_address(text, basis)

    if output_format == "table":
        for index, verdict in enumerate(map(judged, _texts(addresses))):
            lines = explanation(verdict, basis.rules, writes=basis.writes, is_today=on is None)
            _print(["", *lines] if index else lines)
        return
    is_csv = output_format == "csv"
    bulk = VerdictLines(
        judged,
        trial.as_row if is_csv else trial.as_object,
        AlikeAddresses(basis),
        columns=trial.COLUMNS if is_csv else None,
        encoding=sys.stdout.encoding or "utf-8",
    )
    sys.stdout.writelines(bulk.lines(_texts(addresses)))


def explanation(
    verdict: Verdict, rules: Rules, *, writes: bool, is_today: bool = True
) -> Iterator[str]:
    """Lay a verdict out in lines. ``writes`` is whether the configuration lets notices go out.

    ``is_today``: nobody asked for another day.
    """
    standing = verdict.finding.standing
    painted = paint(standing, sys.stdout, fg=_COLOURS[standing], bold=True)
    yield f"{visible(verdict.address)}: {painted}"
    yield f"  {visible(verdict_words.reason(verdict, is_today=is_today))}"
    for heading, text in verdict_words.details(verdict, rules, writes=writes):
        # A rule's own text may have several lines; who wrote the policy is no stranger.
        said = text if heading == "by" else visible(text)
        yield f"{'':2}{heading:{_HANG - 2}}{said}"


def _texts(addresses: Iterable[str]) -> Iterator[str]:
    for address in addresses:
        if address == "-":
            for line in sys.stdin.buffer:
                if text := line.decode("utf-8", "surrogateescape").strip():
                    yield text
        else:
            yield address


def _print(lines: Iterable[str]) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        # A character that the terminal's encoding lacks must not end the run half-way.
        click.echo(fitted(line.encode(encoding, "backslashreplace").decode(encoding), _HANG))
