"""``monition audit``: read the ledger, and find out whether it is intact."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.cli.audit_story import as_object, as_text
from gateway.cli.options import config_option, example, format_option, load_config
from gateway.cli.output import emit, say
from gateway.cli.person import read_as
from gateway.ledger.filters import ACCEPTED, Filters, when
from gateway.ledger.reading import COLUMNS, Reading
from gateway.ledger.store import StoreError
from gateway.ledger.verification import checkpoint_as_json, read_checkpoint
from gateway.model import Action, Disposition, Kind, Outcome, Standing, Tier

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    from gateway.ledger.reading import Access
    from gateway.ledger.verification import Verdict

F = TypeVar("F", bound="Callable[..., Any]")

# What fits a terminal; json and csv have all fields.
_FOR_PEOPLE = ("at", "id", "sender", "recipient", "entity_name", "tier", "outcome", "notice")
_PAGE = 100
_PATIENCE_SECONDS = 2.0


class Moment(click.ParamType[datetime]):
    """A time in a person's words; ``is_end`` for one that ends a period."""

    name = "when"

    def __init__(self, *, is_end: bool = False) -> None:
        self._is_end = is_end

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the time, or say what is accepted."""
        if isinstance(value, datetime):
            return value
        try:
            return when(value, datetime.now(UTC), is_end=self._is_end)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _choice(option: str, values: type[StrEnum], text: str) -> Callable[[F], F]:
    return click.option(option, type=click.Choice([value.value for value in values]), help=text)


@click.group()
def command() -> None:
    """Read the ledger and check that it is intact."""


@command.command(
    "list",
    epilog=example(
        "monition audit list --since 7d --tier blocking",
        "monition audit list --sender prof@example.edu --format csv --limit 0 > prof.csv",
    ),
)
@click.option("--since", type=Moment(), metavar="WHEN", help=f"From then on: {ACCEPTED}.")
@click.option("--until", type=Moment(is_end=True), metavar="WHEN", help="Up to then; a day is in.")
@click.option("--sender", metavar="ADDRESS", help="The sender; * stands for any letters.")
@click.option("--recipient", metavar="ADDRESS", help="The recipient; * stands for any letters.")
@click.option("--domain", metavar="DOMAIN", help="Recipients at it or below it, or matched by it.")
@click.option("--entity", metavar="ID|NAME", help="The institution, by its id or whole name.")
@click.option("--list", "list_", metavar="LIST", help="The list, as in US-OFAC-SDN.")
@click.option("--programme", metavar="PROGRAMME", help="The programme, as in RUSSIA-EO14024.")
@_choice("--tier", Tier, "What the listing asks for.")
@_choice("--standing", Standing, "What the lists said of the recipient.")
@_choice("--kind", Kind, "Whose mailbox it was.")
@_choice("--action", Action, "What the policy did.")
@_choice("--outcome", Outcome, "What became of the message.")
@_choice("--disposition", Disposition, "What the office decided.")
@click.option("--department", metavar="NAME", help="The sender's department at that time.")
@click.option("--text", metavar="WORDS", help="Words in names of people and institutions.")
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=_PAGE,
    show_default=True,
    help="At most so many; 0 is all.",
)
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out the newest so many.")
@format_option()
@read_as("audit list")
@config_option
def list_command(
    *,
    config_file: Path | None,
    output_format: str,
    who: Access | None,
    limit: int,
    offset: int,
    list_: str | None,
    **asked: Any,
) -> None:
    """List what was noticed, newest first; all filters can be combined."""
    filters = Filters(list=list_, **asked)
    with Reading(load_config(config_file).ledger.path, who) as reading:
        rows = reading.findings(filters, limit=limit or None, offset=offset)
        if output_format == "json":
            emit(rows, format="json")
        else:
            columns = COLUMNS if output_format == "csv" else _FOR_PEOPLE
            held = list(rows)
            emit(held, columns=columns, format=output_format)
            if not held:
                say("nothing in the ledger fits")
        if limit and reading.count(filters) > offset + limit:
            say(f"there are more: go on with --offset {offset + limit}, or take all with --limit 0")


@command.command(epilog=example("monition audit show 01KB8Q"))
@click.argument("event")
@format_option(("table", "json"))
@read_as("audit show")
@config_option
def show(
    event: str,
    config_file: Path | None,
    output_format: str,
    who: Access | None,
) -> None:
    """Show all that is kept about one EVENT, by its id or the beginning of it."""
    with Reading(load_config(config_file).ledger.path, who) as reading:
        story, related = reading.find(event)
        if output_format == "json":
            emit([as_object(story, related)], format="json")
        else:
            click.echo(as_text(story, related, reading.checkpoint()))


@command.command(epilog=example("monition audit verify --checkpoint /mnt/safe/checkpoint.json"))
@click.option(
    "--checkpoint",
    "checkpoint_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What `monition audit checkpoint` printed some time ago, kept elsewhere.",
)
@format_option(("table", "json"))
@config_option
def verify(config_file: Path | None, checkpoint_file: Path | None, output_format: str) -> None:
    """Find out whether the ledger is intact; status 1 and the first bad row where it is not.

    The chain alone shows a change inside it. A tail that was cut off, or a ledger forged as a
    whole, shows against a checkpoint that was kept where nobody could change it.
    """
    checkpoint = None if checkpoint_file is None else read_checkpoint(checkpoint_file)
    path = load_config(config_file).ledger.path
    try:
        with Reading(path, None) as reading:
            verdict = reading.verify(checkpoint, _progress(reading.checkpoint().seq))
    except StoreError as error:
        if not error.is_damage:
            raise
        raise click.ClickException(str(error)) from error
    if output_format == "json":
        emit([_verdict_as_object(verdict)], format="json")
    for flaw in verdict.flaws:
        say(f"{path}: {flaw}")
    if not verdict.is_intact:
        sys.exit(1)
    if output_format != "json":
        click.echo(_verdict_as_text(verdict, path))
        if checkpoint is not None:
            click.echo(f"The checkpoint of row {checkpoint.seq} is met.")
        else:
            click.echo("Without --checkpoint, a tail that was cut off cannot be seen.")


@command.command(epilog=example("monition audit checkpoint > /mnt/safe/checkpoint.json"))
@config_option
def checkpoint(config_file: Path | None) -> None:
    """Print the head of the chain, to be kept where the gateway cannot write.

    `monition audit verify --checkpoint` proves with it that nothing before it was cut or forged.
    """
    with Reading(load_config(config_file).ledger.path, None) as reading:
        kept = checkpoint_as_json(reading.checkpoint())
    click.echo(json.dumps({**kept, "taken_at": datetime.now(UTC).isoformat(timespec="seconds")}))


def _progress(length: int) -> Callable[[int], None]:
    """Say how far it is, on a terminal, once it takes longer than people like to wait."""
    begun = time.monotonic()

    def tell(rows: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - begun > _PATIENCE_SECONDS:
            click.echo(f"{rows:,} of {length:,} rows\r", nl=False, err=True)

    return tell


def _verdict_as_text(verdict: Verdict, path: Path) -> str:
    text = f"{path} is intact: {verdict.events:,} events, each sealed to the one before it."
    if verdict.erased:
        parts = ", ".join(f"{part} {count:,}" for part, count in sorted(verdict.erased.items()))
        text += f"\nErased, as the rules for personal data ask: {parts}."
    return f"{text}\nHead of the chain: {verdict.head}"


def _verdict_as_object(verdict: Verdict) -> dict[str, Any]:
    return {
        "intact": verdict.is_intact,
        "events": verdict.events,
        "head": verdict.head,
        "erased": {part.value: count for part, count in sorted(verdict.erased.items())},
        "flaws": [{"seq": flaw.seq, "id": flaw.id, "what": flaw.what} for flaw in verdict.flaws],
    }
