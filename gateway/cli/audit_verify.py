"""``monition audit verify`` and ``checkpoint``: is the ledger intact, and how to prove it later."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.options import config_option, example, format_option, load_config
from gateway.cli.output import emit, say
from gateway.ledger.reading import Reading
from gateway.ledger.store import StoreError
from gateway.ledger.verification import checkpoint_as_json, read_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ledger.verification import Verdict

_PATIENCE_SECONDS = 2.0


@click.command(epilog=example("monition audit verify --checkpoint /mnt/safe/checkpoint.json"))
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


@click.command(epilog=example("monition audit checkpoint > /mnt/safe/checkpoint.json"))
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
