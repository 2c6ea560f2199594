"""``monition audit verify``: is the ledger intact?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.progress import progress
from gateway.cli.shared.tables import emit, say
from gateway.ledger.evidence.checkpoint_store import disagreements
from gateway.ledger.query.logged_reading import Reading
from gateway.ledger.record.chain import Flaw
from gateway.ledger.store.store_contract import StoreError
from gateway.ledger.verify.checkpoint import read_checkpoints

if TYPE_CHECKING:
    from gateway.ledger.verify.checkpoint import Kept
    from gateway.ledger.verify.verification import Verdict


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
    history = () if checkpoint_file is None else read_checkpoints(checkpoint_file)
    signers, wrong = _signers(history, public_key_file)
    path = load_config(config_file).ledger.path
    try:
        with Reading(path, None) as reading:
            wrong += disagreements(history, reading.reader)
            head = reading.checkpoint()
            verdict = reading.verify(None, progress(head.seq))
    except StoreError as error:
        if not error.is_damage:
            raise
        raise click.ClickException(str(error)) from error
    flaws = (*verdict.flaws, *(Flaw(None, None, what) for what in wrong))
    if output_format == "json":
        emit([{**_verdict_as_object(verdict, flaws), "signed_by": signers}], format="json")
    for flaw in flaws:
        say(f"{path}: {flaw}")
    if flaws:
        sys.exit(1)
    if output_format != "json":
        click.echo(_verdict_as_text(verdict, path))
        click.echo(_checkpoints_as_text(history, signers, is_known=public_key_file is not None))


def _signers(
    history: tuple[Kept, ...], public_key_file: Path | None
) -> tuple[list[str], list[str]]:
    """Whose signatures the checkpoints bear, and what is wrong with them."""
    if public_key_file is None and not any(kept.signature for kept in history):
        return [], []
    from gateway.ledger.evidence import signing  # noqa: PLC0415 - only for signatures

    public = None if public_key_file is None else signing.read_public_key(public_key_file)
    wrong = [what for kept in history if (what := signing.wrong_with(kept, public))]
    keys = [kept.signature.key for kept in history if kept.signature]
    return list(dict.fromkeys(map(signing.fingerprint, keys))), wrong


def _checkpoints_as_text(history: tuple[Kept, ...], signers: list[str], *, is_known: bool) -> str:
    if not history:
        return "Without --checkpoint, a tail that was cut off cannot be seen."
    last = history[-1].checkpoint.seq
    text = (
        f"The checkpoint of row {last} is met."
        if len(history) == 1
        else f"All {len(history):,} checkpoints are met, the last of row {last}."
    )
    if not signers:
        return f"{text} It is not signed: it proves what the place it was kept in is worth."
    text += f"\nSigned by {', '.join(signers)}."
    if not is_known:
        text += "\nCompare that with the key you keep, or name it with --public-key."
    return text


def _verdict_as_text(verdict: Verdict, path: Path) -> str:
    text = f"{path} is intact: {verdict.events:,} events, each sealed to the one before it."
    if verdict.erased:
        parts = ", ".join(f"{part} {count:,}" for part, count in sorted(verdict.erased.items()))
        text += f"\nErased, by erasures that the ledger tells of: {parts}."
    return f"{text}\nHead of the chain: {verdict.head}"


def _verdict_as_object(verdict: Verdict, flaws: tuple[Flaw, ...]) -> dict[str, Any]:
    return {
        "intact": not flaws,
        "events": verdict.events,
        "head": verdict.head,
        "erased": {part.value: count for part, count in sorted(verdict.erased.items())},
        "flaws": [{"seq": flaw.seq, "id": flaw.id, "what": flaw.what} for flaw in flaws],
    }
