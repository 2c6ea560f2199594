"""The head of the chain taken, signed, and kept where the gateway cannot write (A2).

In a history, a file to which lines are only added; by mail to the office; in the machine's own log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

from gateway.errors import MonitionError
from gateway.ledger.evidence.checkpoint_store import append, other_signer, to_syslog
from gateway.ledger.verify.checkpoint import KeptCheckpoint, as_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.config import Config
    from gateway.ledger.evidence.signing import SigningKey
    from gateway.ledger.query.logged_reading import LoggedReading


@dataclass(frozen=True, slots=True)
class NewKey:
    """The public half of a key that was made: in PEM, and the fingerprint that people compare."""

    pem: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class OtherSigner:
    """A history's last line was signed by ``before``, the new one by ``now``: fingerprints.

    ``now`` is ``None`` where nobody signed it. Unless the key was changed on purpose, that is a
    sign of somebody else at work.
    """

    before: str
    now: str | None


@dataclass(frozen=True, slots=True)
class TakenCheckpoint:
    """A checkpoint that was taken: ``line`` is it as one line of JSON, of ``row`` in the ledger.

    ``kept`` are the places that took it, as people name them, ``failures`` says of each other one
    what went wrong. ``lies_beside``: the history is in the ledger's own folder, and who can rewrite
    one can rewrite both.
    """

    row: int
    line: str
    kept: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    lies_beside: bool = False
    other_signer: OtherSigner | None = None


def checkpoint(  # noqa: PLR0913 - of what, signed by what, and each way to keep it
    config: Config,
    reading: LoggedReading,
    *,
    key_file: Path | None = None,
    history: Path | None = None,
    mail: Callable[[EmailMessage], None] | None = None,
    is_logged: bool = False,
) -> TakenCheckpoint:
    """Take the head of the chain and keep it in each of the ways that are named.

    ``mail`` hands in a mail for ``compliance.email``, and raises ``MonitionError`` where it is not
    taken; with ``is_logged`` it goes into the machine's log. One way that fails is no reason to
    leave out the others. Raises ``LedgerError`` for a key that cannot be used.
    """
    kept = take_signed_checkpoint(reading, signing_key(config, key_file))
    ways: list[tuple[str, Callable[[], object]]] = []
    before = None
    if history is not None:
        before = other_signer(history, kept)
        ways.append((str(history), lambda: append(history, kept, reading)))
    if mail is not None:
        ways.append((config.compliance.email, lambda: mail(checkpoint_mail(kept, config))))
    if is_logged:
        ways.append(("the system's log", lambda: to_syslog(kept)))
    done: list[str] = []
    failures: list[str] = []
    for where, keep in ways:
        try:
            keep()
        except MonitionError as error:
            failures.append(str(error))
        else:
            done.append(where)
    return TakenCheckpoint(
        kept.checkpoint.seq,
        as_line(kept),
        tuple(done),
        tuple(failures),
        history is not None and _lies_beside(history, config.ledger.path),
        None if before is None else _other_signer(before, kept),
    )


def signing_key(config: Config, key_file: Path | None = None) -> SigningKey | None:
    """Read the key that is named, else the one that is configured; ``None`` for neither.

    Raises ``LedgerError`` for one that cannot be used.
    """
    path = key_file or config.ledger.checkpoint_key_file
    if path is None:
        return None
    from gateway.ledger.evidence.signing import read_key  # noqa: PLC0415 - only who signs pays for it

    return read_key(path)


def take_signed_checkpoint(reading: LoggedReading, key: SigningKey | None) -> KeptCheckpoint:
    """Take the checkpoint of what is being read, signed where there is a key."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept = KeptCheckpoint(reading.checkpoint(), reading.identity(), now)
    return kept if key is None else key.signed(kept)


def make_key(path: Path) -> NewKey:
    """Make a key (Ed25519) in a new file. Raises ``LedgerError``; no file is overwritten."""
    from gateway.ledger.evidence import signing  # noqa: PLC0415 - as above

    public = signing.make_key(path).public
    return NewKey(signing.public_pem(public), signing.fingerprint(public))


def checkpoint_mail(kept: KeptCheckpoint, config: Config) -> EmailMessage:
    """Word the mail that brings the office a checkpoint: what it is for, and its line attached."""
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


def _other_signer(before: bytes, kept: KeptCheckpoint) -> OtherSigner:
    from gateway.ledger.evidence.signing import fingerprint  # noqa: PLC0415 - as above

    now = None if kept.signature is None else fingerprint(kept.signature.key)
    return OtherSigner(fingerprint(before), now)


def _lies_beside(history: Path, ledger: Path) -> bool:
    return history.resolve().parent == ledger.resolve().parent
