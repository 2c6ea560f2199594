"""``monition audit checkpoint``: the head of the chain, signed, to be kept elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.tables import print_message
from gateway.compliance.actor import open_as
from gateway.compliance.audit import keep_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from gateway.config import Config

_PATH = click.Path(path_type=Path)


@click.command(
    epilog=example(
        "monition audit checkpoint > /mnt/safe/checkpoint.json",
        "monition audit checkpoint --to /mnt/safe/checkpoints.jsonl --mail --syslog",
        "monition audit checkpoint --make-key /etc/monition/checkpoint-key.pem",
    )
)
@click.option(
    "--to",
    "history",
    metavar="FILE",
    type=_PATH,
    help="Add it as a line to this history; refused where the ledger disagrees with the history.",
)
@click.option("--mail", is_flag=True, help="Mail it to compliance.email.")
@click.option("--syslog", is_flag=True, help="Hand it to this machine's log.")
@click.option(
    "--key",
    "key_file",
    metavar="FILE",
    type=_PATH,
    help="Sign it with this key.  [default: ledger.checkpoint_key_file]",
)
@click.option(
    "--make-key",
    "new_key",
    metavar="FILE",
    type=_PATH,
    help="Make a key (Ed25519), print its public half and end.",
)
@config_option
def checkpoint(
    *,
    config_file: Path | None,
    history: Path | None,
    mail: bool,
    syslog: bool,
    key_file: Path | None,
    new_key: Path | None,
) -> None:
    """Print the head of the chain, to be kept where the gateway cannot write.

    `monition audit verify --checkpoint` proves with it that nothing before it was cut or forged.
    """
    if new_key is not None:
        _make_key(new_key)
        return
    config = load_config(config_file)
    with open_as(config, None) as reading:
        done = keep_checkpoint.checkpoint(
            config,
            reading,
            key_file=key_file,
            history=history,
            mail=_handed_in(config) if mail else None,
            is_logged=syslog,
        )
    if not (history is not None or mail or syslog):
        click.echo(done.line)
        return
    for failure in done.failures:
        print_message(f"monition: {failure}")
    if done.lies_beside:
        print_message(f"{history} lies beside the ledger: who can rewrite one can rewrite both.")
    if done.other_signer is not None:
        before, mine = done.other_signer.before, done.other_signer.now or "nobody"
        print_message(
            f"{history} was signed by {before} so far, and this checkpoint by {mine}: where the "
            "key was not changed on purpose, find out who did."
        )
    if done.kept:
        print_message(f"The checkpoint of row {done.row} is kept: {', '.join(done.kept)}.")
    if done.failures:
        sys.exit(1)


def _make_key(path: Path) -> None:
    key = keep_checkpoint.make_key(path)
    click.echo(key.pem, nl=False)
    click.echo(f"fingerprint {key.fingerprint}")
    print_message(
        f"The secret key is in {path}. Keep the lines above elsewhere: who verifies needs them "
        "(`monition audit verify --checkpoint FILE --public-key FILE`)."
    )


def _handed_in(config: Config) -> Callable[[EmailMessage], None]:
    def hand_in_mail(message: EmailMessage) -> None:
        # It loads an SMTP library, which no other way needs.
        from gateway.serve.hand_in_mail import hand_in  # noqa: PLC0415

        hand_in(message, config.compliance.email, config)

    return hand_in_mail
