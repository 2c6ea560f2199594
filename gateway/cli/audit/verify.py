"""``monition audit verify``: is the ledger intact?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.progress import progress
from gateway.cli.shared.tables import emit, print_message
from gateway.compliance.audit import verify_ledger
from gateway.compliance.audit.verify_ledger import NO_HISTORY, DamagedError, read_history

if TYPE_CHECKING:
    from gateway.compliance.audit.verify_ledger import LedgerCheck


@click.command(epilog=example("monition audit verify --checkpoint /mnt/safe/checkpoint.json"))
@click.option(
    "--checkpoint",
    "checkpoint_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="What `monition audit checkpoint` printed some time ago, kept elsewhere; or a history.",
)
@click.option(
    "--public-key",
    "public_key_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The key (PEM) that must have signed the checkpoint.",
)
@format_option(("table", "json"))
@config_option
def verify(
    config_file: Path | None,
    checkpoint_file: Path | None,
    public_key_file: Path | None,
    output_format: str,
) -> None:
    """Find out whether the ledger is intact; status 1 and the first bad row where it is not.

    The chain alone shows a change inside it. A tail that was cut off, or a ledger forged as a
    whole, shows against a checkpoint that was kept where nobody could change it.
    """
    if public_key_file is not None and checkpoint_file is None:
        raise click.UsageError("--public-key is for a checkpoint: name one with --checkpoint")
    history = NO_HISTORY
    if checkpoint_file is not None:
        history = read_history(checkpoint_file, public_key_file)
    config = load_config(config_file)
    try:
        found = verify_ledger.verify(config, history, progress)
    except DamagedError as error:
        raise click.ClickException(str(error)) from error
    if output_format == "json":
        emit([_as_object(found)], format="json")
    path = config.ledger.path
    for flaw in found.flaws:
        print_message(f"{path}: {flaw}")
    if not found.is_intact:
        sys.exit(1)
    if output_format != "json":
        click.echo(_verdict_as_text(found, path))
        click.echo(_checkpoints_as_text(found, is_known=public_key_file is not None))


def _checkpoints_as_text(found: LedgerCheck, *, is_known: bool) -> str:
    if not found.checkpoints:
        return "Without --checkpoint, a tail that was cut off cannot be seen."
    text = (
        f"The checkpoint of row {found.last_row} is met."
        if found.checkpoints == 1
        else f"All {found.checkpoints:,} checkpoints are met, the last of row {found.last_row}."
    )
    if not found.signers:
        return f"{text} It is not signed: it proves what the place it was kept in is worth."
    text += f"\nSigned by {', '.join(found.signers)}."
    if not is_known:
        text += "\nCompare that with the key you keep, or name it with --public-key."
    return text


def _verdict_as_text(found: LedgerCheck, path: Path) -> str:
    text = f"{path} is intact: {found.events:,} events, each sealed to the one before it."
    if found.erased:
        parts = ", ".join(f"{part} {count:,}" for part, count in sorted(found.erased.items()))
        text += f"\nErased, by erasures that the ledger tells of: {parts}."
    return f"{text}\nHead of the chain: {found.head}"


def _as_object(found: LedgerCheck) -> dict[str, Any]:
    return {
        "intact": found.is_intact,
        "events": found.events,
        "head": found.head,
        "erased": dict(sorted(found.erased.items())),
        "flaws": [{"seq": flaw.seq, "id": flaw.id, "what": flaw.what} for flaw in found.flaws],
        "signed_by": list(found.signers),
    }
