"""``monition audit checkpoint``: the head of the chain, signed, to be kept elsewhere."""

from __future__ import annotations

import asyncio
import socket
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.tables import say
from gateway.errors import LedgerError, MonitionError
from gateway.ledger.evidence.checkpoint_store import append, other_signer, to_syslog
from gateway.ledger.query.logged_reading import Reading
from gateway.ledger.verify.checkpoint import Kept, as_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config import Config
    from gateway.ledger.evidence.signing import SigningKey

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
    key = signing_key(config, key_file)
    with Reading(config.ledger.path, None) as reading:
        kept = taken(reading, key)
        ways: list[tuple[str, Callable[[], object]]] = []
        before = None
        if history is not None:
            before = other_signer(history, kept)
            ways.append((str(history), lambda: append(history, kept, reading.reader)))
        if mail:
            ways.append((config.compliance.email, lambda: _mail(kept, config)))
        if syslog:
            ways.append(("the system's log", lambda: to_syslog(kept)))
        failures = [where for where, keep in ways if not _is_kept(keep)]
    if not ways:
        click.echo(as_line(kept))
        return
    told = [where for where, _ in ways if where not in failures]
    if history is not None and _lies_beside(history, config.ledger.path):
        say(f"{history} lies beside the ledger: who can rewrite one can rewrite both.")
    if before is not None:
        say(_new_signer(history, before, kept))
    if told:
        say(f"The checkpoint of row {kept.checkpoint.seq} is kept: {', '.join(told)}.")
    if failures:
        sys.exit(1)


def signing_key(config: Config, key_file: Path | None = None) -> SigningKey | None:
    """Read the key that is named, else the one that is configured; ``None`` for neither."""
    path = key_file or config.ledger.checkpoint_key_file
    if path is None:
        return None
    from gateway.ledger.evidence.signing import read_key  # noqa: PLC0415 - only who signs pays for it

    return read_key(path)


def taken(reading: Reading, key: SigningKey | None) -> Kept:
    """Take the checkpoint of what is being read, signed where there is a key."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept = Kept(reading.checkpoint(), reading.reader.identity(), now)
    return kept if key is None else key.signed(kept)


def _new_signer(history: Path | None, before: bytes, kept: Kept) -> str:
    from gateway.ledger.evidence.signing import fingerprint  # noqa: PLC0415 - as above

    mine = "nobody" if kept.signature is None else fingerprint(kept.signature.key)
    return (
        f"{history} was signed by {fingerprint(before)} so far, and this checkpoint by {mine}: "
        "where the key was not changed on purpose, find out who did."
    )


def _lies_beside(history: Path, ledger: Path) -> bool:
    return history.resolve().parent == ledger.resolve().parent


def _is_kept(keep: Callable[[], object]) -> bool:
    # One way that fails is no reason to leave out the others.
    try:
        keep()
    except MonitionError as error:
        say(f"monition: {error}")
        return False
    return True


def _make_key(path: Path) -> None:
    from gateway.ledger.evidence import signing  # noqa: PLC0415 - as above

    public = signing.make_key(path).public
    click.echo(signing.public_pem(public), nl=False)
    click.echo(f"fingerprint {signing.fingerprint(public)}")
    say(
        f"The secret key is in {path}. Keep the lines above elsewhere: who verifies needs them "
        "(`monition audit verify --checkpoint FILE --public-key FILE`)."
    )


def _mail(kept: Kept, config: Config) -> None:
    # The courier's own way to the MTA; it loads an SMTP library, which no other way needs.
    from gateway.mailer.submission import NotSentError, submission, submit  # noqa: PLC0415
    from gateway.notices.render import Letter  # noqa: PLC0415

    message = letter(kept, config)
    to = config.compliance.email
    content = message.as_bytes()
    try:
        asyncio.run(
            submit(
                Letter(to, str(message["Message-ID"]), content, ""),
                submission(config, socket.getfqdn()),
            )
        )
    except NotSentError as error:
        raise LedgerError(f"{config.notices.submit} does not take the mail: {error}") from error


def letter(kept: Kept, config: Config) -> EmailMessage:
    """Word the mail that carries a checkpoint: what it is for, then its line alone."""
    head = kept.checkpoint
    message = EmailMessage(policy=SMTP)
    message["From"] = config.notices.from_
    message["To"] = config.compliance.email
    message["Subject"] = f"Monition: checkpoint of row {head.seq}"
    message["Date"] = format_datetime(datetime.fromisoformat(str(kept.taken_at)))
    domain = config.notices.from_.rpartition("@")[2]
    name = f"checkpoint.{head.seq}.{head.hash[:16]}"
    message["Message-ID"] = f"<{name}@{domain}>"
    # RFC 3834, section 5: nobody's machine is to answer it.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(
        "This is the head of Monition's ledger. Please keep this mail: with it, anyone can\n"
        "tell later whether the ledger was cut or rewritten. Save the attached file, then\n"
        "run\n\n"
        "    monition audit verify --checkpoint FILE\n\n"
        f"row     {head.seq}\nhash    {head.hash}\ntaken   {kept.taken_at}\n"
    )
    message.add_attachment(
        (as_line(kept) + "\n").encode(),
        maintype="application",
        subtype="json",
        filename=f"checkpoint-{head.seq}.json",
    )
    return message
